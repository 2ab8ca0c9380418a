"""What the browser tests do to the city without the browser: reports handed in and read over the API."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from jieying.citypack.read import read_pack
from jieying.web.serve import Service

PASSWORD = "password-of-a-test"
PATIENCE_S = 120.0  # a web process reads the city and its models before it answers
T = TypeVar("T")


def eventually(look: Callable[[], T], what: str) -> T:
    """What `look` finds once it finds something."""
    until = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < until, f"still no {what} after {PATIENCE_S} s"
        time.sleep(0.05)
    return found


class City:
    """The running service, with a gateway that hands in reports and a dispatcher who reads."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.url = service.url
        self.pack = read_pack(service.settings.pack)
        self._places = iter([place for place in self.pack.places[::7] if len(place.name) > 3])
        self.dispatcher = self._client("dispatcher")
        self.fraud_desk = self._client("fraud-desk")
        self._gateway = self._client("gateway")

    def _client(self, username: str) -> httpx.Client:
        client = httpx.Client(base_url=self.url, trust_env=False, timeout=PATIENCE_S)
        token = client.post("/api/session", json={"username": username, "password": PASSWORD}).json()["token"]
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def token(self, username: str = "dispatcher") -> str:
        """A session, for a page's cookie."""
        client = self.dispatcher if username == "dispatcher" else self._client(username)
        return str(client.headers["Authorization"]).removeprefix("Bearer ")

    def place(self) -> Any:
        """A place that no test has used yet."""
        return next(self._places)

    def hand_in(self, words: str, **more: Any) -> str:
        """The id of a new report by WeChat."""
        body = {"channel": "wechat", "words": words, "reporter": {"contact": "13900000000"}} | more
        answer = self._gateway.post("/api/reports", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def send_position(self, unit: str, lat: float, lon: float) -> None:
        at = datetime.now(UTC).isoformat()
        answer = self._gateway.post(
            "/api/positions", json={"positions": [{"unit": unit, "lat": lat, "lon": lon, "at": at}]}
        )
        assert answer.json()["refused"] == [], answer.text

    def report(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.dispatcher.get(f"/api/reports/{id}").raise_for_status().json()
        return found

    def incident(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.dispatcher.get(f"/api/incidents/{id}").raise_for_status().json()
        return found

    def new_incident(self, words: str = "有人打架，流血了") -> dict[str, Any]:
        """An incident at a place of its own."""
        place = self.place()
        position = {"lat": place.position.lat, "lon": place.position.lon, "accuracy_m": 10}
        report = self.hand_in(f"{place.name}{words}", position=position)
        return self.incident(eventually(lambda: self.report(report)["incident"], "incident"))

    def tidy(self) -> None:
        """End what runs and settle what waits, so that no test sees what another one left."""
        running = self.dispatcher.get("/api/incidents?state=open,active,resolved&limit=500").json()["incidents"]
        for incident in running:
            end = (
                ("close", {"call_back": "not_wanted"})
                if incident["state"] == "resolved"
                else ("divert", {"to": "hotline_12345"})
            )
            self.dispatcher.post(f"/api/incidents/{incident['id']}/{end[0]}", json=end[1])
        for report in self.dispatcher.get("/api/reports?waiting=true&limit=500").json()["reports"]:
            self.dispatcher.post(f"/api/reports/{report['id']}/settle", json={"as": "unfounded", "reason": "test"})

    def wait_state(self, id: str, state: str) -> dict[str, Any]:
        """The incident once it is in this state."""
        eventually(lambda: self.incident(id)["state"] == state, f"incident that is {state}")
        return self.incident(id)
