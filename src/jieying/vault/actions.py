"""Locking words up, and the one way to read them again: with a reason, on record."""

import logging
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.journal.actions import Site, record
from jieying.kit.errors import NotFound
from jieying.vault import store

log = logging.getLogger(__name__)

Reason = Literal["incident", "report", "asked"]


async def put(
    site: Site, connection: AsyncConnection, subject_kind: str, subject: UUID, field: str, words: str
) -> None:
    """Part of a larger action, whose entry stands for this one too. Raises Unavailable when there is no key."""
    locked = site.keyring.lock(words, _about(site, subject_kind, subject, field))
    await store.add(connection, site.region, subject_kind, subject, field, locked, site.clock.now())


async def look_up(
    site: Site, subject_kind: str, subject: UUID, field: str, actor: str, *, reason: Reason, reason_id: UUID
) -> str:
    """What was locked up; that `actor` read it, and for which incident, report or question, is journalled.

    Whether he may is the caller's to know. Raises NotFound, Unavailable; nothing is read then and nothing journalled.
    """
    async with site.db.transaction() as connection:
        locked = await store.find(connection, site.region, subject_kind, subject, field)
        if locked is None:
            raise NotFound("vault_nothing", subject=str(subject))
        words = site.keyring.open(locked, _about(site, subject_kind, subject, field))
        await record(
            site, connection, "vault.opened", subject_kind, subject, actor, reason_id if reason == "incident" else None,
            field=field, reason=reason, reason_id=str(reason_id),
        )  # fmt: skip
    return words


def prepare(site: Site) -> None:
    """At the start: make the key if there is none. Without one the platform goes on, and what needs it says so."""
    try:
        if site.keyring.make():
            log.warning("made a new key for the vault: keep a copy of %s, apart from the backups", site.keyring.file)
    except OSError as error:
        log.error("the key of the vault can't be made in %s: %s", site.keyring.file, error.strerror)


def _about(site: Site, subject_kind: str, subject: UUID, field: str) -> str:
    """Bound to its place: a row that is copied to another does not open there."""
    return f"{site.region}/{subject_kind}/{subject}/{field}"
