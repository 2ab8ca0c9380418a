"""The schema, step by step (Alembic). `upgrade` is what `jieying db upgrade` calls."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from jieying.kit.db import Database


def config() -> Config:
    """Alembic's settings without a file."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    return settings


def _upgrade(connection: Connection) -> None:
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")


async def upgrade(db: Database) -> None:
    """Bring the schema to the newest state; nothing happens when it is there already."""
    async with db.engine.begin() as connection:
        await connection.run_sync(_upgrade)
