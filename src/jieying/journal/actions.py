"""Writing to the journal: always inside the transaction of the change it tells of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import CityPack
from jieying.journal import store
from jieying.kit.clock import Clock
from jieying.kit.db import Database
from jieying.kit.ids import new_id
from jieying.kit.keyring import Keyring

SYSTEM = "system"
NO_KEYS = Keyring(Path())  # for those who lock nothing up


@dataclass(frozen=True)
class Site:
    """What every action needs: where it is stored, what time it is, whose city it is, what locks words up.

    `cache` is a folder for what can be made again.
    """

    db: Database
    clock: Clock
    pack: CityPack
    keyring: Keyring = NO_KEYS
    cache: Path | None = None

    @property
    def region(self) -> str:
        return self.pack.region


def entry(
    site: Site,
    kind: str,
    subject_kind: str,
    subject: UUID | str,
    actor: str,
    incident: UUID | None = None,
    **data: Any,
) -> store.NewEntry:
    """An entry for the journal. `data` holds codes, numbers and reasons of staff, nothing of a reporter."""
    now = site.clock.now()
    return store.NewEntry(site.region, new_id(now), now, kind, subject_kind, str(subject), incident, actor, data)


async def record(
    site: Site,
    connection: AsyncConnection,
    kind: str,
    subject_kind: str,
    subject: UUID | str,
    actor: str,
    incident: UUID | None = None,
    **data: Any,
) -> None:
    """Journal that `kind` happened to the subject; see `entry`."""
    await store.append(connection, [entry(site, kind, subject_kind, subject, actor, incident, **data)])
