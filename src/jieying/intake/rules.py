"""What is taken in at the front door, and how sure the steps must be to go on without a person. Pure."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from jieying.incidents.model import Channel
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point, distance_m
from jieying.kit.reasons import Reason
from jieying.places.areas import OUTSIDE_M, AreaIndex
from jieying.places.locate import PlaceCandidate

WORDS_MAX = 10_000
FUTURE = timedelta(seconds=60)
SURE = 0.4
# Two places about equally likely and this far apart: a person asks.
EQUAL = 0.05
APART_M = 1_000.0


def check_words(words: str) -> None:
    """Raises Invalid for words that are too long or hold control characters other than line breaks and tabs."""
    if len(words) > WORDS_MAX:
        raise Invalid("words_too_long", max=WORDS_MAX, length=len(words))
    for index, character in enumerate(words):
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t":
            raise Invalid("control_character", position=index)


def check_point(areas: AreaIndex, point: Point) -> None:
    """Raises Invalid for a position that is not in or near the city."""
    if areas.area_of(point) is None and areas.nearest_area(point, OUTSIDE_M) is None:
        raise Invalid("outside_city", lat=round(point.lat, 5), lon=round(point.lon, 5))


def check_occurred(occurred_at: datetime | None, now: datetime, speed: float) -> None:
    """Raises Invalid for a time that has not come yet (a device's clock may be a minute ahead)."""
    if occurred_at is not None and occurred_at > now + FUTURE * max(1.0, speed):
        raise Invalid("time_in_future", time=occurred_at.isoformat())


def check_content(channel: Channel, words: str, point: Point | None, media: Sequence[str]) -> None:
    """Raises Invalid for a report that says nothing at all; a ringing telephone has no words yet."""
    if not channel.is_spoken and not words.strip() and point is None and not media:
        raise Invalid("empty_report")


def choose_place(candidates: Sequence[PlaceCandidate]) -> PlaceCandidate | Reason:
    """The place to send somebody to, or why a person has to ask first."""
    if not candidates:
        return Reason("place_unknown")
    inside = [candidate for candidate in candidates if candidate.org is not None]
    if not inside:
        return Reason("place_outside", {"place": candidates[0].name})
    best = inside[0]
    if best.confidence < SURE:
        return Reason("place_unsure", {"place": best.name, "confidence": round(best.confidence, 2)})
    for other in inside[1:]:
        if other.confidence > best.confidence - EQUAL and distance_m(other.position, best.position) > APART_M:
            return Reason("place_ambiguous", {"place": best.name, "other": other.name})
    return best
