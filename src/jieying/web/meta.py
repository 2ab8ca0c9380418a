"""What the console needs to know of the city and of us: names, targets, translations, map."""

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import shapely
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel

from jieying import __version__
from jieying.access.api import SignedIn, SiteNow
from jieying.citypack.model import CityPack, Level, Name
from jieying.kit.errors import NotFound
from jieying.kit.texts import LANGUAGES, catalogue
from jieying.supervise.views import Words

router = APIRouter(tags=["meta"])


class Health(BaseModel):
    status: str
    version: str


@router.get("/health")
async def health(site: SiteNow) -> Health:
    """Whether the database answers; 503 when it does not."""
    async with site.db.transaction():
        return Health(status="ok", version=__version__)


@router.get("/i18n/{language}")
async def translations(language: str) -> dict[str, str]:
    for known in LANGUAGES:
        if language == known:
            return catalogue(known)
    raise NotFound("not_found")


class OrgView(BaseModel):
    code: str
    parent: str
    kind: str
    name: Words
    path: str
    lat: float | None
    lon: float | None


class CategoryView(BaseModel):
    code: str
    parent: str
    name: Words
    kind: str
    level: str


class OutcomeView(BaseModel):
    code: str
    name: Words


class KeyQuestionView(BaseModel):
    code: str
    ask: Words
    answers: list[Words]


class PackView(BaseModel):
    region: str
    name: Words
    language: str
    timezone: str
    center: tuple[float, float]
    bounds: tuple[float, float, float, float]
    orgs: list[OrgView]
    categories: list[CategoryView]
    outcomes: list[OutcomeView]
    questions: list[KeyQuestionView]
    levels: list[str]
    targets: dict[str, dict[str, int]]
    now: datetime
    speed: float


def _words(name: Name) -> Words:
    return Words(zh=name.zh, en=name.en or name.zh)


@router.get("/pack")
async def read_pack(request: Request, site: SiteNow, _: SignedIn) -> PackView:
    pack = site.pack
    return PackView(
        region=pack.region, name=_words(pack.name), language=pack.language, timezone=pack.timezone,
        center=(pack.center.lat, pack.center.lon), bounds=_bounds(pack),
        orgs=[
            OrgView(
                code=org.code, parent=org.parent, kind=org.kind, name=_words(org.name), path=org.path,
                lat=org.position.lat if org.position else None, lon=org.position.lon if org.position else None,
            )
            for org in pack.orgs.values()
        ],
        categories=[
            CategoryView(code=c.code, parent=c.parent, name=_words(c.name), kind=c.kind, level=c.level)
            for c in pack.categories.values()
        ],
        outcomes=[OutcomeView(code=code, name=_words(name)) for code, name in pack.outcomes.items()],
        questions=[
            KeyQuestionView(code=one.code, ask=_words(one.ask), answers=[_words(answer.say) for answer in one.answers])
            for one in request.app.state.city.questions
        ],
        levels=[str(level) for level in Level], targets={str(k): v for k, v in pack.targets.seconds.items()},
        now=site.clock.now(), speed=site.clock.speed,
    )  # fmt: skip


def _bounds(pack: CityPack) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.total_bounds([area.shape for area in pack.areas])
    return float(west), float(south), float(east), float(north)


@router.get("/map/areas")
async def areas(site: SiteNow, _: SignedIn) -> Response:
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "geometry": orjson.Fragment(shapely.to_geojson(area.shape)),
            "properties": {
                "code": area.code, "org": area.org, "name_zh": area.name.zh, "name_en": area.name.en or area.name.zh,
            },
        }
        for area in site.pack.areas
    ]  # fmt: skip
    content = orjson.dumps({"type": "FeatureCollection", "features": features})
    return Response(content, media_type="application/geo+json")


@router.get("/map/tiles.pmtiles")
def tiles(request: Request, site: SiteNow, _: SignedIn) -> FileResponse:
    """The pack's own map; read in parts by HTTP Range."""
    path: Path = site.pack.folder / "map.pmtiles"
    if not path.is_file():
        raise NotFound("no_map")
    return FileResponse(path, media_type="application/octet-stream", headers={"Cache-Control": "private, max-age=3600"})
