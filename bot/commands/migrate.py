"""hongyan migrate."""

import argparse

from bot import config
from storage.migrations import migrate


def run(asked: argparse.Namespace) -> int:
    migrate(config.read(asked.config).database_url)
    print("The database is up to date.")
    return 0
