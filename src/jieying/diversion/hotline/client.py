"""The hotline as it is spoken to: GeoReport v2 (Open311) over HTTP.

A request is given our own reference twice, as the attribute `jieying_id` and as the last line of its description, so
that one whose answer was lost is found again in their list, whatever their server keeps of it.
"""

import logging
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from jieying.diversion.hotline.model import Request, Told
from jieying.diversion.hotline.rules import clean, telephone

TIMEOUT_S = 20.0
LISTED_MOST = 1000  # as many as GeoReport v2 promises to list: with so many, ours may be left out
# The request itself is wrong, so sending it again is no use; any other refusal may pass.
WRONG = {400, 404, 405, 406, 409, 410, 413, 414, 415, 422}

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every address


class Away(Exception):
    """No answer, or none that can be understood: what was sent may have arrived or not."""


class Wrong(Exception):
    """They have said no to the request as it is: they don't have it."""


class Hotline:
    """Their server. `url` is what stands before `/requests.json`; the key is never logged."""

    def __init__(
        self, url: str, key: str, jurisdiction: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._key = key
        self._jurisdiction = {"jurisdiction_id": jurisdiction} if jurisdiction else {}
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"), timeout=TIMEOUT_S, trust_env=False, headers=headers, transport=transport
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def hand_in(self, request: Request) -> Told:
        """POST requests.json. Raises Wrong, Away."""
        place = {"lat": f"{request.point.lat:.6f}", "long": f"{request.point.lon:.6f}"} if request.point else {}
        given = {
            **self._jurisdiction, **place, "api_key": self._key, "service_code": request.service_code,
            "address_string": request.address, "description": request.description, "first_name": request.name,
            "phone": telephone(request.contact), "attribute[jieying_id]": request.reference,
        }  # fmt: skip
        answer = await self._ask("POST", "/requests.json", data={name: value for name, value in given.items() if value})
        if answer.status_code in WRONG:
            raise Wrong(_fault(answer))
        told = _told(_first(answer))
        if not (told.id or told.token):
            raise Away("an answer without service_request_id and token")
        return told

    async def find(self, request: Request, since: datetime, until: datetime) -> Told | None:
        """The request in their list if it is there, by our reference. Raises Away when that can't be known."""
        query = {
            **self._jurisdiction, "service_code": request.service_code,
            "start_date": since.isoformat(timespec="seconds"), "end_date": until.isoformat(timespec="seconds"),
        }  # fmt: skip
        listed = _items(await self._ask("GET", "/requests.json", params=query))
        for one in listed:
            if _mentions(one, request.reference):
                return _told(one)
        if len(listed) >= LISTED_MOST:
            raise Away("their list is longer than they show")
        return None

    async def look(self, id: str | None, token: str | None) -> Told:
        """What became of a request. Raises Away."""
        if not id:
            numbered = _told(_first(await self._ask("GET", f"/tokens/{quote(token or '', safe='')}.json")))
            return Told(id=numbered.id, token=token or "")
        found = _told(_first(await self._ask("GET", f"/requests/{quote(id, safe='')}.json", params=self._jurisdiction)))
        return Told(id=id, status=found.status, notes=found.notes)

    async def _ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        try:
            return await self._http.request(method, path, **what)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Away(type(error).__name__) from error


def _items(answer: httpx.Response) -> list[dict[str, Any]]:
    if not answer.is_success:
        raise Away(_fault(answer))
    try:
        parsed = answer.json()
    except ValueError as error:
        raise Away("an answer that is no JSON") from error
    found = parsed if isinstance(parsed, list) else [parsed]
    return [one for one in found if isinstance(one, dict)]


def _first(answer: httpx.Response) -> dict[str, Any]:
    found = _items(answer)
    if not found:
        raise Away("an empty answer")
    return found[0]


def _told(one: dict[str, Any]) -> Told:
    def text(name: str) -> str:
        value = one.get(name)
        return clean(str(value)) if isinstance(value, str | int) else ""

    return Told(text("service_request_id"), text("token"), text("status"), text("status_notes"))


def _mentions(one: dict[str, Any], reference: str) -> bool:
    """Whether our reference stands in any of its fields: servers differ in where they keep attributes."""
    return reference in str(one)


def _fault(answer: httpx.Response) -> str:
    """`400 what they say`, from the errors as GeoReport v2 lists them."""
    try:
        parsed = answer.json()
        said = [str(one.get("description", "")) for one in parsed] if isinstance(parsed, list) else []
    except (ValueError, AttributeError):
        said = []
    return clean(" ".join([str(answer.status_code), *said]))
