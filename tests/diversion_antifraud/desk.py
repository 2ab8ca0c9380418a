"""Short forms of what happens at the anti-fraud desk, for its tests."""

import csv
import io
import json
from typing import Any

import httpx

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.diversion.antifraud.exchange import BOM
from tests.conftest import SignIn
from tests.incidents import acts

CARD = "6222020200112230004"  # invented, with a right check digit
OWN = "6217001234567890122"
WORDS = f"我叫张小云，10分钟前被骗，刷单返利，从我的卡{OWN}转到对方卡号{CARD}，工商银行，一共12万8千"
CONTACT = "13900001111"
VAGUE = "我被骗了，转账给骗子了"


def whole(**other: str) -> dict[str, str]:
    """Every field as a person would confirm it; the transfer was ten minutes before NOON."""
    return {
        "victim": "张小云", "contact": CONTACT, "account": OWN, "counter_account": CARD, "bank": "工商银行",
        "amount": "128000", "time": "2026-11-22T11:50+08:00",
    } | other  # fmt: skip


class DeskAt:
    """The person at the desk, over HTTP."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient, headers: dict[str, str], sign_in: SignIn) -> None:
        self.platform, self.client, self.headers, self.sign_in = platform, client, headers, sign_in

    @classmethod
    async def signed_in(
        cls, platform: Platform, client: httpx.AsyncClient, sign_in: SignIn, org: str = "C"
    ) -> "DeskAt":
        return cls(platform, client, await sign_in(Role.FRAUD_DESK, org), sign_in)

    async def report(self, words: str = WORDS, contact: str = CONTACT, **more: Any) -> Any:
        """A report's steps are taken; its id."""
        id_ = await acts.report(self.platform, words, contact=contact, **more)
        await self.platform.run_due()
        return id_

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Signs in again when a day of the test has passed."""
        answer = await self.client.request(method, f"/api/antifraud/{path}", headers=self.headers, **more)
        if answer.status_code != 401:
            return answer
        self.headers = await self.sign_in(Role.FRAUD_DESK, "C")
        return await self.client.request(method, f"/api/antifraud/{path}", headers=self.headers, **more)

    async def get(self, path: str) -> httpx.Response:
        return await self.ask("GET", path)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.ask("POST", path, json={} if body is None else body)

    async def lines(self, state: str = "open") -> list[dict[str, Any]]:
        return list((await self.get(f"cases?state={state}")).json()["cases"])

    async def case(self) -> dict[str, Any]:
        """The only case, opened."""
        (line,) = await self.lines()
        return dict((await self.get(f"cases/{line['id']}")).json())

    async def fill(self, stop: dict[str, Any], **fields: str) -> dict[str, Any]:
        """The request after a person has said these fields."""
        body = fields | {"version": stop["version"]}
        answer = await self.post(f"requests/{stop['id']}/fields", body)
        assert answer.status_code == 200, answer.text
        return next(one for one in answer.json()["stops"] if one["id"] == stop["id"])

    async def requested(self, **other: str) -> dict[str, Any]:
        """A reported fraud whose stop is requested: the request."""
        await self.report()
        stop = await self.fill((await self.case())["stops"][0], **whole(**other))
        answer = await self.post(f"requests/{stop['id']}/request", {"version": stop["version"]})
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["stops"][0])

    async def export(self) -> tuple[str, list[dict[str, str]]]:
        """(batch, the rows of its file)."""
        answer = await self.post("exports")
        assert answer.status_code == 201, answer.text
        batch = answer.json()["batch"]
        file = (await self.get(f"exports/{batch}?format=csv")).content.decode()
        assert file.startswith(BOM)
        return batch, list(csv.DictReader(io.StringIO(file.removeprefix(BOM), newline="")))

    async def answers(self, *rows: dict[str, Any]) -> httpx.Response:
        content = "".join(json.dumps(row) + "\n" for row in rows)
        return await self.ask("POST", "answers", content=content.encode())

    async def stopped(self) -> dict[str, Any]:
        """A request that the other side has answered with a stop that took effect now."""
        stop = await self.requested()
        batch, _ = await self.export()
        answer = await self.answers(said(stop["id"], batch, "stopped", self.now(), stopped_amount="5000.00"))
        assert answer.status_code == 200, answer.text
        return stop

    def now(self) -> str:
        return self.platform.site.clock.now().isoformat()


def said(request: str, batch: str, answer: str, at: str, **more: str) -> dict[str, Any]:
    return {"request_id": request, "batch_id": batch, "answer": answer, "at": at} | more


def luhn(body: str) -> str:
    """A card number of these figures and its check digit."""
    from jieying.triage.fraud import is_card_number

    return next(f"{body}{last}" for last in range(10) if is_card_number(f"{body}{last}"))
