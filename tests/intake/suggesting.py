"""Key questions and a knowledge base of the mini city, for tests of what is suggested to a call-taker."""

import pytest

from jieying.bootstrap import Platform
from jieying.citypack.model import Level, Name
from jieying.triage.questions import Answer, Question, Questions

YES, NO = 0, 1


def question(code: str, category: str, *answers: tuple[str, Level | None]) -> Question:
    """`answers`: category and level that each makes of the report."""
    made = tuple(Answer(Name(f"{code}-{i}"), *one) for i, one in enumerate(answers))
    return Question(code, Name(f"{code}?"), (category,), (), made)


@pytest.fixture
def asking(platform: Platform) -> Platform:
    """The mini city with four key questions."""
    platform.city.questions = Questions(
        [
            question("weapon", "fight", ("", Level.RED), ("", None)),
            question("robbed", "fight", ("robbery", None), ("", None)),
            question("over", "fight", ("", Level.WHITE), ("", Level.BLUE)),
            question("where", "*"),
        ],
        platform.site.pack.categories,
    )
    return platform
