"""The speeds in force over HTTP: an administrator sets them, everybody may read them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from jieying.access.api import SignedIn, SiteNow, needs
from jieying.access.rules import Account, Permission
from jieying.citypack.model import HOURS_OF_WEEK, SpeedTable
from jieying.kit.api import Body
from jieying.speeds import actions
from jieying.speeds.actions import InForce

router = APIRouter(tags=["roads"])

Runs = Annotated[Account, needs(Permission.ADMIN)]
# The bounds are those of a city pack (citypack/read_rules.py).
Kmh = Annotated[float, Field(ge=1, le=300, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0.05, le=20, allow_inf_nan=False)]
Code = Annotated[str, Field(max_length=50)]


def _day_or_week(factors: list[float]) -> list[float]:
    if len(factors) not in (24, HOURS_OF_WEEK):
        raise ValueError("24 or 168 factors")
    return factors


class SpeedsIn(Body):
    """What is left out is taken from the pack. Factors are shares of the speed; hours are local, Monday first."""

    kmh: dict[Code, Kmh] | None = Field(None, max_length=500)
    default_kmh: Kmh | None = None
    hour_factor: Annotated[list[Factor], AfterValidator(_day_or_week)] | None = None
    area_factor: dict[Code, Factor] | None = Field(None, max_length=10_000)

    def table(self, pack: SpeedTable) -> SpeedTable:
        hours = tuple(self.hour_factor or pack.hour_factor)
        return SpeedTable(
            kmh=pack.kmh | (self.kmh or {}),
            default_kmh=self.default_kmh or pack.default_kmh,
            hour_factor=hours * (HOURS_OF_WEEK // len(hours)),
            area_factor=pack.area_factor if self.area_factor is None else self.area_factor,
        )


class SpeedsView(BaseModel):
    """`version` 0: the speeds of the city pack."""

    version: int
    at: datetime | None
    by: str | None
    kmh: dict[str, float]
    default_kmh: float
    hour_factor: list[float]
    area_factor: dict[str, float]

    @classmethod
    def of(cls, now: InForce) -> "SpeedsView":
        speeds = now.speeds
        return cls(
            version=now.version, at=now.at, by=now.by, kmh=speeds.kmh, default_kmh=speeds.default_kmh,
            hour_factor=list(speeds.hour_factor), area_factor=speeds.area_factor,
        )  # fmt: skip


@router.get("/roads/speeds")
async def read_speeds(site: SiteNow, _: SignedIn) -> SpeedsView:
    async with site.db.transaction() as connection:
        now = await actions.speeds_in_force(site, connection)
    assert now is not None  # there are always those of the pack
    return SpeedsView.of(now)


@router.post("/roads/speeds")
async def change_speeds(given: SpeedsIn, site: SiteNow, account: Runs) -> SpeedsView:
    """Put speeds in force at once and for good; an empty body brings back those of the pack."""
    return SpeedsView.of(await actions.change_speeds(site, given.table(site.pack.speeds), account.actor))
