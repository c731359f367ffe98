"""导入名单: a workbook or CSV sent as a file, looked at line by line, and taken in only after a yes (domain 4.2.10)."""

from collections import Counter
from collections.abc import Sequence

from dialogue import sent_files
from dialogue.message import Choice
from dialogue.questions import Sent, YesNo
from dialogue.talk import Talk
from handlers import roles
from reports.incoming import NotATable, read_day, read_table
from storage import attachments, grants, people_import
from storage.audit import Actor
from storage.people_import import Judged, Verdict
from storage.refusals import NotAllowed

MOST_LINES = 1000  # at once: others who write wait for it
_LARGEST = 3 * 1024 * 1024  # bytes
_MOST_SHOWN = 10
_VERDICTS: dict[Verdict, str] = {"new": "新的", "same": "一样的", "conflict": "对不上的", "bad": "用不了的"}
_SEND_AGAIN = "请用 Excel（.xlsx）或者 CSV，前几行里要有一行表头，比如：姓名、手机号、社区。"
_SEND = "请把名单文件发给我，" + _SEND_AGAIN.removeprefix("请")


async def take_in(talk: Talk) -> None:
    """“导入名单”: what differs from what is kept stays as it is; it is looked at one by one at the console."""
    _must_be_district(talk)
    sent = await talk.ask("file", f"请把名单文件发给我。{_SEND_AGAIN}先看一遍，您点了头才收。", Sent(_SEND))
    content = await sent_files.content(talk, "file", sent)
    lines = _lines(talk, content)
    judged = people_import.judge(talk.tx, lines, read_day)
    counted = Counter(one.verdict for one in judged)
    summary = _summary(judged, counted)
    if not counted["new"]:
        attachments.forget(talk.tx, sent)
        return talk.say(f"{summary}\n没有新的，什么都没动。", Choice("导入名单", "换一个文件"))
    key = "sure: " + " ".join(f"{verdict}{number}" for verdict, number in sorted(counted.items()))
    prompt = f"{summary}\n新的 {counted['new']} 位收进来吗？别的都不动。"
    agreed = await talk.ask(key, prompt, YesNo("收进来", "不收"))
    attachments.forget(talk.tx, sent)
    if not agreed:
        return talk.say("好的，一个也没有收。", Choice("导入名单", "换一个文件"))
    actor = Actor(talk.person_id, "district_staff", talk.account.channel)
    added, _ = people_import.take_in(talk.tx, judged, actor, talk.now)
    rest = f"还有 {counted['conflict']} 行对不上，请到工作台的“导入名单”里一行一行看。" if counted["conflict"] else ""
    return talk.say(f"收好了，登记了 {added} 位。{rest}", Choice("后台", "去工作台"))


def _must_be_district(talk: Talk) -> None:
    if not any(grant.role == "district_staff" for grant in grants.roles_of(talk.tx, talk.account, talk.now)):
        raise NotAllowed(roles.TITLES["district_staff"])


def _lines(talk: Talk, content: bytes) -> people_import.Lines:
    """Asks for another file when this one is of no use."""
    if len(content) > _LARGEST:
        talk.again("file", "这个文件太大了，请分成几份，一份一份发。")
    try:
        table = read_table(content, people_import.HEADERS)
    except NotATable:
        talk.again("file", f"这个文件读不出表格。{_SEND_AGAIN}")
    if len(table.lines) > MOST_LINES:
        talk.again("file", f"一共 {len(table.lines)} 行，一次最多 {MOST_LINES} 行。请分成几份，或者到工作台上传。")
    return [(line.number, line.values) for line in table.lines]


def _summary(judged: Sequence[Judged], counted: Counter[Verdict]) -> str:
    """How many lines are what, and why the first of those that are not simply new or the same. Names nobody."""
    parts = "，".join(f"{label} {counted[verdict]} 行" for verdict, label in _VERDICTS.items() if counted[verdict])
    said = [f"看完了，一共 {len(judged)} 行：{parts or '没有一行'}。"]
    odd = [one for one in judged if one.verdict in ("conflict", "bad")]
    said += [f"第 {one.number} 行{_VERDICTS[one.verdict][:-1]}：{'；'.join(one.says)}" for one in odd[:_MOST_SHOWN]]
    if len(odd) > _MOST_SHOWN:
        said.append(f"还有 {len(odd) - _MOST_SHOWN} 行也这样。")
    return "\n".join(said)
