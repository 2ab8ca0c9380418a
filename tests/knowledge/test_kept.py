"""What the search learns of the wordings is kept for the next process, and taken only for these very wordings."""

from pathlib import Path

import numpy as np
import pytest

from jieying.knowledge.kept import Arrays, kept


class Maker:
    """Counts how often something was made."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Arrays:
        self.made += 1
        return {"vectors": np.arange(6.0).reshape(2, 3)}


@pytest.fixture
def make() -> Maker:
    return Maker()


def test_the_second_process_takes_what_the_first_made(tmp_path: Path, make: Maker) -> None:
    first = kept(tmp_path / "kept.npz", ["a", "b"], make)
    second = kept(tmp_path / "kept.npz", ["a", "b"], make)
    assert make.made == 1
    assert first.keys() == second.keys()
    np.testing.assert_array_equal(first["vectors"], second["vectors"])


def test_other_wordings_are_learnt_anew(tmp_path: Path, make: Maker) -> None:
    kept(tmp_path / "kept.npz", ["a", "b"], make)
    kept(tmp_path / "kept.npz", ["a", "c"], make)
    assert make.made == 2


@pytest.mark.parametrize("damage", [lambda whole: whole[:100], lambda whole: b"x" * 50, lambda whole: b""])
def test_a_damaged_file_is_made_anew(tmp_path: Path, make: Maker, damage: object) -> None:
    file = tmp_path / "kept.npz"
    kept(file, "a", make)
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    found = kept(file, "a", make)
    assert make.made == 2
    assert found["vectors"].shape == (2, 3)
    kept(file, "a", make)
    assert make.made == 2


def test_a_folder_that_is_not_there_costs_only_time(tmp_path: Path, make: Maker) -> None:
    assert kept(tmp_path / "nowhere" / "kept.npz", "a", make)["vectors"].shape == (2, 3)
