"""What may be chosen when the demo is started."""

from dataclasses import dataclass
from pathlib import Path

from jieying.kit.texts import Language

HEADLESS_MINUTES = 3.0


@dataclass(frozen=True)
class DemoOptions:
    """`minutes` are real ones; `speed` says how many seconds pass in the city in each of ours.

    Without `minutes` the demo runs until it is told to end, headless three. `json` gets the account of the end.
    `data_dir` is emptied at the start, therefore it must be new, empty or an earlier demo's.
    """

    headless: bool = False
    minutes: float | None = None
    speed: float | None = None
    json: Path | None = None
    port: int = 8110
    pack: Path = Path("var/packs/yunzhou")
    seed: int = 1
    data_dir: Path = Path("var/demo")
    language: Language = "zh"

    @property
    def pace(self) -> float:
        """Slow enough to look at, or fast enough for an hour of the city in three minutes."""
        return self.speed or (20.0 if self.headless else 10.0)

    @property
    def seconds(self) -> float | None:
        """Real seconds until the demo begins to end by itself; None: never."""
        minutes = self.minutes or (HEADLESS_MINUTES if self.headless else None)
        return minutes * 60 if minutes else None
