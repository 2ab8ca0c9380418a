"""The platform's own HTTP API, spoken to in process, by the accounts that a console and a gateway have."""

import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from jieying.access.actions import add_account
from jieying.access.rules import Role
from jieying.journal.actions import Site

PAGE = 500


class Console:
    """Who acts in a replay: the gateway of the channels and devices, a call-taker, a dispatcher for the officers.

    `spent` holds the real seconds of every request by the kind of action.
    """

    def __init__(self, client: httpx.AsyncClient, tokens: dict[Role, str]) -> None:
        self._client = client
        self._headers = {role: {"Authorization": f"Bearer {token}"} for role, token in tokens.items()}
        self.spent: dict[str, list[float]] = defaultdict(list)

    async def post(self, role: Role, action: str, path: str, body: dict[str, Any]) -> Any:
        """Do something; the answer, None when it has no body. Raises RuntimeError when the platform refuses."""
        began = time.perf_counter()
        response = await self._client.post(path, json=body, headers=self._headers[role])
        self.spent[action].append(time.perf_counter() - began)
        return _content(response)

    async def pages(self, path: str, key: str) -> AsyncIterator[dict[str, Any]]:
        """Everything that a list has, as a dispatcher sees it."""
        before: str | None = None
        while True:
            query: dict[str, str | int] = {"limit": PAGE, "before": before} if before else {"limit": PAGE}
            response = await self._client.get(path, params=query, headers=self._headers[Role.DISPATCHER])
            page = _content(response)
            for one in page[key]:
                yield one
            before = page["next"]
            if before is None:
                return


def _content(response: httpx.Response) -> Any:
    if response.is_error:
        raise RuntimeError(f"{response.request.method} {response.request.url.path}: {response.text}")
    return response.json() if response.content else None


@asynccontextmanager
async def open_console(app: FastAPI, site: Site) -> AsyncIterator[Console]:
    """Make the three accounts and sign them in."""
    top = next(org.code for org in site.pack.orgs.values() if not org.parent)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://replay") as client:
        tokens = {}
        for role in (Role.GATEWAY, Role.CALL_TAKER, Role.DISPATCHER):
            name, password = f"replay-{role}", secrets.token_urlsafe()
            await add_account(site, username=name, name=name, password=password, role=role, org=top)
            session = await client.post("/api/session", json={"username": name, "password": password})
            tokens[role] = _content(session)["token"]
        client.cookies.clear()
        yield Console(client, tokens)
