"""What stands in the audit log, in the words of those who read it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from storage.need_stages import MODES, STAGES
from storage.times import local

ACTS = {
    "account.link": "连上聊天账号",
    "account.offer": "发连接码",
    "account.part": "断开聊天账号",
    "attendance.correct": "更正到场",
    "attendance.undo": "撤回签到",
    "broadcast.approve": "同意群发",
    "broadcast.draft": "写群发",
    "broadcast.hand_in": "交出群发",
    "broadcast.pause": "暂停群发",
    "broadcast.resume": "接着群发",
    "broadcast.send_back": "退回群发",
    "broadcast.stop": "停掉群发",
    "budget.plan": "定预算",
    "budget.settle": "改报账状态",
    "budget.spend": "记支出",
    "budget.undo": "撤回支出",
    "call.told": "电话告知",
    "call.no_answer": "电话没人接",
    "call.not_coming": "电话说不来",
    "console.sign_in": "登录工作台",
    "event.cancel": "取消活动",
    "event.change": "改活动",
    "event.close": "结束登记",
    "event.photo": "换活动图片",
    "event.publish": "发布活动",
    "event.uncancel": "恢复活动",
    "event.withdraw": "撤回发布",
    "export": "拿走清单",
    "handout.add": "加讲义",
    "handout.remove": "删讲义",
    "holiday.drop": "去掉放假安排",
    "holiday.put": "录放假安排",
    "hours.correct": "更正服务时长",
    "hours.measure": "记服务时长",
    "import.look": "看导入的文件",
    "key.rotated": "换密钥",
    "landmark.add": "加地名",
    "landmark.drop": "去掉地名",
    "need.added": "补充难处",
    "need.call": "打回访电话",
    "need.category": "改难处类别",
    "need.consent": "同意记看病的事",
    "need.decided": "定难处结果",
    "need.follow_up": "回访",
    "need.listed": "列入督办",
    "need.merged": "并入难处",
    "need.mode": "改办理方式",
    "need.obstacle": "写卡点",
    "need.paused": "暂停计时",
    "need.pressing": "标急难愁盼",
    "need.rated": "评满意度",
    "need.read": "看难处全文",
    "need.reopened": "重新办理",
    "need.resumed": "接着计时",
    "need.returned": "退单",
    "need.ruled": "终审",
    "need.separated": "拆开难处",
    "need.stage": "难处换阶段",
    "need.unlisted": "移出督办",
    "need.urgent": "标急的",
    "need.visit": "现场协调",
    "need.withdrawn": "撤回难处",
    "organisation.add": "加组织",
    "organisation.close": "撤组织",
    "own_data.export": "本人导出信息",
    "own_data.correct": "本人更正信息",
    "person.ask_to_stay": "问登记还留不留",
    "person.copied": "抄送代办人",
    "person.correct": "更正登记",
    "person.erase": "注销",
    "person.erase asked": "申请注销",
    "person.forget_health": "删看病的内容",
    "person.import": "导入名单",
    "person.in_town": "按周找人",
    "person.member_type": "定身份类别",
    "person.merge": "合并登记",
    "person.place": "编入支部",
    "person.register": "代登记",
    "person.report_in": "双报到",
    "person.search": "按专长找人",
    "person.stays": "查在琼情况",
    "person.take_out": "移出支部",
    "person.unmask": "看全名和电话",
    "person.unmerge": "拆开登记",
    "person.verify": "核实党员身份",
    "point.change": "改服务点",
    "point.close": "记关门的日子",
    "point.import": "导入服务点",
    "point.menu": "写服务菜单",
    "point.reopen": "去掉关门的日子",
    "point.retire": "撤下示例服务点",
    "points.rule": "定积分规则",
    "poll.answered": "公布议事结果",
    "poll.asked": "发起议事",
    "poll.closed": "议事截止",
    "proof.issue": "开参加证明",
    "proxy.agree": "同意代办",
    "proxy.ask": "请求代办",
    "proxy.end": "停止代办",
    "report.export": "做报表文件",
    "role.grant": "给职务",
    "role.revoke": "收回职务",
    "routing.published": "改直派表",
    "sending.released": "放开发送",
    "series.unmask": "看结业全名",
    "setting.approval": "改群发同意人数",
    "setting.caps": "改群发上限",
    "setting.categories": "改难处类别表",
    "setting.need_limits": "改难处期限",
    "stall.add": "加摊位",
    "stall.call": "叫号",
    "stall.close": "收摊",
    "stall.reopen": "重开摊位",
    "suggestion.answered": "答复建议",
    "suggestion.made": "提建议",
    "wish.claimed": "认领心愿",
    "wish.confirmed": "本人确认心愿",
    "wish.contacted": "联系上心愿双方",
    "wish.done": "办好心愿",
    "wish.given_up": "放弃认领",
    "wish.lapsed": "认领过期",
    "wish.posted": "公布心愿",
    "wish.read": "看心愿原话",
    "wish.submitted": "许心愿",
    "wish.withdrawn": "撤回心愿",
}

_THINGS = {
    "account": "聊天账号",
    "attachment": "图片或语音",
    "broadcast": "群发",
    "event": "活动",
    "export": "文件",
    "grant": "职务",
    "landmark": "地名",
    "need": "难处",
    "organisation": "组织",
    "person": "居民",
    "point": "服务点",
    "poll": "议事",
    "routing table": "直派表",
    "rule": "积分规则",
    "series": "系列",
    "spending": "支出",
    "stall": "摊位",
    "suggestion": "建议",
    "support": "协办",
    "wish": "心愿",
}
_FACTS = {
    "a_day": "一天",
    "a_week": "一周",
    "account_id": "聊天账号",
    "category": "类别",
    "changed": "改了",
    "datum": "坐标系",
    "due": "最晚",
    "ends_at": "到",
    "event": "活动",
    "event_id": "活动",
    "first": "从",
    "from": "从",
    "into": "并入居民",
    "kind": "种类",
    "last": "到",
    "lines": "行数",
    "mode": "办法",
    "name": "名字",
    "note": "说明",
    "number": "编号",
    "organisation_id": "组织",
    "owner": "承办人",
    "page": "哪一页",
    "people": "人数",
    "person_id": "居民",
    "point_id": "服务点",
    "pressing": "急难愁盼",
    "result": "结果",
    "role": "职务",
    "rules": "条数",
    "says": "说",
    "stage": "阶段",
    "state": "状态",
    "to": "到",
    "until": "到",
    "urgent": "急的",
    "version": "第几版",
    "works": "上班",
}
_VALUES = {
    **STAGES,
    **MODES,
    "emergency": "紧急通知",
    "broadcast": "普通群发",
    "published": "已发布",
    "draft": "草稿",
    "held": "已举办",
    "cancelled": "取消了",
}


def act_in_words(action: str) -> str:
    return ACTS.get(action, action)


def thing_in_words(about: str) -> str:
    """“活动 12”, of “event 12”."""
    kind, _, number = about.rpartition(" ")
    return f"{_THINGS[kind]} {number}" if kind in _THINGS else about


def facts_in_words(kept: str | None, titles: Mapping[str, str]) -> str:
    """What was before or after, of the JSON in the log. `titles` are what roles are called."""
    if not kept:
        return ""
    facts = json.loads(kept)
    if not isinstance(facts, dict):
        return _value(facts, titles)
    return "；".join(
        f"{_FACTS.get(name, name)}：{_value(value, titles)}" for name, value in facts.items() if value is not None
    )


def _value(value: Any, titles: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return "、".join(_value(each, titles) for each in value)
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return titles.get(value) or _VALUES.get(value) or _FACTS.get(value, value)
    return value if moment.tzinfo is None else f"{local(moment):%Y-%m-%d %H:%M}"
