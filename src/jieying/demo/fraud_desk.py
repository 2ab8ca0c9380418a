"""The anti-fraud desk of the demo, and the banks at the other end: all accounts and people are invented."""

from datetime import datetime, timedelta

import orjson

from jieying.demo.client import Client, Turned, View
from jieying.demo.world import World
from jieying.triage.fraud import is_card_number

LOOK_S, ASK_S, BANK_S = 15.0, 60.0, 240.0
LEFT = {"stopped": 0.6, "nothing_left": 0.3, "refused": 0.1}


class FraudDesk:
    def __init__(self, world: World) -> None:
        self.world = world
        self._desk: Client = world.account("anti-fraud")

    async def work(self) -> None:
        """Look at the list again and again: call the victim, request, send."""
        while True:
            await self.world.wait(LOOK_S)
            lines = (await self._desk.get("/api/antifraud/cases"))["cases"]
            try:
                for line in lines:
                    if line["stop_state"] == "draft":
                        await self._request(line["id"])
                if any(line["stop_state"] == "requested" for line in lines):
                    await self._send()
            except Turned as turned:
                if turned.status != 409:  # somebody in the console was first
                    raise

    async def _request(self, id_: str) -> None:
        """What the words did not say the victim says on the telephone."""
        case = await self._desk.get(f"/api/antifraud/cases/{id_}")
        await self.world.wait(self.world.about(ASK_S), until=self.world.hurry)
        if case["made_by"] == "for_victim" and not case["acting_as"]:
            return
        for stop in case["stops"]:
            if stop["state"] == "draft":
                fields = {"version": stop["version"]} | self._told(case, stop)
                after = await self._desk.post(f"/api/antifraud/requests/{stop['id']}/fields", fields)
                (checked,) = [one for one in after["stops"] if one["id"] == stop["id"]]
                await self._desk.post(f"/api/antifraud/requests/{stop['id']}/request", {"version": checked["version"]})

    def _told(self, case: View, stop: View) -> dict[str, str]:
        dice, words = self.world.random, self.world.words
        minutes = timedelta(minutes=dice.randrange(3, 50))
        said = {
            "victim": dice.choice(words["surnames"]) + dice.choice(words["given"]), "bank": dice.choice(words["banks"]),
            "account": self._card(), "counter_account": self._card(), "amount": str(dice.randrange(5, 900) * 100),
            "time": (datetime.fromisoformat(case["received_at"]) - minutes).isoformat(),
        }  # fmt: skip
        wrong = {fault["field"]: fault["code"] for fault in stop["faults"]}
        return {
            name: stop["fields"][name]["value"] if wrong[name] == "unchecked" else said[name]
            for name in wrong.keys() & said.keys()
        }

    def _card(self) -> str:
        body = f"62{self.world.random.randrange(10**16):016d}"
        return next(f"{body}{last}" for last in range(10) if is_card_number(f"{body}{last}"))

    async def _send(self) -> None:
        made = await self._desk.post("/api/antifraud/exports")
        sent = await self._desk.get(f"/api/antifraud/exports/{made['batch']}", format="jsonl")
        self.world.start(self._banks(sent["lines"]))

    async def _banks(self, rows: list[View]) -> None:
        await self._answer([{"answer": "accepted"} | self._of(row) for row in rows])
        for row in rows:
            await self.world.wait(self.world.about(BANK_S), until=self.world.hurry)
            (how,) = self.world.random.choices(list(LEFT), list(LEFT.values()))
            more = {"stopped_amount": row["amount"]} if how == "stopped" else {"reason": "name_differs"}
            await self._answer([{"answer": how} | self._of(row) | (more if how != "nothing_left" else {})])

    def _of(self, row: View) -> View:
        return {"request_id": row["request_id"], "batch_id": row["batch_id"], "at": self.world.now().isoformat()}

    async def _answer(self, answers: list[View]) -> None:
        content = b"\n".join(orjson.dumps(answer) for answer in answers)
        await self._desk.upload("/api/antifraud/answers", content, "application/x-ndjson")
