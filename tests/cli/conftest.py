from collections.abc import Iterator

import pytest

from tests.cli.running import Machine, Serving, machine


@pytest.fixture
def fresh() -> Iterator[Machine]:
    """A machine on which nothing has run yet."""
    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def shared() -> Iterator[Machine]:
    """A machine for all tests of a module."""
    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def service(shared: Machine) -> Iterator[Serving]:
    """The service of the shared machine, running."""
    with shared.serving() as running:
        yield running
