"""Broadcasts at the console: whom they reach before anything leaves, a second person, and what came of them."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import looks
from dialogue.message import decoded
from storage import audiences, broadcasts, call_list, events, files, grants, outbox, recipients
from storage.audiences import Audience
from storage.schema.talks import outbox as outbox_table
from tests.console.conftest import words
from tests.console.gatherings import gather
from tests.web.pictures import SECRET, VOICES, photo


async def second_of_the_district(house):
    """Another member of the district's staff: the person who organises in the sample."""
    await house.grant("district_staff", house.staff["organiser"])


async def test_a_draft_says_how_many_each_way_reaches_before_anything_leaves(house, desk):
    await desk.opens("/console/broadcasts/new")
    shown = await desk.posts("/console/broadcasts/new", text="明天有义诊，不收费。", residences="seasonal")
    meant = await house.database.read(audiences.count, Audience(residences=("seasonal",)), house.clock())
    read = words(shown.text)
    assert "明天有义诊，不收费。" in read
    assert f"一共 {meant.people} 发不到 {meant.unreachable} 说过少发 {meant.stopped}" in read
    assert "候鸟，在三亚的" in read
    found = await house.database.read(broadcasts.recent)
    assert [one.state for one in found] == ["draft"]


async def test_nobody_meant_keeps_nothing_and_what_was_written_stays_on_the_page(house, desk):
    await desk.opens("/console/broadcasts/new")
    shown = await desk.posts("/console/broadcasts/new", text="给谁呢？没有人。", points="67", residences="local")
    assert shown.status_code == 422
    assert "一个人也没有，没有存" in shown.text
    assert "给谁呢？没有人。" in shown.text
    assert re.search(r'name="points" value="67" checked', shown.text)
    assert await house.database.read(broadcasts.recent) == []


async def test_an_identity_number_is_masked_before_it_is_kept(house, desk):
    await desk.opens("/console/broadcasts/new")
    await desk.posts("/console/broadcasts/new", text="请带上 460200194912121234 来。")
    (kept,) = await house.database.read(broadcasts.recent)
    assert "194912121234" not in kept.reply


async def test_many_need_a_second_person_who_is_asked_and_may_not_be_the_writer(house, desk, somebody):
    await second_of_the_district(house)
    made = (await gather(house)).draft
    path = f"/console/broadcasts/{made}"
    await desk.opens(path)
    await desk.posts(f"{path}/hand-in")
    assert "已经请另一位区级工作人员看" in words(desk.html)
    assert (await desk.posts(f"{path}/decide", answer="yes")).status_code == 409
    second = await somebody("organiser")
    await second.opens(path)
    await second.posts(f"{path}/decide", answer="yes")
    assert "同意了，开始发" in words(second.html)
    assert (await house.database.read(broadcasts.get, made)).approved_by == house.staff["organiser"]

    def told(tx):
        kept = select(outbox_table.c.person_id).where(outbox_table.c.key.like("%-broadcast:%"))
        return {person for (person,) in tx.execute(kept)}

    assert await house.database.read(told) == {house.staff["organiser"], house.staff["district_staff"]}


async def test_sent_back_it_is_a_draft_again(house, desk):
    made = (await gather(house)).asked
    await desk.opens(f"/console/broadcasts/{made}")
    await desk.posts(f"/console/broadcasts/{made}/decide", answer="no")
    assert (await house.database.read(broadcasts.get, made)).state == "draft"


