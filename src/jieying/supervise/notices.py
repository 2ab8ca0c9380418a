"""Who is told when an incident is opened, as its response plan says: a subscriber of the journal."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Level
from jieying.dispatch.rules import plan_for
from jieying.journal.actions import SYSTEM, Site, entry
from jieying.journal.model import Entry
from jieying.journal.store import append
from jieying.kit.ids import new_id
from jieying.supervise import store
from jieying.supervise.rules import whom


async def tell(site: Site, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Notify those whom the plans of newly opened incidents name."""
    now = site.clock.now()
    notifications, told = [], []
    for one in entries:
        if one.kind != "incident.opened" or one.incident is None:
            continue
        level, category = one.data["level"], one.data["category"]
        for named in plan_for(site.pack, category, Level(level)).notify:
            target = whom(site.pack, named.role, named.org_kind, one.data["org"])
            notifications.append(
                {
                    "region": site.region, "id": new_id(now), "at": now, "kind": "incident.opened",
                    "role": target.role, "org": target.org, "incident_id": one.incident, "report_id": None,
                    "params": {"level": level, "category": category},
                }
            )  # fmt: skip
            told.append(
                entry(
                    site, "plan.told", "incident", one.incident, SYSTEM, one.incident,
                    role=target.role, org=target.org,
                )
            )  # fmt: skip
    if told:
        await store.add_notifications(connection, notifications)
        await append(connection, told)
