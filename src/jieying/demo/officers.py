"""The officers of all units: they hear an offer, accept, turn out, drive, work, record the outcome and clear."""

from jieying.demo.client import Client, Turned, View
from jieying.demo.fleet import Fleet
from jieying.demo.people import spokesman_org
from jieying.demo.world import World
from jieying.kit.geo import Point

HEAR_S, CALL_S, TURNOUT_S, SECOND_S = 6.0, 8.0, 25.0, 60.0
DECLINES, SLEEPS, CALLS = 0.03, 0.02, 0.6
# Share of the usual road time: with blue lights, and without.
EFFORT = {"red": 0.8, "orange": 0.85}
# Minutes on scene and what is found there, by the top-level category's first digit.
WORK_MIN = {"1": 25.0, "2": 14.0, "3": 13.0, "4": 14.0, "5": 18.0}
OUTCOMES = {
    "1": ["case_criminal", "case_criminal", "suspect_seized", "case_administrative", "gone"],
    "2": ["mediated", "mediated", "handled", "case_administrative", "gone"],
    "3": ["traffic_fast", "traffic_fast", "traffic_case", "handled"],
    "4": ["helped", "helped", "handled", "to_medical", "to_fire"],
    "5": ["mediated", "handled", "to_other"],
}
ENDED = ("cleared", "declined", "expired", "withdrawn", "released")


class Officers:
    def __init__(self, world: World, fleet: Fleet) -> None:
        self.world = world
        self.fleet = fleet
        self._at_work: set[str] = set()
        world.feed.listen(self._look)

    def _look(self, incidents: list[View], _: list[View]) -> None:
        for incident in incidents:
            for assignment in incident["assignments"]:
                if assignment["state"] not in ENDED and assignment["id"] not in self._at_work:
                    self._at_work.add(assignment["id"])
                    self.world.start(self._serve(incident, assignment))

    async def _serve(self, incident: View, assignment: View) -> None:
        """Walk one assignment from state to state; where somebody else was first, from what is now so."""
        id_, code = assignment["id"], assignment["unit"]
        org = spokesman_org(self.world.pack, self.world.pack.units[code].org)
        station = self.world.account(f"officers-{org}")
        try:
            while assignment["state"] not in ENDED:
                try:
                    incident = await self._step(station, incident, assignment)
                except Turned as turned:
                    if turned.status != 409:
                        raise
                    incident = await station.get(f"/api/incidents/{incident['id']}")
                assignment = next((a for a in incident["assignments"] if a["id"] == id_), {"state": "released"})
        finally:
            self._at_work.discard(id_)

    async def _step(self, station: Client, incident: View, assignment: View) -> View:
        world, code, path = self.world, assignment["unit"], f"/api/assignments/{assignment['id']}"
        match assignment["state"]:
            case "offered":
                return await self._decide(station, assignment, path)
            case "accepted":
                return await self._turn_out(station, incident, assignment, path)
            case "en_route":
                effort = EFFORT.get(incident["level"], 1.0) * world.random.uniform(0.9, 1.15)
                await self.fleet.drive(code, Point(incident["lat"], incident["lon"]), effort)
                return await station.post(f"{path}/on-scene")
            case _:
                return await self._work(station, incident, assignment, path)

    async def _decide(self, station: Client, assignment: View, path: str) -> View:
        world = self.world
        await world.wait(world.about(HEAR_S))
        if world.chance(DECLINES):
            return await station.post(f"{path}/decline", {"reason": world.random.choice(world.words["declines"])})
        if world.chance(SLEEPS):  # nobody looks at the terminal: the offer expires
            await world.wait(world.pack.dispatch.offer_timeout_s)
        return await station.post(f"{path}/accept")

    async def _turn_out(self, station: Client, incident: View, assignment: View, path: str) -> View:
        """Speak with the caller, start the engine."""
        world = self.world
        self.fleet.stand(assignment["unit"])
        if incident["channel"] == "phone" and incident["handed_over_at"] is None and world.chance(CALLS):
            await world.wait(world.about(CALL_S))
            await station.post(f"/api/incidents/{incident['id']}/hand-over", {"unit": assignment["unit"]})
        await world.wait(world.about(TURNOUT_S))
        return await station.post(f"{path}/en-route")

    async def _work(self, station: Client, incident: View, assignment: View, path: str) -> View:
        """Whoever is done first records the outcome; the others then soon leave."""
        world, group = self.world, incident["category"][:1]
        self.fleet.stand(assignment["unit"])
        if incident["outcome"]:
            await world.wait(world.about(SECOND_S), until=world.hurry)
        else:
            await world.wait(60 * world.about(WORK_MIN.get(group, 12.0)), until=world.hurry)
            incident = await station.get(f"/api/incidents/{incident['id']}")
        if not incident["outcome"] and incident["state"] in ("open", "active"):
            known = [code for code in OUTCOMES.get(group, []) if code in world.pack.outcomes]
            outcome = world.random.choice(known or sorted(world.pack.outcomes))
            given = {"outcome": outcome, "notes": world.random.choice(world.words["notes"])}
            await station.post(f"/api/incidents/{incident['id']}/resolve", given)
        return await station.post(f"{path}/clear")
