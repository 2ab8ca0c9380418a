"""A unit's status: what follows from its assignments, and the little that is set by hand."""

from enum import StrEnum


class UnitStatus(StrEnum):
    OFF_DUTY = "off_duty"
    AVAILABLE = "available"
    OFFERED = "offered"
    COMMITTED = "committed"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    UNAVAILABLE = "unavailable"


# The others follow from assignments; the database computes them (units/store.py).
BY_HAND = frozenset({UnitStatus.OFF_DUTY, UnitStatus.AVAILABLE, UnitStatus.UNAVAILABLE})
