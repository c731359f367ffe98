"""hongyan mend."""

import argparse
import sqlite3
import sys

from bot import config
from storage.lease import InUse
from storage.mending import RowsLost, mend


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    if not settings.database_url.startswith("sqlite:"):
        print("hongyan: for PostgreSQL use REINDEX DATABASE; docs/operations.md says more", file=sys.stderr)
        return 1
    try:
        mended = mend(settings.database_url)
    except InUse:
        print("hongyan: nothing was changed: stop the program first", file=sys.stderr)
        return 1
    except (RowsLost, sqlite3.Error, OSError) as problem:
        print(
            f"hongyan: nothing was changed: {problem}; bring the last backup back (`hongyan restore`)", file=sys.stderr
        )
        return 1
    print(f"{mended.rows} rows are written anew and none is missing. The file that was there is now {mended.moved}.")
    return 0
