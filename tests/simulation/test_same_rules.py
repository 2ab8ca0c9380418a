"""The simulator's choices are those of the live platform: every decision of a busy day, asked of `Decider.rank` too."""

from dataclasses import replace
from datetime import timedelta
from functools import cached_property

import numpy as np
import pytest

from jieying.citypack.model import Level
from jieying.dispatch.decide import Decider
from jieying.dispatch.policies import POLICIES
from jieying.dispatch.rules import CallFacts, UnitFacts, plan_for, skills_needed
from jieying.simulation import play as playing
from jieying.simulation.model import Floats, Ints
from jieying.simulation.run import Bench, Task
from tests.simulation.small import NOON, busy_day, city, setup

STATUS = {playing.FREE: "available", playing.COMMITTED: "committed", playing.EN_ROUTE: "en_route"}


class Asked(playing.Play):
    """Asks the live decider the same at every decision."""

    decisions: list[tuple[list[str], list[str]]]
    away = 0
    taken = 0

    @cached_property
    def decider(self) -> Decider:
        return Decider(self._force.pack, self._ground.roads)

    def ranked(self, call: int) -> tuple[Ints, Ints, Floats]:
        able, order, eta_s = super().ranked(call)
        pack = self._force.pack
        calls = self._draws.calls
        category, level = calls.categories[calls.category[call]], list(Level)[calls.level[call]]
        plan = plan_for(pack, category, level)
        place = self._ground.places[self._place[call]]
        org = pack.areas[self._area[call]].org
        skills = skills_needed(pack.categories[category], plan)
        facts = CallFacts(place, level, pack.orgs[org].path, skills)
        units = [self._facts(unit) for unit in range(len(self._force)) if self._on[unit] and not self._out[unit]]
        live = self.decider.rank(facts, plan, units, NOON + timedelta(seconds=self.now))
        self.decisions.append(([c.unit for c in live], [self._force.codes[u] for u in able[order].tolist()]))
        np.testing.assert_allclose([c.eta_s for c in live], eta_s[order], atol=0.003)
        Asked.away += int((self._home_at[able] > self.now).sum())
        Asked.taken += sum(c.preempts is not None for c in live)
        return able, order, eta_s

    def _facts(self, unit: int) -> UnitFacts:
        own = self._force.units[unit]
        job = self._job[unit]
        return UnitFacts(
            own.code, self._force.pack.orgs[own.org].path, own.skills, STATUS.get(int(self._doing[unit]), "on_scene"),
            self._ground.ways.on(self._where(unit)).point, 0.0,
            None if job is None else str(job.call), None if job is None else int(self._level_of[unit]),
        )  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES)
def test_every_decision_is_the_live_one(policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asked, "decisions", [], raising=False)
    monkeypatch.setattr("jieying.simulation.run.Play", Asked)
    pack = city()
    pack = replace(pack, dispatch=replace(pack.dispatch, cover_s=90, policy=policy))
    Bench(setup(busy_day(60, seed=7), pack, policies=[policy])).play(Task(None, 0, 0))
    assert len(Asked.decisions) >= 60
    assert all(live == simulated for live, simulated in Asked.decisions)
    assert Asked.away > 0
    assert Asked.taken > 0
