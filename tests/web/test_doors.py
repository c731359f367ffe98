"""Nobody gets in as another, nothing foreign gets into the page, and no person is ever slowed."""

import asyncio
import re

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.web.identity import Identity
from bot.web.limits import Limit, address_of
from storage import files
from tests.web.conftest import Visitor
from tests.web.program import KEYS, TickingClock, running


def cookie_of(visitor):
    return next(iter(visitor.http.cookies.jar))


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor):
    response = await visitor.opens()
    given = response.headers["set-cookie"].lower()
    assert "httponly" in given
    assert "samesite=lax" in given
    assert "secure" not in given


async def test_with_https_the_cookie_goes_nowhere_else(database):
    async with running(database, public_url="https://hy.example") as program:
        visitor = Visitor(program.url)
        response = await visitor.opens()
        given = response.headers["set-cookie"]
        assert given.startswith("__Host-hongyan=")
        assert "Secure" in given
        assert "Path=/;" in given
        assert "Domain" not in given
        assert response.headers["strict-transport-security"].startswith("max-age=")
        await visitor.http.aclose()


@pytest.mark.parametrize("forge", ["other user", "other mark", "no mark", "rubbish", "future date"])
async def test_a_changed_cookie_is_nobodys(visitor, another, forge):
    await visitor.posts(text="登记")
    await visitor.posts(text="王建国")
    user, at, mark = cookie_of(visitor).value.split(".")
    await another.opens()
    other = cookie_of(another).value.split(".")
    forged = {
        "other user": f"{user}.{other[1]}.{other[2]}",
        "other mark": f"{user}.{at}.{'A' * 43}",
        "no mark": f"{user}.{at}",
        "rubbish": "x" * 3000,
        "future date": f"{user}.{int(at) + 1}.{mark}",
    }[forge]
    async with httpx.AsyncClient(base_url=visitor.http.base_url, trust_env=False, timeout=60) as http:
        response = await http.get("/chat", headers={"cookie": f"hongyan={forged}"})
    assert response.status_code == 200
    assert "王建国" not in response.text
    assert user not in response.headers["set-cookie"]


async def test_the_cookie_is_renewed_before_it_gets_old_and_ends_in_the_end(program, visitor):
    await visitor.posts(text="登记")
    first = cookie_of(visitor).value
    response = await visitor.opens()
    assert "set-cookie" not in response.headers
    program.clock.passes(days=8)
    await visitor.opens()
    second = cookie_of(visitor).value
    assert second != first
    assert second.split(".")[0] == first.split(".")[0]
    program.clock.passes(days=401)
    response = await visitor.http.get("/chat", headers={"cookie": f"hongyan={second}"})
    assert "请问怎么称呼您" not in response.text


async def test_a_new_key_signs_and_the_old_one_is_still_believed(database):
    old, new = b"the key of last year............", b"the key of this year............"
    async with running(database, keys=(old,)) as program:
        visitor = Visitor(program.url)
        await visitor.posts(text="登记")
        cookie = cookie_of(visitor).value
        await visitor.http.aclose()
    for keys, believed in (((new, old), True), ((new,), False)):
        async with running(database, keys=keys) as program:
            visitor = Visitor(program.url, headers={"cookie": f"hongyan={cookie}"})
            await visitor.opens()
            assert ("请问怎么称呼您" in visitor.reads()) is believed
            await visitor.http.aclose()


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="16 bytes"):
        Identity([b"short"], TickingClock(), is_secure=False)


def test_a_mark_of_one_purpose_is_worth_nothing_for_another():
    identity = Identity(KEYS, TickingClock(), is_secure=False)
    visitor = identity.of(Request({"type": "http", "headers": []}))
    response = Response()
    identity.keep(response, visitor)
    mark = response.headers["set-cookie"].split(";")[0].rpartition(".")[2]
    assert not identity.is_form_token(visitor, mark)
    assert identity.is_form_token(visitor, identity.form_token(visitor))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
    ids=str,
)
async def test_a_form_on_another_site_says_nothing_here(program, visitor, headers):
    await visitor.opens()
    await visitor.posts(text="登记", headers=headers)
    assert visitor.status == 403
    assert program.received == []
    assert ">登记</textarea>" in visitor.html


async def test_a_form_without_the_token_says_nothing(program, visitor, another):
    await visitor.opens()
    await another.opens()
    for token in ("", "x", another.token):
        await visitor.posts(text="登记", token=token)
        assert visitor.status == 403
    assert program.received == []


async def test_our_own_origin_passes(program, visitor):
    await visitor.posts(text="登记", headers={"origin": program.url})
    await visitor.posts(text="王建国", headers={"sec-fetch-site": "same-origin", "origin": program.url})
    assert len(program.received) == 2


