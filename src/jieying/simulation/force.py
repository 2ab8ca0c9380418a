"""The units as arrays, in the order of their codes, the way policies want them."""

from functools import cached_property

import numpy as np

from jieying.citypack.model import CityPack, Level
from jieying.dispatch.demand import Demand, demand_of
from jieying.dispatch.rules import business_of, plan_for, skills_needed, territory_of
from jieying.simulation.ground import Ground
from jieying.simulation.model import Floats, Ints


class Force:
    """The units of a pack on the ground; the pack may have other units than the ground's, but at the same posts."""

    def __init__(self, pack: CityPack, ground: Ground) -> None:
        self.pack, self.ground = pack, ground
        self.units = [pack.units[code] for code in sorted(pack.units)]
        self.codes = [unit.code for unit in self.units]
        self.posts: Ints = np.array([ground.post_of[unit.post] for unit in self.units], np.int64)
        self._paths = [pack.orgs[unit.org].path for unit in self.units]
        self._territory: dict[str, Floats] = {}
        self._business: dict[frozenset[str], Floats] = {}

    def __len__(self) -> int:
        return len(self.units)

    def territory(self, org_path: str) -> Floats:
        """Of each unit, for an incident of that organisation."""
        if org_path not in self._territory:
            self._territory[org_path] = np.array([territory_of(org_path, path) for path in self._paths])
        return self._territory[org_path]

    def business(self, category: str, level: Level) -> Floats:
        """Of each unit, for an incident of that category and level."""
        needed = skills_needed(self.pack.categories.get(category), plan_for(self.pack, category, level))
        if needed not in self._business:
            self._business[needed] = np.array([business_of(needed, unit.skills) for unit in self.units])
        return self._business[needed]

    @cached_property
    def demand(self) -> Demand:
        """Where the next calls may come from, for the policies that think of them."""
        return demand_of(self.pack, self.ground.roads)

    @cached_property
    def demand_of_post(self) -> Ints:
        """The place in the demand of each post of the ground; -1 where no unit of this force stands."""
        places = {self.demand.places[place]: place for place in self.demand.posts.tolist()}
        return np.array([places.get(post, -1) for post in self.ground.posts], np.int64)
