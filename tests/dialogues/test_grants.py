"""职务: given by name or invitation, for a place and until a day, taken back at once."""

import re

import pytest
from sqlalchemy import insert, select

from storage import settings
from storage.schema.organisations import organisations
from storage.schema.records import audit_log
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.test_events import news
from tests.dialogues.town import address, class_of, registered, staff

LEAD = address("lead")
NEW = address("new")


@pytest.fixture
async def office(town_chat):
    """One of the district's staff, the lead of 春园, and a resident."""
    number = await registered(town_chat, "李干事", "13700137000", ME)
    await town_chat.does(staff, number, "district_staff")
    number = await registered(town_chat, "王点长", "13700137001", LEAD)
    await town_chat.does(staff, number, "point_lead", point_id=1)
    await registered(town_chat, "周国庆", "13600136789", SOMEONE_ELSE)
    return town_chat


async def test_a_role_is_given_by_name_for_a_point_until_a_day(office):
    answer = await office.says("给职务", "组织者", "春园社区", "12月1号", "找登记过的人", "6789")
    assert "周国庆，天涯红雁之家·春园社区的组织者（到12月1日（周二））" in answer
    assert "给好了" in await office("对")
    assert (
        3,
        "您现在是天涯红雁之家·春园社区的组织者（到12月1日（周二））。回“我的事”看能办什么。",
    ) in await office.does(news)
    office.who = SOMEONE_ELSE
    assert "哪一类" in await office("发布活动")
    await office("取消")
    office.clock.passes(days=8, hours=13, minutes=59)
    assert "哪一类" in await office("发布活动")
    await office("取消")
    office.clock.passes(minutes=2)
    assert "要组织者来办" in await office("发布活动")


async def test_an_invitation_is_for_one_person_and_may_come_from_a_link(office):
    found = {"web": "https://hy.example/chat?start=", "telegram": "https://t.me/hy?start="}
    await office.does(settings.put, "chat_addresses", found, office.clock())
    answer = await office.says("给职务", "签到员", "春园社区", "跳过", "发邀请，谁收到谁用")
    payload = f"invite-{re.search(r'(?:invite-|接受邀请 )([A-Za-z0-9_-]{16,})', answer)[1]}"
    assert f"{found.get(office.who.channel, '')}{payload}" in answer or office.who.channel not in found
    office.who = SOMEONE_ELSE
    assert "好了，您现在是天涯红雁之家·春园社区的签到员。" in await office(payload=payload)
    assert "签到员" in await office("我的事")
    office.who = LEAD
    assert "这个码不对" in await office(payload=payload)


async def test_the_words_of_an_invitation_work_as_the_link_does(office):
    answer = await office.says("给职务", "签到员", "春园社区", "跳过", "发邀请，谁收到谁用")
    words = re.search(r"接受邀请 [\w-]+", answer)[0]
    office.who = SOMEONE_ELSE
    assert "签到员" in await office(words)


async def test_who_is_not_registered_registers_first(office):
    answer = await office.says("给职务", "签到员", "春园社区", "跳过", "发邀请，谁收到谁用")
    office.who = NEW
    answer = await office(re.search(r"接受邀请 [\w-]+", answer)[0])
    assert "有人请您当天涯红雁之家·春园社区的签到员。先登记" in answer


async def test_an_invitation_ends_with_the_right_to_give_it_and_after_a_week(office):
    office.who = LEAD
    answer = await office.says("给职务", "签到员", "春园社区", "跳过", "发邀请，谁收到谁用")
    words = re.search(r"接受邀请 [\w-]+", answer)[0]
    office.who = ME
    await office.says("收回职务", "王点长", "对")
    office.who = SOMEONE_ELSE
    assert "这个码不对" in await office(words)

    office.who = ME
    answer = await office.says("给职务", "签到员", "春园社区", "跳过", "发邀请，谁收到谁用")
    office.clock.passes(days=8)
    office.who = SOMEONE_ELSE
    assert "这个码不对" in await office(re.search(r"接受邀请 [\w-]+", answer)[0])


async def test_a_lead_gives_and_takes_back_at_the_own_point_alone(office):
    await office.does(class_of, "书法班")
    office.who = LEAD
    answer = await office("给职务")
    assert "签到员" in answer
    assert "点长" not in answer
    answer = await office.says("签到员", "只管一场活动", "1")
    assert "河西" not in answer
    await office.says("跳过", "找登记过的人", "6789")
    assert "给好了：周国庆，《书法班》的签到员" in await office("对")
    answer = await office("收回职务")
    assert "周国庆　《书法班》的签到员" in answer
    assert "王点长" not in answer
    assert "李干事" not in answer


async def test_taking_back_works_with_the_next_word(office):
    office.who = LEAD
    assert "签到员" in await office("给职务")
    await office("取消")
    office.who = ME
    answer = await office.says("收回职务", "王点长")
    assert "收回王点长　天涯红雁之家·春园社区的点长" in answer
    await office("对")
    office.who = LEAD
    assert "要点长来办" in await office("给职务")


async def test_the_last_district_account_stays(office):
    await office.says("收回职务", "李干事")
    assert "区级账号至少要留一个" in await office("对")
    assert "什么职务" in await office("给职务")


async def test_a_branch_has_its_secretary_and_every_act_is_in_the_audit_log(office):
    await office.does(lambda tx: tx.execute(insert(organisations).values(name="示例支部", kind="branch")))
    await office.says("给职务", "支部书记", "示例支部", "跳过", "找登记过的人", "6789", "对")
    await office.says("收回职务", "周国庆", "对")

    def acts(tx):
        return [tuple(row) for row in tx.execute(select(audit_log.c.action, audit_log.c.role, audit_log.c.actor_id))]

    found = await office.does(acts)
    assert found[-2:] == [("role.grant", "district_staff", 1), ("role.revoke", "district_staff", 1)]


async def test_several_roles_make_one_menu(office):
    await office.does(staff, 2, "branch_secretary", organisation_id=None)
    office.who = LEAD
    answer = await office("我的事")
    assert "您还是点长、支部书记：" in answer
    assert "编入支部" in answer
    assert "登记别人" in answer
    assert answer.count("签到码") == 1


async def test_a_resident_gives_nothing(office):
    office.who = SOMEONE_ELSE
    assert "要点长来办" in await office("给职务")
    assert "要点长来办" in await office("收回职务")
    assert "这个码不对" in await office("接受邀请 " + "x" * 24)


async def test_each_refusal_says_what_is_missing_and_whom_to_ask(office):
    await office.does(class_of)
    office.who = address("resident")
    await registered(office, "老张", "13600136000", office.who)
    assert "要签到员来办。需要的话，请您那个服务点的点长给您开通，不知道找谁就回“人工”。" in await office("加人 孙淑珍")
    assert "要区级工作人员来办。需要的话，请区里的工作人员给您开通" in await office("合并")
    office.who = address("elsewhere")
    other = await registered(office, "外人", "13600136001", office.who)
    await office.does(staff, other, "organiser", point_id=2)
    answer = await office("改活动 1")
    assert "要组织者来办，您管的地方不包括这里。请找这里的组织者，或者请这里的点长给您开通" in answer
