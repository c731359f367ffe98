"""hongyan backup FILE."""

import argparse
import sys

from bot import config
from storage.backup import BadBackup, back_up


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    if not settings.database_url.startswith("sqlite:"):
        print("hongyan: for PostgreSQL use pg_dump; docs/operations.md has the command", file=sys.stderr)
        return 1
    try:
        size = back_up(settings.database_url, asked.file)
    except (BadBackup, OSError) as problem:
        print(f"hongyan: no backup was made: {problem}", file=sys.stderr)
        return 1
    print(f"{asked.file}: {size} bytes, verified. Keep the key file {settings.key_file} in another place.")
    return 0
