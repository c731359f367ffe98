"""Every table we keep, one module per noun. Importing this knows them all."""

from storage.schema import events, exports, organisations, people, places, records, talks
from storage.schema.base import metadata

__all__ = ["events", "exports", "metadata", "organisations", "people", "places", "records", "talks"]
