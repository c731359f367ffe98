"""Ways in which a file stops taking anything: each ends with its block."""

import asyncio
import fcntl
import os
import resource
import sqlite3
import struct
import sys
from contextlib import asynccontextmanager, closing

import pytest

_FLAGS = 0x80086601, 0x40086602  # FS_IOC_GETFLAGS, FS_IOC_SETFLAGS
_IMMUTABLE = 0x10
_HOLD = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
file.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


def _empty_the_log(path):
    with closing(sqlite3.connect(path, timeout=30)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@asynccontextmanager
async def full(path):
    """No file of this process may grow, as on a disk without room."""
    await asyncio.to_thread(_empty_the_log, path)  # it waits for readers, who want the loop
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@asynccontextmanager
async def read_only(path):
    """What an administrator's `chattr +i`, or a disk that the kernel no longer trusts, does to files that are open."""
    files = [path, path.with_name(path.name + "-wal")]
    try:
        for file in files:
            _set_immutable(file, on=True)
    except OSError:
        pytest.skip("this file system, or this user, cannot make a file read-only while it is open")
    try:
        yield
    finally:
        for file in files:
            _set_immutable(file, on=False)


def _set_immutable(path, *, on):
    handle = os.open(path, os.O_RDONLY)
    try:
        flags = struct.unpack("l", fcntl.ioctl(handle, _FLAGS[0], struct.pack("l", 0)))[0]
        fcntl.ioctl(handle, _FLAGS[1], struct.pack("l", flags | _IMMUTABLE if on else flags & ~_IMMUTABLE))
    finally:
        os.close(handle)


@asynccontextmanager
async def locked(path):
    """Another process holds it."""
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", _HOLD, str(path), **pipes)
    assert await other.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        other.stdin.close()
        await other.wait()


def spoil(path, table):
    """Overwrite the first page of a table, as a dying disk does."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [page] = file.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        [size] = file.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xee" * size)
