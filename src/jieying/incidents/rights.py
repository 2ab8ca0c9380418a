"""Which incidents an account may see."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.access.rules import Account, Permission
from jieying.incidents.store import IncidentRow, get_incident
from jieying.kit.errors import NotFound


def may_see(account: Account, row: IncidentRow) -> bool:
    """Within the account's part of the tree; an officer also what his own unit is asked to do."""
    return account.may(Permission.INCIDENT_READ) and account.sees(row.org_paths)


async def seen_incident(connection: AsyncConnection, region: str, account: Account, id: UUID) -> IncidentRow:
    """The incident; NotFound when it is not there or not for this account: the same answer, so nothing leaks."""
    row = await get_incident(connection, region, id)
    if not may_see(account, row):
        raise NotFound("no_such_incident", incident=str(id))
    return row
