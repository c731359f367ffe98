"""The command line: `hongyan COMMAND`, also `python -m bot`. A command is imported only when it is asked for."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import NoReturn, cast

from bot.config import WrongSettings

Run = Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 not done (said why), 2 wrong settings or words."""
    asked = _parser().parse_args(arguments)
    run = cast(Run, import_module(f"bot.commands.{asked.module}").run)
    try:
        return run(asked)
    except WrongSettings as problem:
        print(f"hongyan: {problem}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="hongyan", description="红雁, the chat assistant of 天涯区 for its seasonal residents")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)

    def command(name: str, module: str, about: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(module=module)
        if name != "demo":
            added.add_argument("--config", type=Path, default=Path("config.toml"), metavar="FILE")
        return added

    demo = command("demo", "demo", "Start at once with sample data: a chat page and a console, no account needed")
    demo.add_argument("--port", type=int, default=8080)
    demo.add_argument("--data", type=Path, default=Path("demo"), metavar="DIR")
    command("run", "run", "Start the service")
    command("check", "check", "Look for everything that will not work, and say how to mend it")
    moving = command("migrate", "migrate", "Bring the database to the tables of this version")
    moving.add_argument("--to", metavar="URL", help="copy everything into an empty postgresql://… and compare it")
    backup = command("backup", "backup", "Copy the database while it is in use, and verify the copy")
    backup.add_argument("file", type=Path, metavar="FILE")
    command("mend", "mend", "Write a file with a damaged page anew, where no row is lost by it")
    restore = command("restore", "restore", "Bring a backup back; sending stays paused until it is released")
    restore.add_argument("file", type=Path, metavar="FILE")

    person = command("person", "person", "For relatives of somebody who has died: a copy of what is held, or erasure")
    person.add_argument("action", choices=["copy", "erase"])
    person.add_argument("--reason", required=True, help="who asked, what was shown; kept in the audit log, no names")
    person.add_argument("-o", dest="output", type=Path, metavar="FILE")

    command("release", "release", "Let messages go out again after a restore")
    rotate = command("rotate-keys", "rotate_keys", "Make a new key, and seal everything anew with it")
    rotate.add_argument("--only-finish", action="store_true", help="no new key: seal what is left, drop what is unused")
    audit = command("audit", "audit", "Look whether the audit log is as it was written")
    audit.add_argument("action", choices=["verify"])
    audit.add_argument("--last-hash", type=bytes.fromhex, metavar="HASH", help="one noted earlier, as at a backup")

    for noun, about in (("points", "Service points"), ("people", "Residents")):
        group = command(noun, f"{noun}_import", f"{about}: import a file")
        group.add_argument("action", choices=["import"])
        group.add_argument("file", type=Path, metavar="FILE")
        group.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    grant = command("grant", "grant", "Give a role to an account")
    grant.add_argument("role")
    grant.add_argument("--account", required=True, metavar="CHANNEL:ID")
    grant.add_argument("--point", metavar="CODE")

    export = command("export", "export", "Write counts and lists to a file")
    export.add_argument("what", choices=["attendance"])
    export.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="DATE")
    export.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="DATE")
    export.add_argument("--format", choices=["xlsx", "csv"], default="xlsx")
    export.add_argument("-o", dest="output", type=Path, required=True, metavar="FILE")

    report = command("report", "report", "Write the report of a season, by the year it begins in")
    report.add_argument("what", choices=["season"])
    report.add_argument("year", type=int)
    report.add_argument("-o", dest="output", type=Path, required=True, metavar="FILE")

    code = command("qr", "qr", "A QR code for a poster: it opens the chat at an event, a point or a check-in")
    code.add_argument("payload", help="event-12, signup-12, point-TYHY-S001")
    code.add_argument("--channel", choices=["web", "telegram", "wechat"], default="web")
    code.add_argument("-o", dest="output", type=Path, required=True, metavar="FILE")

    link = command("console-link", "console_link", "A one-time link that signs in to the console")
    link.add_argument("--account", metavar="CHANNEL:ID")
    return parser


if __name__ == "__main__":
    sys.exit(main())
