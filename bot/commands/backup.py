"""hongyan backup FILE."""

import argparse
import sys

from bot import config, opening
from storage.backup import BadBackup, back_up


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    if not settings.database_url.startswith("sqlite:"):
        print("hongyan: for PostgreSQL use pg_dump; docs/operations.md has the command", file=sys.stderr)
        return 1
    try:
        made = back_up(settings.database_url, asked.file, opening.vault(settings), settings.config.storage.cipher)
    except (BadBackup, OSError) as problem:
        print(f"hongyan: no backup was made: {problem}", file=sys.stderr)
        return 1
    print(f"{asked.file}: {made.size} bytes, sealed, and opened again to verify it.")
    print(f"Its audit log has {made.audit_rows} rows; the last hash is {made.audit_hash}.")
    print(f"It opens with the key file {settings.key_file} alone: keep that in another place.")
    return 0