async def test_it_pauses_goes_on_stops_and_lists_who_was_not_reached_for_the_phone(house, desk):
    made = (await gather(house)).asked
    path = f"/console/broadcasts/{made}"
    await desk.opens(path)
    await desk.posts(f"{path}/decide", answer="yes")

    def reach_nobody(tx):
        while recipients.carry_on(tx, made, house.clock()) == "more":
            pass
        rows = tx.execute(select(outbox_table.c.id).where(outbox_table.c.broadcast_id == made)).all()
        ended = [outbox.Ended(row.id, "unreachable") for row in rows[:3]]
        outbox.settle_all(tx, ended, house.clock())
        return len(rows)

    count = await house.does(reach_nobody)
    part = await desk.opens(f"{path}/progress", headers={"hx-request": "true"})
    assert f"要发 {count} 人，3 人有了结果" in words(part.text)
    assert 'hx-trigger="every 2s"' in part.text
    await desk.opens(path)
    assert len(re.findall("发不过去</td>", desk.html)) == 3
    for what, state in (("pause", "paused"), ("resume", "sending"), ("stop", "stopped")):
        await desk.posts(f"{path}/steer", what=what)
        assert (await house.database.read(broadcasts.get, made)).state == state
    assert "hx-trigger" not in (await desk.opens(f"{path}/progress")).text
    await desk.opens(path)
    await desk.posts(f"{path}/phone")
    assert "列进电话名单 3 人" in words(desk.html)
    listed = await house.database.read(call_list.to_call, house.clock())
    assert sum(entry.kind == "broadcast" for entry in listed) == 3


async def test_the_words_come_to_ones_own_phone_first(house, desk):
    made = (await gather(house)).draft
    await desk.opens(f"/console/broadcasts/{made}")
    await desk.posts(f"/console/broadcasts/{made}/preview")

    def planned(tx):
        of_preview = outbox_table.c.key.like("preview-broadcast:%")
        return tx.execute(select(outbox_table.c.person_id, outbox_table.c.broadcast_id).where(of_preview)).all()

    assert await house.database.read(planned) == [(house.staff["district_staff"], None)]
    assert (await house.database.read(broadcasts.get, made)).state == "draft"


async def test_a_lead_reaches_the_own_point_alone_whatever_is_sent(house, somebody):
    lead = await somebody("point_lead")
    (grant,) = await house.database.read(grants.of_person, house.staff["point_lead"], house.clock())
    await lead.opens("/console/broadcasts/new")
    assert 'name="points"' not in lead.html
    offered = re.findall(r'name="events" value="(\d+)"', lead.html)
    coming = await house.database.read(events.coming, house.clock())
    foreign = next(str(event.id) for event in coming if str(event.id) not in offered)
    sent = {"points": "1", "roles": "auditor", "away": "yes", "events": foreign}
    await lead.posts("/console/broadcasts/new", text="周五下午包饺子。", **sent)
    (kept,) = await house.database.read(broadcasts.recent)
    assert kept.audience == Audience(points=(grant.point_id,))


async def test_an_organiser_writes_to_people_of_own_events_and_sees_own_broadcasts_alone(house, somebody):
    made = await gather(house)
    organiser = await somebody("organiser")
    assert (await organiser.opens(f"/console/broadcasts/{made.draft}")).status_code == 404
    await organiser.opens("/console/broadcasts/new")
    assert (await organiser.posts("/console/broadcasts/new", text="大家好，明天见。")).status_code == 403
    await organiser.opens("/console/broadcasts/new")
    event = re.search(r'name="events" value="(\d+)"', organiser.html)[1]
    await organiser.posts("/console/broadcasts/new", text="大家好，明天见。", events=event)
    kept = (await house.database.read(broadcasts.recent))[0]
    assert kept.audience.events == (int(event),)
    assert kept.audience.standings == ("signed_up",)


async def test_an_emergency_needs_a_reason_and_is_worded_as_one(house, desk):
    await desk.opens("/console/broadcasts/new")
    given = {"text": "台风要来了，请不要出门。", "kind": "emergency"}
    assert (await desk.posts("/console/broadcasts/new", **given, reason="")).status_code == 422
    await desk.posts("/console/broadcasts/new", **given, reason="台风红色预警")
    (kept,) = await house.database.read(broadcasts.recent)
    assert kept.kind == "emergency"
    assert "【紧急通知】台风要来了，请不要出门。" in desk.html
    assert "看到请回“收到”。" in desk.html


