"""“导出我的信息”: all that is held about a person as words to read and as JSON for a program (care.md P7)."""

import json
from collections.abc import Iterator
from typing import Any

from dialogue import texts
from handlers import consent_texts, messages_settings, registration, roles
from handlers.linking import CHANNELS
from reports.labels import MEMBER_TYPES, RESIDENCES, VERIFICATIONS
from storage import exports
from storage.need_stages import STAGES
from storage.own_data import Data

TEXT_TYPE = "text/plain"
JSON_TYPE = "application/json"

_SIGN_UPS = {
    "confirmed": "报上了",
    "waitlisted": "候补",
    "offered": "有座位等回话",
    "cancelled": "取消了",
    "expired": "过期了",
}
_PARTS = {"lead": "主办", "support": "协办", "supervisor": "督办"}
_CALLED = {"told": "说到了", "no_answer": "没人接", "not_coming": "您说不来"}
_NUMBERS = {
    "waiting": "等着叫号",
    "called": "叫到了",
    "skipped": "过号了",
    "served": "办过了",
    "given_up": "退了",
}
_ATTENDANCES = {"attended": "到场", "excused": "请假", "absent": "未到"}


def as_json(data: Data) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


def as_text(data: Data, when: str) -> bytes:
    """With a byte-order mark, for the editors of older Windows that guess otherwise."""
    lines = ["天涯红雁之家：我们记的您的全部信息", f"截至 {when}", ""]
    for title, rows in (
        ("一、您的登记", stated(data["person"])),
        ("二、您同意过的", _consents(data["consents"])),
        ("三、您的聊天账号", _accounts(data["accounts"])),
        ("四、代办", _proxies(data["proxies"])),
        ("五、您报的活动", [*_sign_ups(data["sign_ups"]), *_numbers(data["queue_numbers"])]),
        ("六、您到过的活动", [*_attendances(data["attendances"]), *_points(data["points"])]),
        ("七、您说的难处", _needs(data["needs"])),
        ("八、心愿和建议", _wishes(data)),
        ("九、您的职务", _roles(data["roles"])),
        ("十、您的工作", _work(data)),
        ("十一、发给您的消息和打给您的电话", _sent(data)),
        ("十二、您说过的话（留 30 天）", _said(data["accounts"])),
    ):
        lines += [title, *(list(rows) or ["没有。"]), ""]
    lines.append("想改回“更正”，想去掉回“注销”。")
    return ("\ufeff" + "\r\n".join(lines)).encode()


def stated(person: Data) -> Iterator[str]:
    """What the person stated, one line each, and only what there is."""
    shown: list[tuple[str, Any]] = [
        ("姓名", person["name"]),
        ("手机号", texts.spoken_phone(person["phone"] or "")),
        ("称呼", person["salutation"]),
        ("出生年份", person["birth_year"]),
        ("候鸟还是常住", RESIDENCES.get(person["residence"] or "", "")),
        ("从哪里来", person["origin"]),
        ("到三亚的日子", person["arrives_on"]),
        ("回去的日子", person["leaves_on"]),
        ("社区", person["community"]),
        ("小区", person["estate"]),
        ("服务点", person["service_point"]),
        ("党员身份", registration.MEMBER[person["party_member"]] if person["party_member"] != "yes" else "党员"),
        ("原来的党组织", person["home_branch"]),
        ("身份类别", MEMBER_TYPES.get(person["member_type"] or "", "")),
        ("编入支部", person["host_branch"]),
        ("党小组", person["party_group"]),
        ("核实状态", VERIFICATIONS[person["verification"]] if person["party_member"] == "yes" else ""),
        ("亮身份", ("是" if person["shows_membership"] else "否") if person["party_member"] == "yes" else ""),
        ("关心的事", "、".join(person["interests"] or [])),
        ("收消息", messages_settings.LABELS[person["messages"]]),
        ("登记时间", person["registered_at"]),
    ]
    return (f"{name}：{value}" for name, value in shown if value)


