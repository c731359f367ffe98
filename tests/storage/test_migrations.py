"""The migrations make exactly the tables that the schema describes."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from storage.migrations import engine_for, is_current, migrate
from storage.schema import metadata


def test_the_migrations_and_the_schema_agree(databases, tmp_path):
    with engine_for(databases.new(tmp_path / "hongyan.db")) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        assert is_current(connection)


def test_migrating_twice_is_harmless(tmp_path):
    url = f"sqlite:///{tmp_path}/x/hongyan.db"
    migrate(url)
    migrate(url)
