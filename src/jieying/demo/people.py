"""The accounts of the demo: a few to log in with, and those of the people it plays."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from jieying.access.actions import add_account
from jieying.access.rules import Role
from jieying.citypack.model import CityPack, OrgKind
from jieying.demo.call_takers import CALL_TAKERS
from jieying.journal.actions import Site
from jieying.kit.clock import Clock
from jieying.kit.db import Database
from jieying.kit.texts import Language, text

# Not a secret: the demo listens on this machine only, and holds nothing but invention.
PASSWORD = "jieying-demo"  # noqa: S105
# Those whom the demo plays are nobody's business.
PLAYED = secrets.token_urlsafe(16)


@dataclass(frozen=True)
class Person:
    username: str
    role: Role
    org: str
    unit: str | None = None


def guests(pack: CityPack) -> list[Person]:
    """One account of each kind, to look around with."""
    city = _city(pack)
    station = next((org.code for org in pack.orgs.values() if org.kind is OrgKind.STATION), city)
    unit = next((unit for unit in pack.units.values() if unit.org == station), next(iter(pack.units.values())))
    return [
        Person("dispatcher", Role.DISPATCHER, city),
        Person("commander", Role.COMMANDER, city),
        Person("call-taker", Role.CALL_TAKER, city),
        Person("station", Role.COMMANDER, station),
        Person("officer", Role.OFFICER, unit.org, unit.code),
        Person("fraud-desk", Role.FRAUD_DESK, city),
        Person("auditor", Role.AUDITOR, city),
    ]


def played(pack: CityPack) -> Iterator[Person]:
    """Those who do the work in the demo; one account of each county, and one of the city, acts for all its units."""
    city = _city(pack)
    yield Person("gateway", Role.GATEWAY, city)
    yield Person("desk", Role.DISPATCHER, city)
    yield Person("anti-fraud", Role.FRAUD_DESK, city)
    for number in range(1, CALL_TAKERS + 1):
        yield Person(f"call-taker-{number}", Role.CALL_TAKER, city)
    for org in sorted({spokesman_org(pack, unit.org) for unit in pack.units.values()}):
        yield Person(f"officers-{org}", Role.COMMANDER, org)


def spokesman_org(pack: CityPack, org: str) -> str:
    """The organisation whose account acts for the units of this one."""
    return next((above.code for above in pack.orgs_above(org) if above.kind is OrgKind.COUNTY), org)


async def add_people(url: str, clock: Clock, pack: CityPack, language: Language) -> None:
    """Add all accounts to the database of the demo."""
    db = Database(url, pool=1)
    site = Site(db, clock, pack)
    try:
        for person in guests(pack):
            await _add(site, person, PASSWORD, language)
        for person in played(pack):
            await _add(site, person, PLAYED, language)
    finally:
        await db.close()


async def _add(site: Site, person: Person, password: str, language: Language) -> None:
    await add_account(
        site, username=person.username, name=text(f"role.{person.role}", language), password=password, role=person.role,
        org=person.org, unit=person.unit,
    )  # fmt: skip


def _city(pack: CityPack) -> str:
    """The organisation that sees the whole city."""
    return next((org.code for org in pack.orgs.values() if org.kind is OrgKind.CITY), next(iter(pack.orgs)))