async def test_the_overview_says_what_waits_for_whom(house, desk, somebody):
    await gather(house)
    read = await desk.reads("/console")
    assert "1 条群发等您同意" in read  # the one of the lead, none of one's own
    assert "2 个心愿等您办" in read
    assert "1 条建议等着答复" in read
    lead = await somebody("point_lead")
    read = await lead.reads("/console")
    assert "2 个心愿等您办" in read
    assert "群发等您同意" not in read


async def test_a_picture_is_made_anew_and_goes_along_with_an_event_to_sign_up_for(house, desk):
    event = (await house.database.read(events.coming, house.clock()))[0]
    await desk.opens("/console/broadcasts/new")
    picture = {"file": ("../王秀英家.png", photo(format="PNG"), "text/html")}
    shown = await desk.posts("/console/broadcasts/new", files=picture, text="请看通知。", card=str(event.id))
    (kept,) = await house.database.read(broadcasts.recent)
    reply = decoded(kept.reply)
    assert reply.text.startswith(f"请看通知。\n《{event.title}》\n")
    assert [choice.label for choice in reply.choices] == ["我要报名", "看活动"]
    assert (reply.photo.name, reply.photo.media_type) == ("图片.jpg", "image/jpeg")
    assert f'<img src="/console/broadcasts/{kept.id}/file"' in shown.text
    seen = await desk.opens(f"/console/broadcasts/{kept.id}/file")
    assert seen.content.startswith(b"\xff\xd8\xff")
    assert SECRET not in seen.content
    later = house.clock() + timedelta(days=20)  # sent late, it is still there to be fetched
    assert await house.database.read(files.opened_by, reply.photo.token, later)


async def test_a_document_is_known_by_its_bytes_and_keeps_its_name(house, desk):
    await desk.opens("/console/broadcasts/new")
    document = {"file": ("通知/460200194912121234.exe", b"%PDF-1.7\n", "application/x-msdownload")}
    await desk.posts("/console/broadcasts/new", files=document, text="通知在文件里。")
    (kept,) = await house.database.read(broadcasts.recent)
    assert decoded(kept.reply).file.name == "通知46021234.pdf"
    answer = await desk.opens(f"/console/broadcasts/{kept.id}/file")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.content == b"%PDF-1.7\n"


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00", VOICES["audio/ogg"], b"\x89PNG\r\n\x1a\n-"])
async def test_what_cannot_be_sent_is_not_kept_and_what_was_written_stays(house, desk, content):
    await desk.opens("/console/broadcasts/new")
    shown = await desk.posts("/console/broadcasts/new", files={"file": ("通知.pdf", content)}, text="请看通知。")
    assert shown.status_code == 422
    assert "请看通知。" in shown.text
    assert "选过的图片或文件，请再选一次。" in shown.text
    assert await house.database.read(broadcasts.recent) == []


async def test_before_it_is_sent_it_is_seen_as_each_channel_will_show_it(house, desk):
    house.looks |= looks.of({"wechat", "telegram", "web"})
    event = (await house.database.read(events.coming, house.clock()))[0]
    picture = {"file": ("门口.jpg", photo())}
    await desk.opens("/console/broadcasts/new")
    await desk.posts("/console/broadcasts/new", files=picture, text="请看通知。", card=str(event.id))
    read = words(desk.html)
    assert "［看图片：图片.jpg］" in read.partition("微信")[2].partition("Telegram")[0]
    assert "［图片］图片.jpg" in read.partition("Telegram")[2].partition("网页")[0]
    assert "［1. 我要报名］" in read
    await desk.opens("/console/broadcasts/new")
    await desk.posts("/console/broadcasts/new", files=picture, text="请看通知。")
    assert "微信 请看通知。 ［图文，图片.jpg］ Telegram" in words(desk.html)
