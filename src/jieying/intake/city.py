"""Everything the steps know of the city, built once from its pack: words, places, areas, roads."""

from pathlib import Path

from jieying.citypack.model import CityPack
from jieying.dispatch.decide import Decider
from jieying.places.areas import AreaIndex
from jieying.places.locate import Locator
from jieying.roads.graph import from_pack
from jieying.roads.names import crossings, named_lines
from jieying.roads.network import RoadNetwork
from jieying.triage.rules import Understanding


class City:
    """Read-only after construction, safe to share between tasks. `cache` saves the road preparation."""

    def __init__(self, pack: CityPack, cache: Path | None = None) -> None:
        graph = from_pack(pack)
        self.pack = pack
        self.roads = RoadNetwork(graph, pack.speeds, cache)
        self.areas = AreaIndex(pack)
        self.understanding = Understanding(pack)
        self.locator = Locator(pack, crossings(graph), named_lines(graph))
        self.decider = Decider(pack, self.roads)
