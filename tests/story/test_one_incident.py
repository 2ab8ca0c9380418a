"""One incident from the call to its call-back, over HTTP, as docs/one-incident.md tells it."""

from typing import Any

import httpx

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from tests.conftest import SignIn


async def test_a_call_reaches_the_responsible_unit_and_is_watched_until_it_is_closed(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform, clock: ManualClock
) -> None:
    taker, dispatcher = await sign_in(Role.CALL_TAKER, "C"), await sign_in(Role.DISPATCHER, "C")
    gateway = await sign_in(Role.GATEWAY, "C")

    async def post(path: str, who: dict[str, str], after_s: float = 5, **body: Any) -> Any:
        clock.advance(after_s)
        answer = await client.post(f"/api{path}", headers=who, json=body)
        assert answer.status_code < 300, answer.text
        await platform.run_due()
        return answer.json() if answer.content else None

    # The telephone rings; the call-taker answers and writes down what is said.
    report = (await post("/reports", gateway, channel="phone", reporter={"contact": "13900000000"}))["id"]
    await post(f"/reports/{report}/answer", taker, after_s=2)
    await post(f"/reports/{report}/describe", taker, after_s=15, words="中心广场有人打架，有人受伤")
    shown = (await client.get(f"/api/reports/{report}", headers=taker)).json()
    assert (shown["state"], shown["category"], shown["level"]) == ("linked", "fight", "orange")  # 受伤 raises it
    incident = shown["incident"]

    # It is offered to the nearest unit of the responsible station, with the reasons.
    opened = (await client.get(f"/api/incidents/{incident}", headers=dispatcher)).json()
    (offer,) = opened["assignments"]
    assert (opened["place"], offer["state"]) == ("中心广场", "offered")
    assert {reason["code"] for reason in offer["reasons"]} >= {"eta", "own_station"}
    assert opened["guidance"]["zh"]
    org = platform.site.pack.units[offer["unit"]].org
    officer = await sign_in(Role.OFFICER, org, unit=offer["unit"])

    # Its officer takes it, speaks with the caller, drives there, and says what he found.
    for step, state in (("accept", "committed"), ("en-route", "en_route"), ("on-scene", "on_scene")):
        await post(f"/assignments/{offer['id']}/{step}", officer, after_s=20)
        units = (await client.get("/api/units", headers=officer)).json()["units"]
        assert {unit["code"]: unit["status"] for unit in units}[offer["unit"]] == state
    await post(f"/incidents/{incident}/hand-over", officer)
    await post(f"/incidents/{incident}/resolve", officer, after_s=300, outcome="mediated", notes="已调解")
    resolved = await post(f"/assignments/{offer['id']}/clear", officer)
    assert resolved["state"] == "resolved"

    # The reporter is called back and is content.
    closed = await post(f"/incidents/{incident}/close", dispatcher, after_s=600, call_back="satisfied")
    assert (closed["state"], closed["outcome"], closed["call_back"]) == ("closed", "mediated", "satisfied")
    assert [clock["state"] for clock in closed["clocks"]] == ["met"] * 5

    # Everything is on its timeline, and the intervals are counted from it.
    timeline = (await client.get(f"/api/incidents/{incident}/timeline", headers=dispatcher)).json()["entries"]
    kinds = [entry["kind"] for entry in timeline]
    for before, after in (
        ("incident.opened", "assignment.offered"), ("assignment.offered", "assignment.accepted"),
        ("assignment.accepted", "assignment.on_scene"), ("assignment.on_scene", "assignment.cleared"),
        ("assignment.cleared", "incident.resolved"), ("incident.resolved", "incident.closed"),
    ):  # fmt: skip
        assert kinds.index(before) < kinds.index(after)
    measured = (await client.get("/api/intervals", headers=dispatcher)).json()["intervals"]
    assert {name: one["p50_s"] for name, one in measured.items()} == {
        "answer": 2, "processing": 15, "turnout": 40, "travel": 20, "response": 77,
    }  # fmt: skip
