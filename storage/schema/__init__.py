"""Every table we keep, one module per noun. Importing this knows them all."""

from storage.schema import call_list, events, exports, organisations, people, places, records, talks, wechat
from storage.schema.base import metadata

__all__ = [
    "call_list",
    "events",
    "exports",
    "metadata",
    "organisations",
    "people",
    "places",
    "records",
    "talks",
    "wechat",
]
