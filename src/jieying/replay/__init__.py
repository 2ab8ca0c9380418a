"""Recorded calls run through the real platform, to compare what was with what the platform would have done."""

from jieying.replay.run import ReplayOptions, run

__all__ = ["ReplayOptions", "run"]
