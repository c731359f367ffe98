"""hongyan restore FILE."""

import argparse
import sys

from bot import config
from storage.backup import BadBackup, restore


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    if not settings.database_url.startswith("sqlite:"):
        print("hongyan: for PostgreSQL use pg_restore; docs/operations.md has the command", file=sys.stderr)
        return 1
    try:
        moved = restore(asked.file, settings.database_url)
    except (BadBackup, OSError) as problem:
        print(f"hongyan: nothing was changed: {problem}", file=sys.stderr)
        return 1
    if moved is not None:
        print(f"The database that was there is now {moved}.")
    print("Restored. Sending is paused until a member of staff releases it, so that nothing goes out twice.")
    return 0
