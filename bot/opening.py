"""Opens the database that the settings name, for the service and for commands beside it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from bot.config import Settings, WrongSettings
from storage import people
from storage.backup import holds_people
from storage.database import Database, StorageFault, open_database, sqlite_path
from storage.lease import Heard, InUse, Lease, held
from storage.migrations import migrate
from storage.vault import Vault


def vault(settings: Settings) -> Vault:
    """Raises `WrongSettings` when the key file cannot be read, or is gone while there is something sealed with it."""
    if settings.database_url.startswith("sqlite:") and not settings.key_file.exists():
        path = sqlite_path(settings.database_url)
        if holds_people(path):
            raise WrongSettings(
                f"storage.key_file: {settings.key_file} is not there, and nothing in {path.name} opens without it; "
                "put it back from its safe place"
            )
    try:
        return Vault.load_or_create(settings.key_file, settings.config.storage.cipher)
    except (OSError, ValueError, KeyError) as problem:
        raise WrongSettings(
            f"storage.key_file: {settings.key_file} cannot be used ({type(problem).__name__})"
        ) from None


@asynccontextmanager
async def lease(
    settings: Settings, opened: Database, heard: Heard, clock: Callable[[], datetime]
) -> AsyncIterator[Lease]:
    """Raises `WrongSettings` when another program is at work on the same SQLite file."""
    async with AsyncExitStack() as stack:
        try:
            taken_part = await stack.enter_async_context(held(settings.database_url, opened.worker, heard, clock))
        except InUse as problem:
            raise WrongSettings(
                f"storage.url: another program is running on {problem} already; several workers need PostgreSQL"
            ) from None
        yield taken_part


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Migrated and open. Raises `WrongSettings` when there is no way to it."""
    opened_vault = vault(settings)
    try:
        migrate(settings.database_url)
    except ValueError as problem:
        raise WrongSettings(str(problem)) from None
    except OSError as problem:
        raise WrongSettings(f"storage.url: {type(problem).__name__}: {problem.strerror}") from None
    except StorageFault as fault:
        raise WrongSettings(f"storage.url: {fault}; `hongyan check` looks why") from None
    async with open_database(settings.database_url, opened_vault, settings.config.bot.message_hours()) as opened:
        if not await opened.read(people.can_be_opened):
            raise WrongSettings(f"storage.key_file: {settings.key_file} is not the one that sealed this database")
        yield opened
