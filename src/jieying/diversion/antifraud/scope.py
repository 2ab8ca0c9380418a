"""Where a case belongs: to the organisation of its incident, or to the city as long as it has none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.access.rules import Account, Permission
from jieying.diversion.antifraud import store
from jieying.diversion.antifraud.rules import city_of
from jieying.incidents import store as incidents
from jieying.journal.actions import Site
from jieying.kit.errors import Forbidden, NotFound


@dataclass(frozen=True)
class Place:
    """A case's report, its incident if it has one, and whose it is."""

    report: Row[Any]
    incident: UUID | None
    number: str | None
    org: str
    org_paths: tuple[str, ...]


async def places(site: Site, connection: AsyncConnection, cases: Sequence[Row[Any]]) -> dict[UUID, Place]:
    """By the id of the case."""
    reports = {
        row.id: row
        for row in await incidents.reports_by_ids(connection, site.region, [case.report_id for case in cases])
    }
    ids = [row.incident_id for row in reports.values() if row.incident_id]
    opened = {row.id: row for row in await incidents.incidents_by_ids(connection, site.region, ids)}
    city = city_of(site.pack)
    found = {}
    for case in cases:
        report = reports[case.report_id]
        one = opened.get(report.incident_id)
        found[case.id] = (
            Place(report, one.id, one.number, one.org, tuple(one.org_paths))
            if one
            else Place(report, None, None, city, (site.pack.orgs[city].path,))
        )
    return found


async def place_of(site: Site, connection: AsyncConnection, case: Row[Any]) -> Place:
    return (await places(site, connection, [case]))[case.id]


async def seen_case(site: Site, connection: AsyncConnection, account: Account, id: UUID) -> tuple[Row[Any], Place]:
    """The case; NotFound when it is not there or not for this account: the same answer, so nothing leaks."""
    case = await store.get_case(connection, site.region, id)
    place = await place_of(site, connection, case)
    if not account.may(Permission.FRAUD_READ) or not account.sees(place.org_paths):
        raise NotFound("no_such_fraud_case", case=str(id))
    return case, place


def need_city(site: Site, account: Account) -> None:
    """Exchange files hold requests of the whole city: raises Forbidden for who sees only a part of it."""
    if not account.sees([site.pack.orgs[city_of(site.pack)].path]):
        raise Forbidden("exchange_is_of_city")
