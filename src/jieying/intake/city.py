"""Everything the steps know of the city, built from its pack: words, places, areas, roads."""

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
from jieying.triage.rules import Understanding


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
        self.locator = Locator(pack, crossings(graph), named_lines(graph))
        self.decider = Decider(pack, self.roads)
        self._reacher: Reacher | None = None
        self._making = Lock()

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