@pytest.mark.parametrize(
    "address", ["/chat", "/chat/assets/chat.js", "/chat/assets/none", "/files/none", "/chat/sent/x"]
)
async def test_every_answer_carries_the_headers_that_keep_others_out(program, address):
    async with httpx.AsyncClient(base_url=program.url, trust_env=False, timeout=60) as http:
        headers = (await http.get(address)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"


async def test_the_page_is_never_kept_by_a_cache_and_its_parts_are(visitor):
    response = await visitor.opens()
    assert response.headers["cache-control"] == "no-store"
    style = re.search(r'href="(/chat/assets/chat.css[^"]+)"', visitor.html)[1]
    assert "max-age=31536000" in (await visitor.http.get(style)).headers["cache-control"]


async def test_nothing_is_written_into_the_page_itself(visitor):
    await visitor.posts(text="看看")
    assert " style=" not in visitor.html
    assert not re.search(r"\son\w+=", visitor.html)
    assert not re.search(r"<script(?![^>]* src=)", visitor.html)


async def test_an_asset_is_one_of_ours(program):
    async with httpx.AsyncClient(base_url=program.url, trust_env=False, timeout=60) as http:
        for name in ("../routes.py", "%2e%2e%2froutes.py", "..%2ftemplates%2fpage.html", "routes.py"):
            assert (await http.get(f"/chat/assets/{name}")).status_code == 404


# How often


async def test_an_abuser_is_slowed_and_told_when_to_come_again(program, visitor):
    await visitor.opens()
    statuses = [(await visitor.asks(id=f"toomany{number:05}", text="你好")).status_code for number in range(40)]
    assert statuses[:15] == [200] * 15
    assert 429 in statuses
    response = await visitor.asks(id="onemore00001", text="你好")
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    program.clock.passes(seconds=3)
    assert (await visitor.asks(id="onemore00001", text="登记")).status_code == 200


async def test_who_is_slowed_without_scripts_keeps_the_words(visitor):
    await visitor.opens()
    for number in range(40):
        await visitor.posts(text="我家路灯坏了", id=f"toomany{number:05}", follow=False)
        if visitor.status == 429:
            break
    assert visitor.status == 429
    assert ">我家路灯坏了</textarea>" in visitor.html


async def test_forty_people_of_one_address_are_all_served(program):
    async def person(number):
        visitor = Visitor(program.url)
        for turn, words in enumerate(("登记", f"王建{'一二三四五六七八九十'[number % 10]}", "13800138000", "1", "对")):
            response = await visitor.posts(text=words, id=f"person{number:03}turn{turn}")
            assert response.status_code == 200
        await visitor.http.aclose()
        return "登记好了" in visitor.html

    assert all(await asyncio.gather(*(person(number) for number in range(40))))


def test_a_limit_gives_back_with_time_and_forgets_the_quiet():
    limit = Limit(2, 0.5, remembered=2)
    assert [limit.take("a", 0), limit.take("a", 0)] == [0, 0]
    assert limit.take("a", 0) == 2
    assert limit.take("a", 2) == 0
    assert limit.take("a", -50) > 0  # a clock set back gives nothing away
    limit.take("b", 3)
    limit.take("c", 3)
    assert limit.take("a", 3) == 0


def test_a_household_is_one_address():
    assert address_of("2001:db8:1:2:3::4") == address_of("2001:db8:1:2:ffff::1")
    assert address_of("2001:db8:1:3::1") != address_of("2001:db8:1:2::1")
    assert address_of("::ffff:192.0.2.1") == address_of("192.0.2.1") == "192.0.2.1"
    assert address_of("") == ""


# Files


async def test_a_file_opens_by_its_link_under_its_chinese_name(visitor):
    await visitor.posts(text="看看")
    link = re.search(r'href="(/files/[^"]+)"', visitor.html)[1]
    response = await visitor.http.get(link)
    assert response.status_code == 200
    assert response.text.startswith("BEGIN:VCALENDAR")
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    given = response.headers["content-disposition"]
    assert given == (
        "attachment; filename=\"file.ics\"; filename*=UTF-8''%E5%A4%95%E9%98%B3%E7%BA%A2%20%E7%A7%81%E5%A1%BE.ics"
    )
    assert "sandbox" in response.headers["content-security-policy"]


async def test_a_file_is_gone_after_its_week(program, visitor):
    token = await program.database.write(files.add, "a.pdf", "application/pdf", b"%PDF-", None, program.clock())
    assert (await visitor.http.get(f"/files/{token}")).status_code == 200
    program.clock.passes(days=7, seconds=1)
    response = await visitor.http.get(f"/files/{token}")
    assert response.status_code == 404
    assert "找不到了" in response.text


async def test_no_other_word_opens_a_file(visitor):
    for token in ("x", "..%2f..%2fetc", "x" * 5000, "%00", "' or 1=1"):
        assert (await visitor.http.get(f"/files/{token}")).status_code == 404


async def test_a_page_kept_as_a_file_is_never_run(program, visitor):
    html = b"<script>alert(1)</script>"
    token = await program.database.write(files.add, "a.html", "text/html", html, None, program.clock())
    response = await visitor.http.get(f"/files/{token}")
    assert response.headers["content-disposition"].startswith("attachment")
    assert response.headers["content-security-policy"].startswith("sandbox")
