"""One account of the service as its programs use it: HTTP, retried until it is heard."""

import asyncio
from typing import Any

import httpx
import orjson

View = dict[str, Any]  # an object of the API

RETRY_S = 0.5
TRIES_WHEN_BUSY = 5


class Turned(Exception):
    """The service refused: `status` and the `code` of its problem details. Often somebody else was first."""

    def __init__(self, status: int, code: str, said: str) -> None:
        super().__init__(f"{status} {code}: {said}")
        self.status = status
        self.code = code


class Client:
    """Signs in when it first has to. A lost connection or a server that is starting is waited for."""

    def __init__(self, http: httpx.AsyncClient, username: str, password: str) -> None:
        self.username = username
        self._http = http
        self._password = password
        self._token = ""
        self._signing_in = asyncio.Lock()

    async def get(self, path: str, **query: str | int | float) -> View:
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> View:
        """Raises Turned. With an idempotency key, a repeated request does its work once."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self._ask("POST", path, json=body or {}, headers=headers)

    async def upload(self, path: str, content: bytes, media_type: str) -> View:
        return await self._ask("POST", path, content=content, headers={"Content-Type": media_type})

    async def authorization(self) -> dict[str, str]:
        """The header that says who asks."""
        async with self._signing_in:
            while not self._token:
                given = {"username": self.username, "password": self._password}
                try:
                    answer = await self._http.post("/api/session", json=given)
                    answer.raise_for_status()
                except httpx.HTTPError:
                    await asyncio.sleep(RETRY_S)
                    continue
                self._token = answer.json()["token"]
                self._http.cookies.clear()  # several accounts share the connections
        return {"Authorization": f"Bearer {self._token}"}

    async def _ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> View:
        busy = 0
        while True:
            signed = (headers or {}) | await self.authorization()
            try:
                answer = await self._http.request(method, path, headers=signed, **more)
            except httpx.TransportError:
                await asyncio.sleep(RETRY_S)
                continue
            if answer.is_success:
                if answer.headers.get("Content-Type") == "application/x-ndjson":
                    return {"lines": [orjson.loads(line) for line in answer.content.splitlines()]}
                return dict(answer.json()) if answer.content else {}
            problem = _problem(answer)
            if answer.status_code == 401:
                self._token = ""
            elif answer.status_code >= 500:
                await asyncio.sleep(RETRY_S)
            elif problem.code == "busy" and busy < TRIES_WHEN_BUSY:
                busy += 1
                await asyncio.sleep(RETRY_S / 10)
            else:
                raise problem


def _problem(answer: httpx.Response) -> Turned:
    try:
        body = answer.json()
        return Turned(answer.status_code, str(body["code"]), str(body["detail"]))
    except (ValueError, KeyError, TypeError):
        return Turned(answer.status_code, "", answer.text[:200])
