"""The HTTP and WebSocket app, put together from the features' routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jieying import __version__
from jieying.access import api as access
from jieying.access.rules import Account
from jieying.bootstrap import Platform
from jieying.dispatch import api as dispatch
from jieying.diversion.antifraud import api as antifraud
from jieying.diversion.hotline import api as hotline
from jieying.incidents.rights import seen_incident
from jieying.intake import api as intake
from jieying.intake import open311_api, understand_api
from jieying.kit.errors import Forbidden, TooLarge
from jieying.knowledge import api as knowledge
from jieying.settings import Settings
from jieying.speeds import api as speeds
from jieying.supervise import api as supervise
from jieying.supervise import reach_api
from jieying.supervise.views import IncidentView, show_incidents
from jieying.units import api as units
from jieying.web import live_api, meta, problems
from jieying.web.live import Hub

STATIC = Path(__file__).parent / "static"
BODY_MAX = 1024**2  # media have a limit of their own
SAFE = {"GET", "HEAD", "OPTIONS"}
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def make_app(platform: Platform, settings: Settings, run_loops: bool = True) -> FastAPI:
    """The app around a platform; without `run_loops` whoever made it calls `platform.run_due()`."""
    site, hub = platform.site, Hub(platform.site)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        platform.on_news(hub.wake)
        if not run_loops:
            await platform.prepare()
            await hub.start()
            yield
            await hub.stop()
            return
        async with platform:
            await hub.start()
            yield
            await hub.stop()

    app = FastAPI(
        title="Jieying 接应", version=__version__, lifespan=lifespan, openapi_url="/api/openapi.json",
        docs_url=None, redoc_url=None,
    )  # fmt: skip

    async def show_incident(id: UUID, account: Account) -> IncidentView:
        async with site.db.transaction() as connection:
            row = await seen_incident(connection, site.region, account, id)
            (shown,) = await show_incidents(site, connection, [row])
        return shown

    app.state.site = site
    app.state.city = platform.city
    app.state.media_dir = platform.media_dir
    app.state.media_max_bytes = settings.media_max_bytes
    app.state.session_hours = settings.session_hours
    app.state.language = settings.language
    app.state.sessions = {}
    app.state.kick = platform.kick_after
    app.state.hub = hub
    app.state.show_incident = show_incident
    problems.install(app)
    app.add_middleware(Guard)
    api = APIRouter(prefix="/api")
    features = (
        meta,
        access,
        intake,
        understand_api,
        open311_api,
        knowledge,
        speeds,
        units,
        dispatch,
        antifraud,
        hotline,
        supervise,
    )
    for feature in (*features, reach_api, live_api):
        api.include_router(feature.router)
    app.include_router(api)
    if STATIC.is_dir():
        app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


class Guard:
    """Bounds and headers for every request; after a change, what is due is looked at."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if request.method in SAFE:
            await self._app(scope, receive, send_guarded)
            return
        try:
            _check(request)
        except (Forbidden, TooLarge) as refused:
            answer = problems.problem(request, refused.status, refused.code, refused.params)
            await answer(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)
        request.app.state.kick(scope["path"])


def _check(request: Request) -> None:
    """Raises TooLarge for a body beyond its limit, Forbidden for a request that another site's page sends."""
    length = request.headers.get("content-length", "0")
    unbounded = "chunked" in request.headers.get("transfer-encoding", "").lower() or not length.isdigit()
    if request.url.path != "/api/media" and (unbounded or int(length) > BODY_MAX):
        raise TooLarge("body_too_large", max_kb=BODY_MAX // 1024)
    origin = request.headers.get("origin")
    if origin and origin.split("://")[-1] != request.headers.get("host"):
        raise Forbidden("foreign_origin")
