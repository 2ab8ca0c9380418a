"""What people in the control room do beside the platform: join what is one event, call back, close."""

from jieying.demo.client import Client, View
from jieying.demo.world import World

CHECK_S, CALL_BACK_S = 25.0, 150.0
CALL_BACK = {"satisfied": 0.8, "not_wanted": 0.1, "unreachable": 0.08, "dissatisfied": 0.02}


class Dispatchers:
    def __init__(self, world: World) -> None:
        self.world = world
        self._desk: Client = world.account("desk")
        self._checked: set[str] = set()
        self._called_back: set[str] = set()
        world.feed.listen(self._look)

    def _look(self, incidents: list[View], _: list[View]) -> None:
        for incident in incidents:
            id_ = incident["id"]
            if incident["state"] in ("open", "active") and id_ not in self._checked:
                self._checked.add(id_)
                self.world.start(self._join(id_))
            if incident["state"] == "resolved" and id_ not in self._called_back:
                self._called_back.add(id_)
                self.world.start(self._call_back(id_))

    async def _join(self, id_: str) -> None:
        """Merge an incident into an older one of those that the platform suggests, if it is the same event."""
        await self.world.wait(self.world.about(CHECK_S))
        shown = await self._desk.get(f"/api/incidents/{id_}")
        if shown["state"] not in ("open", "active"):
            return
        mine = self._events(shown)
        for similar in shown["similar"]:
            other = await self._desk.get(f"/api/incidents/{similar['incident']}")
            older = other["opened_at"] < shown["opened_at"]
            if older and other["state"] in ("open", "active", "resolved") and mine & self._events(other):
                await self._desk.post(f"/api/incidents/{id_}/merge", {"into": other["id"]})
                return

    def _events(self, incident: View) -> set[int]:
        return {said.event for report in incident["reports"] if (said := self.world.said.get(report["id"]))}

    async def _call_back(self, id_: str) -> None:
        world = self.world
        try:
            await world.wait(world.about(CALL_BACK_S), until=world.hurry)
            (how,) = world.random.choices(list(CALL_BACK), list(CALL_BACK.values()))
            if how == "dissatisfied" and world.closing.is_set():
                how = "unreachable"  # who would come once more does not come before the demo ends
            notes = world.random.choice(world.words["again"]) if how == "dissatisfied" else ""
            await self._desk.post(f"/api/incidents/{id_}/close", {"call_back": how, "notes": notes})
        finally:
            self._called_back.discard(id_)  # a reopened one is called back again
