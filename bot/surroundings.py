"""What of the machine under the program will not work: folders, files, disk, port, clock, and how to mend each."""

import os
import resource
import shutil
import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from bot.backups import Backups
from bot.config import Settings
from bot.serving import listen
from storage.database import sqlite_path

Finding = tuple[bool, str]
"""Whether it stops the service, and what to do."""

_ROOM = 200_000_000  # bytes free, below which writing will soon fail
_FILES = 1024  # open at once: each open chat page is one
_BACKUP_AGE = timedelta(hours=26)
_NOT_LOCAL = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph"})
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def findings(settings: Settings, now: datetime) -> Iterator[Finding]:
    yield from _private(settings)
    yield from _folders(settings)
    yield from _database_file(settings)
    yield from _room(settings)
    yield from _backups(settings, now)
    yield from _port(settings)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < _FILES:
        yield False, f"fewer than {_FILES} files may be open at once; LimitNOFILE in deploy/hongyan.service raises it"


def _private(settings: Settings) -> Iterator[Finding]:
    """Files that hold secrets."""
    if settings.key_file.exists() and settings.key_file.stat().st_mode & _OTHERS:
        yield True, f"storage.key_file: others can read {settings.key_file}; chmod 600 it"
    telegram, wechat = settings.config.telegram, settings.config.wechat
    has_secrets = bool(telegram.token or wechat.app_secret or "@" in settings.config.storage.url)
    if has_secrets and settings.file.exists() and settings.file.stat().st_mode & _OTHERS:
        yield True, f"others can read {settings.file}, which holds secrets; chmod 600 it"


def _folders(settings: Settings) -> Iterator[Finding]:
    folders = {"storage.key_file": settings.key_file.parent}
    if settings.database_url.startswith("sqlite:"):
        folders |= {"storage.url": sqlite_path(settings.database_url).parent, "backups": settings.folder / "backups"}
    if settings.log_file is not None:
        folders["logs.file"] = settings.log_file.parent
    for name, folder in folders.items():
        if problem := _cannot_write(folder):
            yield True, f"{name}: nothing can be written in {folder} ({problem}); make it, and chown it to the service"


def _cannot_write(folder: Path) -> str:
    """Why, or nothing. A folder that is not there yet will be made, so the one above it counts."""
    while not folder.exists() and folder.parent != folder:
        folder = folder.parent
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".hongyan-check-"):
            return ""
    except OSError as problem:
        return problem.strerror or type(problem).__name__


def _database_file(settings: Settings) -> Iterator[Finding]:
    if not settings.database_url.startswith("sqlite:"):
        return
    path = sqlite_path(settings.database_url)
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        try:
            if file.exists():
                os.close(os.open(file, os.O_RDWR))
        except OSError as problem:
            yield True, f"storage.url: {file} cannot be written ({problem.strerror}); chown it to the service"
    if (kind := _file_system(path.parent)) in _NOT_LOCAL:
        yield True, f"storage.url: {path} lies on {kind}, where SQLite loses what is written; put it on a disk of here"


def _file_system(folder: Path) -> str:
    """Its kind, as Linux names it; empty where that is not known."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ""
    here = [mount for mount in mounts if folder.resolve().is_relative_to(mount[1])]
    return max(here, key=lambda mount: len(mount[1]), default=["", "", ""])[2]


def _room(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.folder).free
    size = 0
    if settings.database_url.startswith("sqlite:") and (path := sqlite_path(settings.database_url)).exists():
        size = path.stat().st_size
    if free < _ROOM:
        yield True, f"the disk of {settings.folder} has {free // 1_000_000} MB left; make room, or nothing can be kept"
    elif free < 2 * size + _ROOM:  # a backup is copied, then sealed
        yield False, f"the disk of {settings.folder} has {free // 1_000_000} MB left, too little for the next backup"


def _backups(settings: Settings, now: datetime) -> Iterator[Finding]:
    command = settings.config.storage.backup_copy_command
    if command and shutil.which(command[0]) is None:
        yield True, f"storage.backup_copy_command: there is no program {command[0]} here; install it, or name its path"
    if not settings.database_url.startswith("sqlite:"):
        return
    if not command:
        yield False, "storage.backup_copy_command: empty, so backups are lost together with this disk"
    made = [path.stat().st_mtime for path in Backups.all_in(settings)]
    if made and (age := now.timestamp() - max(made)) > _BACKUP_AGE.total_seconds():
        yield (
            False,
            f"the newest backup is {age // 86_400:.0f} days old; the log of 2:40 says why, `hongyan backup` tries",
        )


def _port(settings: Settings) -> Iterator[Finding]:
    web = settings.config.web
    if web.port == 0:
        return
    try:
        listen(web.host, web.port).close()
    except OSError as problem:
        if not _is_us(web.host, web.port):
            yield (
                True,
                f"web.port: {web.host}:{web.port} cannot be used ({os.strerror(problem.errno or 0)}); take another",
            )


def _is_us(host: str, port: int) -> bool:
    here = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - it only asks there  # nosec B104
    address = f"[{here}]" if ":" in here else here
    try:
        with build_opener(ProxyHandler({})).open(f"http://{address}:{port}/healthz", timeout=3) as answer:
            return bool(answer.read(10) == b"ok")
    except (URLError, OSError, ValueError):
        return False