def _consents(rows: list[Data]) -> Iterator[str]:
    for row in rows:
        what = consent_texts.NAMES.get(row["purpose"], row["purpose"])
        said = "同意" if row["given"] else "不同意"
        withdrawn = f"，{row['withdrawn_at']} 撤回" if row["withdrawn_at"] else ""
        yield f"{row['at']} {what}（第 {row['version']} 版）：{said}{withdrawn}"


def _accounts(rows: list[Data]) -> Iterator[str]:
    for row in rows:
        channel = CHANNELS.get(row["channel"], row["channel"])
        yield f"{channel}：{row['user']}，最近一次 {row['last_heard_at'] or '没有'}"


def _proxies(rows: list[Data]) -> Iterator[str]:
    for row in rows:
        name = row["name"] or "一位已注销的居民"
        who = f"您替{name}办事" if row["i_act_for_them"] else f"{name}替您办事"
        until = f"，{row['ended_at']} 停" if row["ended_at"] else ""
        yield f"{who}：{row['agreed_at'] or '还没同意'}{until}"


def _sign_ups(rows: list[Data]) -> Iterator[str]:
    for row in rows:
        yield f"{row['starts_at']} 《{row['title']}》：{_SIGN_UPS[row['state']]}"


def _numbers(rows: list[Data]) -> Iterator[str]:
    for row in rows:
        when = f"，{row['starts_at']}" if row["starts_at"] else ""
        yield f"{row['taken_at']} 《{row['title']}》{row['stall']} {row['number']} 号{when}：{_NUMBERS[row['state']]}"


def _attendances(rows: list[Data]) -> Iterator[str]:
    for row in rows:
        undone = "（后来撤销了）" if row["undone_at"] else ""
        yield f"{row['came_at']} 《{row['title']}》：{_ATTENDANCES[row['state']]}{undone}"


def _points(rows: list[Data]) -> Iterator[str]:
    for row in rows:
        yield f"积分 {row['at']} 《{row['title']}》：{row['points']:+d}，{row['expires_on']} 到期"


def _needs(rows: list[Data]) -> Iterator[str]:
    for row in rows:
        yield f"{texts.spoken_number(row['number'])} {row['received_at']} {STAGES[row['stage']]}：{row['text']}"
        yield from (f"　{entry['at']} {entry['text']}" for entry in row["entries"] if entry["text"])


def _wishes(data: Data) -> Iterator[str]:
    for row in data["wishes"]:
        yield f"心愿{texts.spoken_number(row['number'])} {row['submitted_at']}：{row['text'] or '（已去掉）'}"
    for row in data["claims"]:
        yield f"您认领的心愿{texts.spoken_number(row['number'])}：{row['claimed_at']}"
    for row in data["suggestions"]:
        yield f"建议{texts.spoken_number(row['number'])} {row['at']}：{row['text'] or '（已去掉）'}"
    for row in data["votes"]:
        yield f"{row['at']} “{row['question']}”：{row['option']}"


def _roles(rows: list[Data]) -> Iterator[str]:
    for row in rows:
        until = row["revoked_at"] or row["ends_at"]
        yield f"{roles.TITLES[row['role']]}：从 {row['starts_at']}" + (f" 到 {until}" if until else "")


def _work(data: Data) -> Iterator[str]:
    for row in data["work"]:
        yield f"{texts.spoken_number(row['number'])}：您{_PARTS[row['role']]}，从 {row['began_at']}"
    for row in data["report_ins"]:
        yield f"双报到：{row['reported_at']} {row['unit']}，管到 {row['ends_on']}"
    for row in data["organised"]:
        yield f"您办的活动：{row['starts_at']} 《{row['title']}》"
    for row in data["exports"]:
        yield f"您要过的{'二维码' if row['kind'] == exports.SCENE_CODE else '报表'}：{row['asked_at']}"


def _sent(data: Data) -> Iterator[str]:
    for row in data["sent"]:
        if row["text"]:
            yield f"{row['due_at']} {row['text']}"
    for row in data["calls"]:
        yield f"{row['made_at']} 请工作人员给您打电话：{_CALLED.get(row['result'], '还没打')}"


def _said(rows: list[Data]) -> Iterator[str]:
    for account in rows:
        for turn in account["said"]:
            yield f"{turn['at']} 您：{turn['said']}"
            yield from (f"　我们：{answer}" for answer in turn["answers"])
