"""What the city hotline 12345 hands to the police: our own GeoReport v2 (Open311) door, for requests that are urgent.

It speaks as the standard does: forms or JSON in, lists out, refusals as a list of code and description. A request
becomes a report of the channel hotline_12345 by the same action as all others. The API key is the session token of a
gateway account.
"""

import json
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from jieying.access.api import SiteNow, account_by, state_of
from jieying.access.rules import Account, Permission
from jieying.incidents import store
from jieying.incidents.model import TIMES, Channel, IncidentState, ReportState
from jieying.intake.actions import NewReport, take_report
from jieying.intake.city import City
from jieying.kit.errors import Invalid, NotFound, NotSignedIn, Refused
from jieying.kit.geo import Point, is_point
from jieying.kit.texts import Language, choose_language, text

SERVICE_CODE = "110"  # one service: what it is and how urgent, we find out ourselves


class Open311Route(APIRoute):
    """Refuses as GeoReport v2 has it; there is no 422 there."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as refused:
                said = text(f"problem.{refused.code}", _language(request), **refused.params)
                status = 400 if refused.status == 422 else refused.status
                return JSONResponse([{"code": status, "description": said}], status)

        return handled


router = APIRouter(prefix="/open311/v2", tags=["intake"], route_class=Open311Route)


def _language(request: Request) -> Language:
    return choose_language(request.headers.get("accept-language"), request.app.state.language)


class ServiceView(BaseModel):
    service_code: str
    service_name: str
    description: str
    metadata: bool = False
    type: str = "realtime"
    keywords: str = ""
    group: str = ""


@router.get("/services.json")
async def services(request: Request) -> list[ServiceView]:
    """The one service there is."""
    say = _language(request)
    name, about = text("open311.service", say), text("open311.service_about", say)
    return [ServiceView(service_code=SERVICE_CODE, service_name=name, description=about)]


class AcceptedView(BaseModel):
    service_request_id: UUID
    service_notice: str
    account_id: None = None


_FIELDS = (
    *("api_key", "jurisdiction_id", "service_code", "lat", "long", "address_string", "address_id", "email"),
    *("device_id", "account_id", "first_name", "last_name", "phone", "description", "media_url"),
    "attribute[reference]",
)
_BODY = {
    "required": True,
    "content": {
        kind: {"schema": {"type": "object", "properties": {name: {"type": "string"} for name in _FIELDS}}}
        for kind in ("application/x-www-form-urlencoded", "application/json")
    },
}


@router.post("/requests.json", status_code=201, openapi_extra={"requestBody": _BODY})
async def hand_in(request: Request, response: Response, site: SiteNow) -> list[AcceptedView]:
    """Hand in an urgent request. It is stored when this answers 201; 200 says that it had been before.

    Which it is, the header Idempotency-Key or `attribute[reference]` says: the hotline's own number of it.
    """
    given = await _fields(request)
    account = await _account(request, given)
    account.need(Permission.REPORT_HAND_IN)
    if given.get("service_code", "") != SERVICE_CODE:
        raise NotFound("no_such_service", service=given.get("service_code", "")[:50] or "?", known=SERVICE_CODE)
    key = request.headers.get("idempotency-key") or given.get("attribute[reference]")
    if key is not None and len(key) > 200:
        raise Invalid("invalid_field", field="attribute[reference]", fault="string_too_long")
    city = cast(City, request.app.state.city)
    taken = await take_report(site, city, _report(given), account.actor, key or None)
    response.status_code = 200 if taken.repeated else 201
    notice = text(f"state.{taken.state}", _language(request))
    return [AcceptedView(service_request_id=taken.id, service_notice=notice)]


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form or of a JSON object, as texts. Raises Invalid."""
    body = await request.body()
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
            parsed = json.loads(body)
            if not isinstance(parsed, dict):
                raise Invalid("malformed_body")
            pairs = [*parsed.items()]
        else:
            pairs = [*parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)]
    except ValueError as error:
        raise Invalid("malformed_body") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        inner = value.items() if name == "attribute" and isinstance(value, dict) else ()
        for key, one in [(f"attribute[{key}]", one) for key, one in inner] or [(name, value)]:
            if one is None:
                continue
            if isinstance(one, bool | dict | list):
                raise Invalid("invalid_field", field=str(key)[:100], fault="string_type")
            found[key] = str(one).strip()
    return found


async def _account(request: Request, given: dict[str, str]) -> Account:
    """Who asks: by the API key, or by the header as everywhere else; never by a cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = token if scheme.lower() == "bearer" else given.get("api_key", "")
    if not key:
        raise NotSignedIn("not_signed_in")
    return await account_by(state_of(request), key)


def _report(given: dict[str, str]) -> NewReport:
    said = (given.get(name, "") for name in ("description", "address_string", "media_url"))
    return NewReport(
        Channel.HOTLINE_12345,
        "\n".join(line for line in said if line),
        " ".join(part for part in (given.get("last_name", ""), given.get("first_name", "")) if part),
        given.get("phone") or given.get("email", ""),
        _point(given),
    )


def _point(given: dict[str, str]) -> Point | None:
    lat, lon = given.get("lat", ""), given.get("long", "")
    if not lat and not lon:
        return None
    try:
        point = Point(float(lat), float(lon))
    except ValueError as error:
        raise Invalid("invalid_field", field="lat, long", fault="float_parsing") from error
    if not is_point(*point):
        raise Invalid("invalid_field", field="lat, long", fault="range")
    return point


class RequestView(BaseModel):
    service_request_id: UUID
    status: str
    status_notes: str
    service_name: str
    service_code: str
    description: str
    requested_datetime: datetime
    updated_datetime: datetime
    lat: float | None
    long: float | None


@router.get("/requests/{id}.json")
async def follow(id: UUID, request: Request, site: SiteNow) -> list[RequestView]:
    """What became of a request that this account handed in."""
    account = await _account(request, dict(request.query_params))
    async with site.db.transaction() as connection:
        row = await store.find_report(connection, site.region, id)
        if row is None or row.handed_in_by != account.actor:
            raise NotFound("no_such_report", report=str(id))
        incident = await store.find_incident(connection, site.region, row.incident_id) if row.incident_id else None
    state = incident.state if incident else row.state
    is_over = state in (IncidentState.CLOSED, ReportState.ENQUIRY, ReportState.UNFOUNDED, ReportState.DIVERTED)
    times = [getattr(incident, name) for name in TIMES] if incident else [row.received_at, row.answered_at]
    say = _language(request)
    return [
        RequestView(
            service_request_id=id, status="closed" if is_over else "open", status_notes=text(f"state.{state}", say),
            service_name=text("open311.service", say), service_code=SERVICE_CODE, description=row.words,
            requested_datetime=row.received_at, updated_datetime=max(time for time in times if time),
            lat=row.lat, long=row.lon,
        )
    ]  # fmt: skip
