"""Whom staff must phone, and whom no message reached."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from reports.attendance import Paper
from reports.periods import Period
from reports.sheet import Column, Row, Sheet
from storage import call_list as calls
from storage import ledgers, missed, people
from storage.call_list import Entry
from storage.database import Transaction
from storage.masks import mask_name, mask_phone
from storage.times import local_date

_MATTERS: Mapping[str, str] = MappingProxyType(
    {
        "expected": "提醒来参加活动",
        "change": "活动有变动",
        "promotion": "候补排到了",
        "reminder": "活动提醒",
        "need": "诉求答复或回访",
        "follow_up": "诉求回访",
        "broadcast": "群发通知",
        "notice": "通知",
        "alert": "紧急提醒",
        "emergency": "紧急提醒",
        "answer": "回复",
    }
)
_WHY: Mapping[str, str] = MappingProxyType(
    {
        "no_account": "没有聊天账号",
        "stopped": "本人不收消息",
        "waiting": "要等本人先说话",
        "unreachable": "账号联系不上",
        "expired": "过了时间没发出",
        "refused": "平台没有接收",
        "unknown": "不知是否送到",
        "silent": "问了没有回音",
    }
)
_RESULTS: Mapping[str, str] = MappingProxyType({"told": "已告知", "no_answer": "无人接听", "not_coming": "不来"})
_STATES: Mapping[str, str] = MappingProxyType(
    {
        "refused": "平台拒收",
        "unreachable": "联系不上",
        "expired": "过期未发",
        "unknown": "结果不明",
        "superseded": "本人不收消息",
    }
)
_CALLS = (
    Column("序号", "text", 6),
    Column("姓名", width=12),
    Column("电话", "phone"),
    Column("事由", width=16),
    Column("活动", width=30),
    Column("时间", "moment"),
    Column("地点", width=24),
    Column("未送达原因", width=16),
    Column("结果", width=10),
    Column("拨打人", width=12),
    Column("拨打时间", "moment"),
)
_MISSED = (
    Column("序号", "text", 6),
    Column("姓名", width=12),
    Column("手机号", "phone"),
    Column("消息", width=40),
    Column("计划时间", "moment"),
    Column("状态", width=14),
    Column("原因", width=30),
)


def call_list(
    tx: Transaction, since: datetime, on: Paper, *, point_ids: frozenset[int] | None = None, masked: bool = True
) -> Sheet:
    """电话名单 made since then. `point_ids` keeps it to these points (P31); None is the district's staff."""
    entries = [entry for entry in calls.made_since(tx, since) if point_ids is None or entry.point_id in point_ids]
    rows = [_call_row(tx, place, entry, masked) for place, entry in enumerate(entries, 1)]
    left = sum(entry.result in (None, "no_answer") for entry in entries)
    day = local_date(on.made_at)
    return Sheet(
        "电话名单",
        _CALLS,
        rows,
        heads=on.heads(f"{day.year}年{day.month}月{day.day}日"),
        total=lambda: ("合计", f"{len(entries)}人", *[None] * 6, f"待打{left}人", None, None),
        notes=("电话打完请当面收好，7天后作废。",),
    )


def _call_row(tx: Transaction, place: int, entry: Entry, masked: bool) -> Row:
    event = None if entry.event_id is None else ledgers.event(tx, entry.event_id)
    caller = people.find(tx, entry.called_by)
    return (
        str(place),
        mask_name(entry.name) if masked else entry.name,
        mask_phone(entry.phone or "") if masked else entry.phone,
        _MATTERS.get(entry.kind, entry.kind),
        "" if event is None else event.title,
        None if event is None else event.starts_at,
        "" if event is None else event.place,
        _WHY.get(entry.why, entry.why),
        _RESULTS.get(entry.result or "", ""),
        "" if caller is None else caller.name,
        entry.called_at,
    )


def not_reached(tx: Transaction, period: Period, on: Paper, *, masked: bool = True) -> Sheet:
    """未送达名单: who got nothing of what was to go out in the period. The words themselves are not shown."""
    entries = missed.between(tx, period.begins, period.ends, masked=masked)
    return Sheet(
        "未送达名单",
        _MISSED,
        [
            (
                str(place),
                entry.name,
                entry.phone,
                _MATTERS.get(entry.kind, entry.kind) + (f"：{entry.title}" if entry.title else ""),
                entry.due_at,
                _STATES[entry.state],
                _WHY.get("stopped" if entry.state == "superseded" else entry.state, ""),
            )
            for place, entry in enumerate(entries, 1)
        ],
        heads=on.heads(period.title),
        total=lambda: ("合计", f"{len(entries)}条", None, None, None, None, None),
    )
