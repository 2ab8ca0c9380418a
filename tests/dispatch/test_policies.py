"""Each policy's order against a plain sort by what its definition says, on facts drawn at random."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.citypack import model
from jieying.citypack.model import DispatchSettings
from jieying.dispatch.coverage import Coverage
from jieying.dispatch.policies import BY_COVERAGE, POLICIES, Field, ranking
from tests.dispatch.cities import COVER_S, coverages, fields

SETTINGS = DispatchSettings(cover_s=int(COVER_S))
SIZES = st.integers(1, 7)

Key = Callable[[Field, int, float], tuple[float, ...]]
# By policy: what decides, the first ground first; the loss of coverage comes in as the third argument.
GROUNDS: dict[str, Key] = {
    "own_station_first": lambda f, i, _: (f.territory[i] < 1, f.taken[i], f.eta_s[i]),
    "nearest_by_air": lambda f, i, _: (f.taken[i], f.air_m[i], f.eta_s[i]),
    "nearest_by_road": lambda f, i, _: (f.taken[i], f.eta_s[i]),
    "dmexclp": lambda f, i, loss: (f.taken[i], f.eta_s[i] > COVER_S, loss, f.eta_s[i]),
    "dmexclp_nearest": lambda f, i, loss: (
        *(f.taken[i], f.eta_s[i] > COVER_S, f.eta_s[i] if f.eta_s[i] > COVER_S else loss, f.eta_s[i]),
    ),
}


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Field, Coverage]:
    """A Field and the coverage by the same units; those on their way elsewhere are not idle."""
    units = draw(SIZES)
    field, coverage = draw(fields(units)), draw(coverages(units))
    return field, replace(coverage, idle=~field.taken)


def test_the_pack_may_name_every_policy_there_is() -> None:
    assert set(model.POLICIES) == set(POLICIES) == {*GROUNDS, "balanced"}
    assert DispatchSettings().policy == "balanced"


@pytest.mark.parametrize("policy", GROUNDS)
@given(scene=scenes())
def test_the_order_is_that_of_a_plain_sort(policy: str, scene: tuple[Field, Coverage]) -> None:
    field, coverage = scene
    loss = coverage.loss().tolist()
    may = [i for i in range(len(loss)) if field.eta_s[i] <= SETTINGS.max_eta_s]
    sort = sorted(may, key=lambda i: (*GROUNDS[policy](field, i, loss[i]), i))
    known = coverage if policy in BY_COVERAGE else None
    assert ranking(field, replace(SETTINGS, policy=policy), known).tolist() == sort


@given(field=SIZES.flatmap(fields), nearness=st.floats(0, 1), territory=st.floats(0, 1), business=st.floats(0, 1))
def test_balanced_is_in_the_order_of_the_weighed_score(
    field: Field, nearness: float, territory: float, business: float
) -> None:
    settings = replace(SETTINGS, nearness=nearness, territory=territory, business=business)

    def score(i: int) -> float:
        near = math.exp(-(field.eta_s[i] + field.stale_s[i]) / 300)
        worth = nearness * near + territory * field.territory[i] + business * field.business[i]
        return float(worth - 0.15 * field.taken[i])

    order = ranking(field, settings).tolist()
    assert sorted(order) == [i for i in range(len(field.eta_s)) if field.eta_s[i] <= SETTINGS.max_eta_s]
    found = [score(i) for i in order]
    assert all(first >= second - 1e-9 for first, second in pairwise(found))


@pytest.mark.parametrize("policy", sorted(POLICIES))
@given(data=st.data())
def test_of_units_alike_the_first_by_code_goes_first(policy: str, data: st.DataObject) -> None:
    one, coverage = data.draw(fields(1)), data.draw(coverages(1))
    alike = Field(*(np.repeat(getattr(one, name), 3) for name in one.__dataclass_fields__))
    together = replace(coverage, at=coverage.at.repeat(3), idle=~alike.taken)
    order = ranking(alike, replace(SETTINGS, policy=policy), together).tolist()
    assert order == (list(range(3)) if one.eta_s[0] <= SETTINGS.max_eta_s else [])


@given(field=SIZES.flatmap(fields))
def test_own_station_first_sends_nobody_else_while_one_of_its_own_may_go(field: Field) -> None:
    order = ranking(field, replace(SETTINGS, policy="own_station_first")).tolist()
    own = [bool(field.territory[i] == 1) for i in order]
    assert own == sorted(own, reverse=True)


@pytest.mark.parametrize("policy", sorted(BY_COVERAGE))
def test_a_policy_by_coverage_refuses_to_guess_it(policy: str) -> None:
    empty = np.zeros(1)
    field = Field(empty, empty, empty, empty, empty, np.zeros(1, bool))
    with pytest.raises(ValueError, match="coverage"):
        ranking(field, replace(SETTINGS, policy=policy))


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_without_units_nobody_goes(policy: str) -> None:
    none = np.zeros(0)
    field = Field(none, none, none, none, none, np.zeros(0, bool))
    if policy not in BY_COVERAGE:
        assert ranking(field, replace(SETTINGS, policy=policy)).tolist() == []
