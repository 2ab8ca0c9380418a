"""Those who answer: they take the calls that ring, and the written reports that the platform hands to a person."""

from jieying.demo.client import Client, View
from jieying.demo.world import Said, World
from jieying.kit.geo import Point, distance_m

CALL_TAKERS = 4
RING_S, READ_S, LISTEN_S, ASK_S = 1.5, 12.0, 15.0, 10.0
STEPS_MOST_S, LOOK_S = 15.0, 0.05  # real seconds: how long, and how often, to look what the platform makes of it
NEAR_M = 300.0
NOT_ANSWERED, WORDS_MISSING = "not_answered", "words_missing"
SETTLED_AS = {"enquiry": "enquiry", "hotline": "diverted", "nothing": "unfounded"}


class CallTakers:
    def __init__(self, world: World) -> None:
        self.world = world
        self._free = [world.account(f"call-taker-{number}") for number in range(1, CALL_TAKERS + 1)]
        self._busy_with: set[str] = set()
        world.feed.listen(self._look)

    def _look(self, *_: list[View]) -> None:
        """Whoever is free takes what has waited longest, those who are on the telephone first."""
        waiting = [
            report for report in self.world.feed.reports.values()
            if report["needs_person"] and report["id"] not in self._busy_with
        ]  # fmt: skip
        waiting.sort(key=lambda report: (report["needs_person"]["code"] != NOT_ANSWERED, report["received_at"]))
        for report in waiting:
            if not self._free:
                return
            self._busy_with.add(report["id"])
            self.world.start(self._handle(self._free.pop(), report))

    async def _handle(self, taker: Client, report: View) -> None:
        try:
            said = self.world.said.get(report["id"])
            while said is None and report["id"] in self.world.feed.reports:
                # Taken by a person in the console, or so new that the citizen has not hung up yet.
                await self.world.wait(LISTEN_S)
                said = self.world.said.get(report["id"])
            if said is not None:
                await self._take(taker, report, said)
        finally:
            self._busy_with.discard(report["id"])
            self._free.append(taker)
            self._look()

    async def _take(self, taker: Client, report: View, said: Said) -> None:
        world, path = self.world, f"/api/reports/{report['id']}"
        why = report["needs_person"]["code"]
        if why == NOT_ANSWERED:
            await world.wait(world.about(RING_S))
            await taker.post(f"{path}/answer")
        if why in (NOT_ANSWERED, WORDS_MISSING):
            await world.wait(world.about(LISTEN_S), until=world.hurry)
            if said.kind == "nothing":
                await self._settle(taker, report, said)
                return
            await taker.post(f"{path}/describe", {"words": said.words})
            report = await self._outcome(taker, report["id"])
        else:
            await world.wait(world.about(READ_S), until=world.hurry)
        if report["needs_person"]:
            await self._decide(taker, report, said)

    async def _outcome(self, taker: Client, id_: str) -> View:
        """The report after the platform's steps: linked to an incident, or with the reason why a person is needed."""
        looked = 0.0
        while True:
            report: View = await taker.get(f"/api/reports/{id_}")
            settled = report["state"] not in ("received", "answered")
            if settled or report["needs_person"] or looked > STEPS_MOST_S:
                return report
            await self.world.wait(LOOK_S * self.world.clock.speed)
            looked += LOOK_S

    async def _decide(self, taker: Client, report: View, said: Said) -> None:
        """What the platform could not: whose it is, where it is, whether it is known already."""
        world = self.world
        if said.kind != "police":
            await self._settle(taker, report, said)
            return
        seen = await taker.post("/api/understand", {"words": f"{said.words} {said.spot.name}"})
        for other in seen["similar"]:
            if said.event in await self._events_of(taker, other["incident"]):
                await taker.post(f"/api/reports/{report['id']}/link", {"incident": other["incident"]})
                return
        await world.wait(world.about(ASK_S), until=world.hurry)
        places = [p for p in seen["places"] if distance_m(Point(p["lat"], p["lon"]), said.spot.point) < NEAR_M]
        lat, lon = (places[0]["lat"], places[0]["lon"]) if places else said.spot.point
        opening = {"category": said.category, "position": {"lat": lat, "lon": lon}, "place": said.spot.name}
        await taker.post(f"/api/reports/{report['id']}/open", opening)

    async def _events_of(self, taker: Client, incident: str) -> set[int]:
        shown = await taker.get(f"/api/incidents/{incident}")
        told = [self.world.said.get(report["id"]) for report in shown["reports"]]
        return {said.event for said in told if said}

    async def _settle(self, taker: Client, report: View, said: Said) -> None:
        reasons = self.world.words["unfounded" if said.kind == "nothing" else "settled"]
        settling = {"as": SETTLED_AS[said.kind], "reason": self.world.random.choice(reasons)}
        await taker.post(f"/api/reports/{report['id']}/settle", settling)
