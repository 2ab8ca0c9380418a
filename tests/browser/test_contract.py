"""The console's types are made of what the server says of itself today."""

from fastapi import FastAPI

from tools.openapi import FILE, text


def test_the_kept_description_is_the_servers(app: FastAPI) -> None:
    assert FILE.read_text(encoding="utf-8") == text(app.openapi()), "run `npm run api` in console/"
