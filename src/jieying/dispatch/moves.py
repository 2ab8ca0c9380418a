"""Move-up: the platform suggests to a free unit where to wait, so that the next call finds somebody near. No orders.

A subscriber of the journal, and a part of the housekeeping: who has arrived is seen there.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.dispatch import store
from jieying.dispatch.coverage import review
from jieying.dispatch.decide import Decider
from jieying.journal.actions import SYSTEM, Site, record
from jieying.journal.model import Entry
from jieying.kit.geo import Point
from jieying.kit.reasons import Reason
from jieying.units import store as units

# After these, somebody is bound who was free, or free who was bound.
_OF_ASSIGNMENTS = {"assignment.accepted", "assignment.cleared", "assignment.released"}
HEEDS = frozenset(_OF_ASSIGNMENTS | {"unit.status", "duty.begun", "duty.ended"})


async def follow(decider: Decider, site: Site, connection: AsyncConnection, _: Sequence[Entry]) -> None:
    """Look at the coverage again when it has changed."""
    await suggest(decider, site, connection)


async def suggest(decider: Decider, site: Site, connection: AsyncConnection) -> None:
    """Withdraw the suggestions that are over, and make at most one new one."""
    await store.lock_moves(connection)
    now, region = site.clock.now(), site.region
    rows = await units.list_units(connection, region)  # by code
    facts = [fact for row in rows if (fact := decider.unit_facts(row, now))]
    coverage = decider.coverage(facts)
    if coverage is None:
        return
    demand, number = coverage.demand, {fact.code: i for i, fact in enumerate(facts)}
    suggested = await store.moves(connection, region)
    standing = [row for row in suggested if row.unit in number]
    posts = demand.nearest([Point(row.lat, row.lon) for row in standing]).tolist() if standing else []
    over, move = review(coverage, {number[row.unit]: post for row, post in zip(standing, posts, strict=True)})
    gone = {row.unit for row in suggested} - number.keys()  # the pack has them no more
    await store.end_moves(connection, region, gone | {facts[unit].code for unit in over})
    for unit, why in over.items():
        code = facts[unit].code
        await record(site, connection, "unit.move_withdrawn", "unit", code, SYSTEM, unit=code, why=why)
    if move is None:
        return
    code, post, area = facts[move.unit].code, demand.places[move.post], demand.names[move.post]
    minutes = f"{site.pack.dispatch.cover_s / 60:g}"
    reasons = [
        Reason("move_gain", {"minutes": minutes, "percent": f"{100 * move.gain:.1f}"}),
        Reason("eta", {"minutes": round(move.seconds / 60, 1), "seconds": round(move.seconds)}),
    ]
    await store.add_move(connection, region, code, now, post)
    await record(
        site, connection, "unit.move_suggested", "unit", code, SYSTEM, unit=code, lat=post.lat, lon=post.lon, area=area,
        gain=round(move.gain, 4), reasons=[reason.as_json() for reason in reasons],
    )  # fmt: skip
