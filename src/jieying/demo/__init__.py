"""A city at work: the real service, and beside it citizens, call-takers and officers who use it from outside."""

from jieying.demo.options import DemoOptions
from jieying.demo.start import run

__all__ = ["DemoOptions", "run"]
