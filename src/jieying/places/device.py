"""The position that a telephone sends along: a candidate of its own, and a witness for or against the words."""

from jieying.kit.geo import Point, distance_m
from jieying.kit.reasons import Reason
from jieying.places.candidates import PlaceCandidate, more, order

NEAR_M = 300.0
_FAR_M = 1000.0

# How far a device's position is trusted, by its accuracy in metres.
_TRUST = ((30.0, 0.9), (100.0, 0.8), (500.0, 0.5), (2000.0, 0.3), (float("inf"), 0.15))
_UNKNOWN_ACCURACY = 0.7


def of_device(device: Point, accuracy_m: float | None, said: list[PlaceCandidate]) -> PlaceCandidate:
    """The device's position as a candidate, less likely where the words name another place."""
    if accuracy_m is None:
        reason, confidence = Reason("device_position"), _UNKNOWN_ACCURACY
    else:
        reason = Reason("device_position_accuracy", {"accuracy_m": round(min(accuracy_m, 1e6))})
        confidence = next((sure for limit, sure in _TRUST if accuracy_m <= limit), _TRUST[-1][1])
    one = PlaceCandidate("", "device", device, confidence, reasons=(reason,))
    best = min(said, key=order, default=None)
    if best is None or best.kind == "road":
        return one
    away = distance_m(device, best.position)
    if away <= _FAR_M + _blur(accuracy_m):
        return one
    params: dict[str, str | int | float] = {"name": best.name, "distance_m": round(away)}
    return one.because(Reason("words_name_another_place", params), confidence * 0.7)


def beside_device(one: PlaceCandidate, device: Point, accuracy_m: float | None) -> PlaceCandidate:
    """What is said, surer where the device is near it."""
    away = distance_m(device, one.position)
    params: dict[str, str | int | float] = {"distance_m": round(away)}
    if away <= NEAR_M + _blur(accuracy_m):
        return one.because(Reason("device_is_near", params), more(one.confidence))
    if away > _FAR_M + _blur(accuracy_m):
        return one.because(Reason("device_is_far", params), one.confidence)
    return one


def _blur(accuracy_m: float | None) -> float:
    """Metres by which the device may be off, as far as we go along with it."""
    return min(accuracy_m or 0.0, 1000.0)
