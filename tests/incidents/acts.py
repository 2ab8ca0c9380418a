"""Short forms of what people do, for tests that need an incident in some state."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from jieying.bootstrap import Platform
from jieying.citypack.model import Level
from jieying.dispatch import actions as dispatch
from jieying.incidents import store
from jieying.incidents.model import AssignmentState, Channel
from jieying.intake.actions import NewReport, take_report
from tests.minicity import spot

FIGHT, ROBBERY, NOISE, CRASH = "有人打架，快来", "有人抢劫，快来", "楼上噪音太吵", "两车追尾"


async def report(
    platform: Platform, words: str = FIGHT, at: tuple[float, float] = (1000, 1000), contact: str = "", **more: Any
) -> UUID:
    """A text report from a device at a spot of the mini city; its steps are due."""
    new = NewReport(Channel.WECHAT, words, point=spot(*at), accuracy_m=10, reporter_contact=contact, **more)
    return (await take_report(platform.site, platform.city, new, "gateway", None)).id


async def incident(
    platform: Platform, words: str = FIGHT, at: tuple[float, float] = (1000, 1000), run: bool = True
) -> UUID:
    """An incident that was reported and, if `run`, offered to whom the platform chose."""
    id_ = await report(platform, words, at)
    if run:
        await platform.run_due()
    async with platform.site.db.transaction() as connection:
        found = (await store.get_report(connection, platform.site.region, id_)).incident_id
    assert isinstance(found, UUID), "the report did not become an incident"
    return found


async def incident_row(platform: Platform, id_: UUID) -> Any:
    async with platform.site.db.transaction() as connection:
        return await store.get_incident(connection, platform.site.region, id_)


async def report_row(platform: Platform, id_: UUID) -> Any:
    async with platform.site.db.transaction() as connection:
        return await store.get_report(connection, platform.site.region, id_)


async def given(platform: Platform, id_: UUID, *states: str) -> list[Any]:
    """The assignments of an incident, oldest first; only those in `states` where these are named."""
    async with platform.site.db.transaction() as connection:
        rows = await store.assignments_of(connection, platform.site.region, [id_])
    return [row for row in rows if not states or row.state in states]


async def unit_row(platform: Platform, code: str) -> Any:
    rows = await fetch(platform, "SELECT * FROM unit WHERE code = :code", code=code)
    return rows[0]


async def fetch(platform: Platform, query: str, **parameters: Any) -> list[Any]:
    async with platform.site.db.transaction() as connection:
        return list((await connection.execute(text(query), parameters)).all())


async def kinds(platform: Platform, subject: object) -> list[str]:
    """What the journal says happened to a subject, in order."""
    rows = await fetch(platform, "SELECT kind FROM journal WHERE subject = :s ORDER BY number", s=str(subject))
    return [row.kind for row in rows]


async def off_duty(platform: Platform, *codes: str) -> None:
    for code in codes:
        await dispatch.set_unit_status(platform.site, code, "t", "off_duty", None)


async def only(platform: Platform, *codes: str) -> None:
    """Leave only these units on duty."""
    await off_duty(platform, *(code for code in platform.site.pack.units if code not in codes))


async def go(platform: Platform, assignment: UUID, until: str) -> None:
    """Accept and go on to `until`: accepted, en_route, on_scene or cleared."""
    await dispatch.accept(platform.site, assignment, "officer")
    for state in (AssignmentState.EN_ROUTE, AssignmentState.ON_SCENE):
        if until in ("accepted", AssignmentState.EN_ROUTE) and state != until:
            break
        await dispatch.go_on(platform.site, assignment, state, "officer")
    if until == "cleared":
        await dispatch.clear(platform.site, assignment, "officer")


LEVELS = {FIGHT: Level.YELLOW, ROBBERY: Level.RED, NOISE: Level.WHITE, CRASH: Level.BLUE}
