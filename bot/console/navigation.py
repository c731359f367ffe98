"""The menu of the console: each page with who may open it."""

from dataclasses import dataclass

from bot.console.access import (
    ANYONE,
    CALLERS,
    COUNTERS,
    DISTRICT,
    NEED_WORKERS,
    OVERSEERS,
    POLLSTERS,
    READERS_OF_PEOPLE,
    SECRETARIES,
    WISH_WORKERS,
    Staff,
)


@dataclass(frozen=True, slots=True)
class Item:
    path: str
    label: str
    roles: tuple[str, ...]


MENU = (
    Item("/console", "总览", ANYONE),
    Item("/console/events", "活动", ANYONE),
    Item("/console/people", "居民", READERS_OF_PEOPLE),
    Item("/console/branches", "支部", SECRETARIES),
    Item("/console/needs", "难处", NEED_WORKERS),
    Item("/console/wishes", "心愿", WISH_WORKERS),
    Item("/console/polls", "议事", POLLSTERS),
    Item("/console/broadcasts", "群发", CALLERS),
    Item("/console/calls", "电话名单", CALLERS),
    Item("/console/points", "服务点", ANYONE),
    Item("/console/menus", "本月菜单", ANYONE),
    Item("/console/reports", "报表", COUNTERS),
    Item("/console/roles", "职务", DISTRICT),
    Item("/console/audit", "审计", OVERSEERS),
    Item("/console/undelivered", "没送到", DISTRICT),
    Item("/console/settings", "设置", DISTRICT),
    Item("/console/health", "运行", DISTRICT),
)


def menu_of(staff: Staff) -> list[Item]:
    return [item for item in MENU if staff.holds(*item.roles)]
