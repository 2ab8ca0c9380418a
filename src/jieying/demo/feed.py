"""The live feed of the service, as everybody in the control room sees it: one connection for all of the demo."""

import asyncio
import logging
from collections.abc import Callable, Iterable

import orjson
import websockets

from jieying.demo.client import RETRY_S, Client, View

log = logging.getLogger(__name__)

Hears = Callable[[list[View], list[View]], None]

ENDED = ("closed", "merged", "diverted")


class Feed:
    """What is going on: running incidents, units, reports that are not settled. Listeners get what changed."""

    def __init__(self, client: Client, url: str) -> None:
        self.incidents: dict[str, View] = {}
        self.units: dict[str, View] = {}
        self.reports: dict[str, View] = {}
        self._client = client
        self._url = url.replace("http", "ws", 1) + "/api/live"
        self._since = ""
        self._listeners: list[Hears] = []

    def listen(self, hears: Hears) -> None:
        """Have `hears` called with the incidents and reports of every message."""
        self._listeners.append(hears)

    async def run(self) -> None:
        """Follow until cancelled; after a lost connection nothing is missed."""
        while True:
            url = f"{self._url}?since={self._since}" if self._since else self._url
            try:
                async with websockets.connect(
                    url, additional_headers=await self._client.authorization(), max_size=None, proxy=None
                ) as socket:
                    async for message in socket:
                        self._take(orjson.loads(message))
            except (OSError, TimeoutError, websockets.WebSocketException):
                log.info("the live feed was lost and is taken up again")
            await asyncio.sleep(RETRY_S)

    def _take(self, message: View) -> None:
        if message["type"] not in ("snapshot", "entries"):
            return
        if message["type"] == "snapshot":
            self.incidents, self.units, self.reports = {}, {}, {}
        self._since = message["position"]
        self.units |= _by(message["units"], "code")
        for incident in message["incidents"]:
            self.incidents[incident["id"]] = incident
            if incident["state"] in ENDED:
                del self.incidents[incident["id"]]
        for report in message["reports"]:
            self.reports[report["id"]] = report
            if report["state"] not in ("received", "answered"):
                del self.reports[report["id"]]
        for hears in self._listeners:
            hears(message["incidents"], message["reports"])


def _by(views: Iterable[View], key: str) -> dict[str, View]:
    return {view[key]: view for view in views}
