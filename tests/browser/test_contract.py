"""The console's types are made of what the server says of itself today."""

from tests.minicity import mini_city
from tools.openapi import FILE, described


def test_the_kept_description_is_the_servers() -> None:
    assert FILE.read_text(encoding="utf-8") == described(mini_city()), "run `npm run api` in console/"
