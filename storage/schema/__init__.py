"""Every table we keep, one module per noun. Importing this knows them all."""

from storage.schema import events, organisations, people, places, records, talks, wechat
from storage.schema.base import metadata

__all__ = ["events", "metadata", "organisations", "people", "places", "records", "talks", "wechat"]
