"""The account that is given at the end: counted through the API, and held against what the citizens handed in."""

from typing import Any

from jieying.demo.client import Client, View
from jieying.journal.store import verify
from jieying.kit.db import Database

FINAL = ("linked", "enquiry", "diverted", "unfounded")
RUNNING = ("open", "active", "resolved")
SHOWN = ("n", "p50_s", "p90_s", "within_target")
HOURS = 24 * 365


async def give_account(auditor: Client, database_url: str, handed_in: set[str]) -> dict[str, Any]:
    """Everything that is claimed about a run; `handed_in` are the ids that the service acknowledged.

    A report is accounted for when it has reached a final state (linked: to an incident that is there; diverted: with
    a request on its way to the hotline or there) or visibly waits for a person.
    """
    reports = {report["id"]: report for report in await _all(auditor, "reports")}
    incidents = {incident["id"]: incident for incident in await _all(auditor, "incidents")}
    waiting = {report["id"] for report in (await auditor.get("/api/reports", waiting="true", limit=500))["reports"]}
    states = [_state(reports.get(id_), incidents, waiting) for id_ in sorted(handed_in)]
    intervals = (await auditor.get("/api/intervals", hours=HOURS))["intervals"]
    entries, faults = await _verify(database_url)
    return {
        "reports": {"received": len(states)} | {state: states.count(state) for state in (*FINAL, "waiting")},
        "incidents": _incidents(list(incidents.values())),
        "intervals": {name: {key: shown[key] for key in SHOWN} for name, shown in intervals.items()},
        "unaccounted": states.count("unaccounted"),
        "journal": {"entries": entries, "faults": faults},
    }


def _state(report: View | None, incidents: dict[str, View], waiting: set[str]) -> str:
    if report is None:
        return "unaccounted"
    if report["state"] == "linked" and report["incident"] not in incidents:
        return "unaccounted"
    if report["state"] == "diverted" and not report["diversion"]:
        return "unaccounted"
    if report["state"] in FINAL:
        return str(report["state"])
    return "waiting" if report["id"] in waiting else "unaccounted"


def _incidents(incidents: list[View]) -> dict[str, int]:
    states = [incident["state"] for incident in incidents]
    ended = {state: states.count(state) for state in ("closed", "merged", "diverted")}
    return {"opened": len(states), **ended, "open": sum(state in RUNNING for state in states)}


async def _all(auditor: Client, what: str) -> list[View]:
    """Every page of a list."""
    found: list[View] = []
    query: dict[str, str | int] = {"limit": 500}
    while True:
        page = await auditor.get(f"/api/{what}", **query)
        found += page[what]
        if not page["next"]:
            return found
        query["before"] = page["next"]


async def _verify(database_url: str) -> tuple[int, int]:
    db = Database(database_url, pool=1)
    try:
        async with db.transaction() as connection:
            entries, faults = await verify(connection)
        return entries, len(faults)
    finally:
        await db.close()
