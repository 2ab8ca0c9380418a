"""A small city hotline that speaks GeoReport v2 (Open311): the other side in the demo and in tests.

It keeps what it is given and trusts nobody to ask twice: the same request sent twice is two. What becomes of a
request its clerks decide, a function that is handed in.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

TAKE_S, WORK_S = 90.0, 600.0  # of the city: about how long its clerks take
REFUSED_SHARE = 0.12


@dataclass
class Case:
    """A request as the hotline has it."""

    id: str
    given: dict[str, str]
    at: datetime
    status: str = "submitted"
    notes: str = ""


Clerk = Callable[[Case], None]


@dataclass
class Peer:
    """The hotline's server. `clerk` brings a case's status up to date whenever it is asked about."""

    now: Callable[[], datetime]
    clerk: Clerk = lambda _: None
    key: str = ""
    tokens: bool = False  # numbers a request only when it is asked for by its token
    turn_down: bool = False
    cases: dict[str, Case] = field(default_factory=dict)

    @property
    def app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.add_api_route("/requests.json", self._take, methods=["POST"])
        app.add_api_route("/requests.json", self._list, methods=["GET"])
        app.add_api_route("/requests/{id}.json", self._show, methods=["GET"])
        app.add_api_route("/tokens/{token}.json", self._number, methods=["GET"])
        return app

    def about(self, reference: str) -> list[Case]:
        """The cases that bear a reference of the sender: there should be one at most."""
        return [case for case in self.cases.values() if case.given.get("attribute[jieying_id]") == reference]

    def add(self, given: dict[str, str]) -> Case:
        case = Case(f"H{len(self.cases) + 1:06d}", given, self.now())
        self.cases[case.id] = case
        return case

    async def _take(self, request: Request) -> JSONResponse:
        given = dict(parse_qsl((await request.body()).decode()))
        if self.key and given.get("api_key") != self.key:
            return _fault(403, "api_key")
        missing = [name for name in ("service_code", "description", "address_string") if not given.get(name)]
        if missing or self.turn_down:
            return _fault(400, f"{missing or 'service_code'} is not as it should be")
        case = self.add(given)
        if self.tokens:
            return JSONResponse([{"token": f"t-{case.id}"}], 201)
        return JSONResponse([{"service_request_id": case.id, "service_notice": "", "account_id": None}], 201)

    async def _list(self, request: Request) -> JSONResponse:
        asked = request.query_params
        since, until = (datetime.fromisoformat(asked[name]) for name in ("start_date", "end_date"))
        found = [
            case for case in self.cases.values()
            if since <= case.at <= until and case.given["service_code"] == asked["service_code"]
        ]  # fmt: skip
        return JSONResponse([self._view(case) for case in found])

    async def _show(self, id: str) -> JSONResponse:
        case = self.cases.get(id)
        return JSONResponse([self._view(case)]) if case else _fault(404, "service_request_id")

    async def _number(self, token: str) -> JSONResponse:
        case = self.cases.get(token.removeprefix("t-"))
        return JSONResponse([{"service_request_id": case.id, "token": token}]) if case else _fault(404, "token")

    def _view(self, case: Case) -> dict[str, Any]:
        self.clerk(case)
        given = case.given
        return {
            "service_request_id": case.id, "status": case.status, "status_notes": case.notes,
            "service_code": given["service_code"], "description": given["description"],
            "requested_datetime": case.at.isoformat(), "address": given["address_string"],
        }  # fmt: skip


def _fault(status: int, why: str) -> JSONResponse:
    return JSONResponse([{"code": status, "description": why}], status)


def clerks(now: Callable[[], datetime], dice: Random, refusals: list[str]) -> Clerk:
    """People who take a case up after a while, and close it or refuse it after another."""
    fates: dict[str, tuple[float, float, str]] = {}

    def look(case: Case) -> None:
        if case.id not in fates:
            taken = dice.expovariate(1 / TAKE_S)
            refused = dice.choice(refusals) if dice.random() < REFUSED_SHARE else ""
            fates[case.id] = (taken, taken + (0 if refused else dice.expovariate(1 / WORK_S)), refused)
        taken, ended, refused = fates[case.id]
        age = (now() - case.at).total_seconds()
        if age >= ended:
            case.status, case.notes = ("refused", refused) if refused else ("closed", "")
        elif age >= taken:
            case.status = "accepted"

    return look


def account_of(peer: Peer) -> dict[str, int]:
    """How many requests it was handed, how many of them twice, and how many it gave back."""
    cases = list(peer.cases.values())
    once = {case.given["attribute[jieying_id]"] for case in cases}
    refused = sum(case.status == "refused" for case in cases)
    return {"handed_over": len(cases), "twice": len(cases) - len(once), "given_back": refused}


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address at which the app answers, as long as the block lasts."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
