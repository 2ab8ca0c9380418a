"""Who is told when an incident is opened, as its response plan says, of a move that was suggested, of a question that
nobody answered, of a request that the hotline does not get, and of cases of fraud: a subscriber of the journal.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.access.rules import Role
from jieying.citypack.model import Level
from jieying.dispatch.rules import plan_for
from jieying.diversion.antifraud.rules import city_of
from jieying.journal.actions import SYSTEM, Site, entry
from jieying.journal.model import Entry
from jieying.journal.store import append
from jieying.kit.ids import new_id
from jieying.supervise import store
from jieying.supervise.rules import Told, rung_of, top, whom

_OF_FRAUD = {"fraud.opened", "fraud.refused", "fraud.waiting", "fraud.expiring", "fraud.lapsed"}
HEEDS = frozenset({"incident.opened", "unit.move_suggested", "asked.overdue", "hotline.stuck"} | _OF_FRAUD)


async def tell(site: Site, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Notify those whom the plans of newly opened incidents name, and those who send the unit that should move."""
    notifications, told = [], []
    for one in entries:
        for target, params in _told_of(site, one):
            id_ = new_id(site.clock.now())
            notifications.append(
                {
                    "region": site.region, "id": id_, "at": site.clock.now(), "kind": one.kind,
                    "role": target.role, "org": target.org, "incident_id": one.incident,
                    "report_id": UUID(one.subject) if one.kind == "hotline.stuck" and not one.incident else None,
                    "params": params,
                }
            )  # fmt: skip
            told.append(
                entry(
                    site, "plan.told", one.subject_kind, one.subject, SYSTEM, one.incident,
                    role=target.role, org=target.org, notification=str(id_),
                )
            )  # fmt: skip
    if told:
        await store.add_notifications(connection, notifications)
        await append(connection, told)


def _told_of(site: Site, one: Entry) -> list[tuple[Told, dict[str, Any]]]:
    if one.kind == "incident.opened" and one.incident is not None:
        level, category = one.data["level"], one.data["category"]
        plan = plan_for(site.pack, category, Level(level))
        params = {"level": level, "category": category}
        return [(whom(site.pack, named.role, named.org_kind, one.data["org"]), params) for named in plan.notify]
    if one.kind == "unit.move_suggested" and one.subject in site.pack.units:
        # Whom the ladder tells first of something late: who dispatches there.
        first = rung_of(site.pack, 0, site.pack.units[one.subject].org)
        gains = [reason["params"] for reason in one.data["reasons"] if reason["code"] == "move_gain"]
        return [(first[0], {"unit": one.subject, "area": one.data["area"], **gains[0]})] if first else []
    if one.kind in _OF_FRAUD:
        return _told_of_fraud(site, one)
    if one.kind == "asked.overdue":
        rung = rung_of(site.pack, one.data["rung"], one.data["org"])
        return [(rung[0], {"rung": one.data["rung"] + 1})] if rung else []
    if one.kind == "hotline.stuck":
        first = rung_of(site.pack, 0, top(site.pack))
        return [(first[0], {})] if first else []
    return []


def _told_of_fraud(site: Site, one: Entry) -> list[tuple[Told, dict[str, Any]]]:
    """The desk itself; of what it leaves waiting and of a stop that ends, the ladder too."""
    desk, params = Told(Role.FRAUD_DESK, city_of(site.pack)), {"case": one.subject}
    if one.kind in ("fraud.opened", "fraud.refused"):
        return [(desk, params)]
    number = one.data.get("rung", 0)
    rung = rung_of(site.pack, number, one.data["org"])
    params |= {"rung": number + 1, "stop_state": one.data.get("stop_state", "stopped")}
    return [(desk, params), *([(rung[0], params)] if rung else [])]
