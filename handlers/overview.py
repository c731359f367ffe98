"""我的事: one short list of all that is about oneself, and below it the work of those who have an office."""

from dialogue.message import Choice
from dialogue.talk import Talk
from handlers import need_access, roles
from storage import grants, people


async def mine(talk: Talk) -> None:
    person = people.find(talk.tx, talk.person_id)
    if person is None:
        return talk.say(
            "您还没有登记。登记以后能报名、说难处，大约一分钟。",
            Choice("登记", "登记"),
            Choice("关联账号", "我在别处登记过"),
        )
    talk.say(
        f"{person.name}，您想看什么？",
        Choice("我的活动", "我报的活动"),
        Choice("我的难处", "我说的难处"),
        Choice("我的信息", "我的信息"),
        Choice("少发点", "消息多少"),
        Choice("代办", "替家里人办"),
    )
    held = {grant.role for grant in grants.roles_of(talk.tx, talk.account, talk.now)}
    work = [
        Choice(word, label)
        for word, label, for_roles in (
            ("签到", "签到", roles.CHECKERS),
            ("我办的活动", "我办的活动", roles.ORGANISERS),
            ("发布活动", "发布活动", roles.ORGANISERS),
            ("统计", "统计", roles.COUNTERS),
        )
        if held & set(for_roles)
    ]
    if need_access.works_on_needs(talk.tx, talk.account, talk.now):
        work.append(Choice("办件", "我手上的件"))
    if "district_staff" in held:
        work.append(Choice("派单", "等着派的件"))
    if work:
        titles = [roles.TITLES[role] for role in roles.TITLES if role in held] or ["承办人"]
        talk.say(f"您还是{'、'.join(titles)}：", *work)
    return None
