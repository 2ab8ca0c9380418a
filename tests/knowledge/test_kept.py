"""What the search learns of the wordings is kept for the next process, and taken only for these very wordings."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from jieying.knowledge.base import base_entries
from jieying.knowledge.kept import Arrays, kept
from jieying.knowledge.search import Search


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
    first = kept(tmp_path / "kept", ["a", "b"], make)
    second = kept(tmp_path / "kept", ["a", "b"], make)
    assert make.made == 1
    assert first.keys() == second.keys()
    np.testing.assert_array_equal(first["vectors"], second["vectors"])


def test_of_several_that_start_together_one_makes_it(tmp_path: Path) -> None:
    made: list[int] = []

    def slowly() -> Arrays:
        made.append(1)
        time.sleep(0.3)
        return {"vectors": np.zeros(3)}

    threads = [Thread(target=kept, args=(tmp_path / "kept", "a", slowly)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_search_from_the_file_finds_what_the_learnt_one_finds(tmp_path: Path) -> None:
    entries = base_entries()[:40]
    learnt = Search(entries, cache=tmp_path / "kept")
    read = Search(entries, cache=tmp_path / "kept")
    for question in ("身份证丢了怎么补办", "户口迁移要带什么", "今天天气怎么样"):
        assert read.find(question) == learnt.find(question) == Search(entries).find(question)


def test_other_wordings_are_learnt_anew(tmp_path: Path, make: Maker) -> None:
    kept(tmp_path / "kept", ["a", "b"], make)
    kept(tmp_path / "kept", ["a", "c"], make)
    assert make.made == 2


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[: len(whole) // 2], lambda whole: whole[:-1] + b"x", lambda whole: b""]
)
@pytest.mark.parametrize("name", ["vectors.npy", "sums.json"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, make: Maker, name: str, damage: Callable[[bytes], bytes]) -> None:
    kept(tmp_path / "kept", "a", make)
    (file,) = tmp_path.glob(f"kept/*/{name}")
    file.write_bytes(damage(file.read_bytes()))
    found = kept(tmp_path / "kept", "a", make)
    assert make.made == 2
    assert found["vectors"].shape == (2, 3)
    kept(tmp_path / "kept", "a", make)
    assert make.made == 2


def test_what_was_kept_before_goes(tmp_path: Path, make: Maker) -> None:
    kept(tmp_path / "kept", "a", make)
    kept(tmp_path / "kept", "b", make)
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_what_cannot_be_written_costs_only_time(tmp_path: Path, make: Maker) -> None:
    (tmp_path / "kept").write_text("a file stands where the folder should be")
    assert kept(tmp_path / "kept", "a", make)["vectors"].shape == (2, 3)


def test_a_folder_that_is_not_there_costs_only_time(tmp_path: Path, make: Maker) -> None:
    assert kept(tmp_path / "nowhere" / "deeper" / "kept", "a", make)["vectors"].shape == (2, 3)
