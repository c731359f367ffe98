"""我的事: one short list of all that is about oneself, and below it the work of those who have an office."""

from dialogue.message import Choice
from dialogue.talk import Talk
from handlers import need_access, roles
from storage import grants, people

_LEADS = ("point_lead", "district_staff")
_SECRETARIES = ("branch_secretary", "district_staff")
_BY_WORD = (  # what a screen of five has no room for
    ("群发", roles.ORGANISERS),
    ("电话名单", roles.ORGANISERS),
    ("补录", roles.CHECKERS),
    ("签到码", roles.CHECKERS),
    ("活动码", roles.ORGANISERS),
    ("管摊位", roles.CHECKERS),
    ("活动模板", roles.ORGANISERS),
    ("经费", roles.ORGANISERS),
    ("系列", roles.ORGANISERS),
    ("加讲义", roles.ORGANISERS),
    ("取消活动", roles.ORGANISERS),
    ("查人", ("point_lead", *_SECRETARIES)),
    ("谁在三亚", ("point_lead", *_SECRETARIES)),
    ("登记别人", _LEADS),
    ("改签到", _LEADS),
    ("给职务", _LEADS),
    ("收回职务", _LEADS),
    ("编入支部", _SECRETARIES),
    ("核实党员", _SECRETARIES),
    ("合并", ("district_staff",)),
)


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
    if need_access.NeedWorkers()(talk.tx, talk.account, talk.now):
        work.append(Choice("办件", "我手上的件"))
    if "district_staff" in held:
        work.append(Choice("派单", "等着派的件"))
    if work:
        titles = [roles.TITLES[role] for role in roles.TITLES if role in held] or ["承办人"]
        more = [word for word, for_roles in _BY_WORD if held & set(for_roles)]
        said = f"\n也可以说：{'、'.join(more)}。" if more else ""
        talk.say(f"您还是{'、'.join(titles)}：{said}", *work)
    return None
