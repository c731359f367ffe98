"""Signing in: a link that a preview cannot use up, a session that ends, and nothing for whoever has no office."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from storage import grants, residents, sessions, settings
from storage.audit import Actor
from storage.refusals import NotAllowed
from storage.schema.records import audit_log
from storage.schema.sessions import sessions as sessions_table
from tests.conftest import MORNING
from tests.console.conftest import ROLES, House, Visitor, words


async def test_opening_the_link_uses_nothing_up_and_pressing_the_button_does(house, visitor):
    link = await house.link()
    for _ in range(3):
        looked = await visitor.opens(link)
        assert looked.status_code == 200
        assert "set-cookie" not in looked.headers
    entered = await visitor.http.post(link)
    assert entered.status_code == 303
    assert entered.headers["location"] == "/console"
    again = await Visitor(house).http.post(link)
    assert again.status_code == 410
    assert "用过了" in words(again.text)


async def test_a_link_lasts_fifteen_minutes(house, visitor):
    link = await house.link()
    house.clock.passes(minutes=15)
    assert (await visitor.opens(link)).status_code == 410
    assert (await visitor.http.post(link)).status_code == 410


async def test_the_cookie_can_be_read_by_no_script_and_is_sent_by_no_other_site(house, visitor):
    entered = await visitor.http.post(await house.link())
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Secure" not in cookie


async def test_under_https_the_cookie_is_for_this_very_host_and_https_alone(house):
    behind = House(house.database, house.staff, "https://example.org")
    await behind.start()
    try:
        visitor = Visitor(behind)
        entered = await visitor.http.post(await behind.link())
        cookie = entered.headers["set-cookie"]
        assert cookie.startswith("__Host-hongyan-console=")
        assert "Secure" in cookie
        assert "max-age" in entered.headers["strict-transport-security"]
        await visitor.http.aclose()
    finally:
        await behind.stop()


async def test_the_secret_of_a_session_is_not_in_the_database(house, desk):
    secret = desk.http.cookies["hongyan-console"]

    def everything(tx):
        return [bytes(str(dict(row._mapping)), "utf-8") for row in tx.execute(select(sessions_table))]

    rows = await house.database.read(everything)
    assert len(rows) == 1
    assert secret.encode() not in rows[0]


async def test_signing_in_is_noted(house, desk):
    def acts(tx):
        return [row.action for row in tx.execute(select(audit_log.c.action).where(audit_log.c.channel == "console"))]

    assert await house.database.read(acts) == ["console.sign_in"]


async def test_a_session_ends_by_rest(house, desk):
    house.clock.passes(minutes=59)
    assert (await desk.opens("/console")).status_code == 200
    house.clock.passes(minutes=59)
    assert (await desk.opens("/console")).status_code == 200
    house.clock.passes(minutes=61)
    assert (await desk.opens("/console")).status_code == 401


async def test_a_session_ends_by_the_day_however_busy_it_is(house, desk):
    for _ in range(24):
        house.clock.passes(minutes=30)
        last = await desk.opens("/console")
    assert last.status_code == 200
    house.clock.passes(minutes=1)
    assert (await desk.opens("/console")).status_code == 401


async def test_signing_out_ends_it_for_good(house, desk):
    secret = desk.http.cookies["hongyan-console"]
    out = await desk.posts("/console/sign-out")
    assert "退出了" in words(out.text)
    desk.http.cookies.set("hongyan-console", secret)
    assert (await desk.opens("/console")).status_code == 401


async def test_a_role_taken_back_ends_it_at_once(house, visitor):
    await visitor.signs_in("organiser")
    held = await house.database.read(grants.of_person, house.staff["organiser"], house.clock())
    await house.does(grants.revoke, held[0].id, Actor(), house.clock())
    assert (await visitor.opens("/console")).status_code == 401


async def test_a_role_taken_back_makes_its_links_useless(house, visitor):
    link = await house.link("organiser")
    held = await house.database.read(grants.of_person, house.staff["organiser"], house.clock())
    await house.does(grants.revoke, held[0].id, Actor(), house.clock())
    assert (await visitor.http.post(link)).status_code == 410


async def test_a_form_without_its_token_changes_nothing(desk):
    for fields in ({}, {"form_token": "x"}, {"form_token": desk.token + "x"}):
        assert (await desk.http.post("/console/sign-out", data=fields)).status_code == 403
    assert (await desk.opens("/console")).status_code == 200


async def test_a_form_of_another_session_is_refused(desk, somebody):
    other = await somebody("organiser")
    answer = await desk.http.post("/console/sign-out", data={"form_token": other.token})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
async def test_a_form_from_another_site_is_refused_even_with_its_token(house, desk, headers):
    answer = await desk.posts("/console/sign-out", headers=headers)
    assert answer.status_code == 403
    assert (await Visitor(house).http.post(await house.link(), headers=headers)).status_code == 403


async def test_trying_links_is_slowed_down(house, visitor):
    answers = [(await visitor.http.post(f"/console/in/{number}")).status_code for number in range(130)]
    assert set(answers) == {410, 429}
    house.clock.passes(minutes=5)
    assert (await visitor.http.post("/console/in/1")).status_code == 410


async def test_every_answer_is_strict_about_what_may_run(house, visitor):
    for path in ("/console", "/console/in/x", "/console/nothing", "/console/assets/console.css"):
        answer = await visitor.opens(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        if "assets" not in path:
            assert answer.headers["cache-control"] == "no-store"


async def test_what_is_posted_is_limited(desk):
    answer = await desk.http.post("/console/sign-out", data={"form_token": "x" * 11_000_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_gets_in_and_reads_what_it_is(house, visitor, role):
    await visitor.signs_in(role)
    assert "总览" in words(visitor.html)


async def test_who_has_no_office_gets_no_link(house):
    def anyone(tx):
        return next(one.id for one in residents.everyone(tx) if one.id not in house.staff.values())

    with pytest.raises(NotAllowed):
        await house.does(sessions.link_for, await house.database.read(anyone), house.clock())


async def test_the_chat_gives_staff_a_link(chat):
    from handlers.console import ADDRESS
    from tests.dialogues.town import registered, staff, town

    await chat.does(town)
    await chat.does(settings.put, ADDRESS, "https://example.org", MORNING)
    person = await registered(chat, "李干事", "13600136000")
    assert "登记" not in await chat("后台")
    assert not any(reply.link for reply in chat.replies)
    await chat.does(staff, person, "district_staff")
    answer = await chat("后台")
    assert "只能用一次" in answer
    token = chat.replies[-1].link.url.removeprefix("https://example.org/console/in/")
    secret, who = await chat.does(sessions.begin, token, MORNING + timedelta(minutes=14))
    assert who == person
    assert secret
