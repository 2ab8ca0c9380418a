"""Types that several features' HTTP modules share."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from jieying.kit.geo import Point, from_gcj02


class Body(BaseModel):
    """A request body: an unknown field is a mistake, not a surprise."""

    model_config = ConfigDict(extra="forbid")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset, such as Z or +08:00")
    return moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class PositionIn(Body):
    """A position as a device gives it; GCJ-02, as Chinese map services use it, is converted here, at the door."""

    lat: Latitude
    lon: Longitude
    accuracy_m: float | None = Field(None, ge=0, le=100_000, allow_inf_nan=False)
    datum: Literal["wgs84", "gcj02"] = "wgs84"

    @property
    def point(self) -> Point:
        given = Point(self.lat, self.lon)
        return from_gcj02(given) if self.datum == "gcj02" else given
