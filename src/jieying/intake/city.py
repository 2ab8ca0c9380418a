"""Everything the steps know of the city, built from its pack: words, places, areas, roads."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from jieying.citypack.model import CityPack, SpeedTable
from jieying.dispatch.decide import Decider
from jieying.places.areas import AreaIndex
from jieying.places.locate import Locator
from jieying.roads.graph import from_pack
from jieying.roads.names import crossings, named_lines
from jieying.roads.network import RoadNetwork
from jieying.roads.reach import Reacher
from jieying.triage.models import FILE
from jieying.triage.questions import read_questions
from jieying.triage.rules import Understanding, Understood

AT_ONCE = 2  # suggestions that a process works out at the same time; more would only slow each other down


def model_version(pack: CityPack) -> str:
    """The first 12 figures of the SHA-256 of the pack's model; "words" for a pack without one."""
    file = pack.folder / FILE
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else "words"


class City:
    """Safe to share between tasks and threads: nothing in it changes, it is only replaced, by `use_speeds`.

    `cache` saves the road preparation. `hands_on`: the city hotline is connected, so the steps may divert to it.
    """

    def __init__(self, pack: CityPack, cache: Path | None = None, hands_on: bool = False) -> None:
        graph = from_pack(pack)
        self.pack = pack
        self.hands_on = hands_on
        self.roads = RoadNetwork(graph, pack.speeds, cache)
        self.areas = AreaIndex(pack)
        self.understanding = Understanding(pack)
        self.understanding.prepare()
        self.model = model_version(pack)
        self.questions = read_questions(pack.folder, pack.categories)
        self.turns = asyncio.Semaphore(AT_ONCE)
        self.locator = Locator(pack, crossings(graph), named_lines(graph))
        self.decider = Decider(pack, self.roads)
        self._reacher: Reacher | None = None
        self._making = Lock()

    def understand(self, words: str, hint_category: str | None, answers: Mapping[str, int]) -> Understood:
        """What the words mean, with what was answered to key questions; a person's category stands."""
        found = self.understanding.understand(words, hint_category)
        return self.questions.after(found, answers, decided=hint_category is not None)

    def use_speeds(self, speeds: SpeedTable) -> None:
        """Other speeds on the same roads. Who holds the roads or the decider of before goes on with those.

        Raises ValueError for speeds that cannot be, and nothing has changed then.
        """
        roads = self.roads.with_speeds(speeds)
        decider = Decider(self.pack, roads)
        self.roads, self.decider = roads, decider

    def reacher(self) -> Reacher:
        """What searches for reach at the present speeds; takes a moment when it is asked for the first time."""
        with self._making:
            known, roads = self._reacher, self.roads
            if known is None or known.network is not roads:
                known = self._reacher = Reacher(roads, known.streets if known else None)
            return known
