"""Makes the pictures of the documents: `make docs`, or `python tools/screenshots.py`.

Starts the demo on a free port and in a folder of its own, signs in with a real Chromium, and writes
docs/images/NAME-LANGUAGE.png. Takes about three minutes. The console must not be built anew meanwhile.
"""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import chromium
import httpx
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
BYTES_MOST = 400 * 1024
SIZE = ViewportSize(width=1280, height=740)
# WebGL without a graphics card.
CHROMIUM_ARGUMENTS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox"]
LIVELY_S = 60  # real seconds until the city has something to show
SETTLED_S = 10  # until the map has drawn its tiles; software rendering is slow

DEMO = """
import sys
from pathlib import Path
from jieying.demo import DemoOptions, run
sys.exit(run(DemoOptions(headless=True, minutes=10, speed=20, port=int(sys.argv[1]), data_dir=Path(sys.argv[2]))))
"""
WORDS = "云大正门口两伙人打起来了，有人拿着刀，快来"


@contextmanager
def demo() -> Iterator[httpx.Client]:
    """A client, signed in as the demo's dispatcher, of a demo that runs for as long as the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="jieying-screenshots-"))
    folder.chmod(0o755)
    process = subprocess.Popen([sys.executable, "-c", DEMO, str(port), str(folder / "demo")], cwd=ROOT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
            _sign_in(client, process)
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _sign_in(client: httpx.Client, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            answer = client.post("/api/session", json={"username": "dispatcher", "password": "jieying-demo"})
            if answer.status_code == 200:
                client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SystemExit("the demo ended before it could be signed in to")


def telling(client: httpx.Client) -> dict[str, Any]:
    """The incident that shows most: units on the way to it, and an urgent one."""
    found = client.get("/api/incidents", params={"state": "active", "limit": 200}).json()["incidents"]

    def worth(incident: dict[str, Any]) -> tuple[int, int]:
        levels = ("white", "blue", "yellow", "orange", "red")
        moving = sum(one["state"] in ("en_route", "accepted") for one in incident["assignments"])
        return moving, levels.index(incident["level"])

    return max(found, key=worth)


def shoot(browser: Browser, client: httpx.Client, language: str) -> None:
    """All pictures in one language."""
    context = browser.new_context(
        base_url=str(client.base_url), viewport=SIZE, locale="zh-CN" if language == "zh" else "en-GB"
    )
    page = context.new_page()
    page.on("console", lambda said: print(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: print(f"page: {error}"))
    page.goto("/")
    page.locator("input[name=username]").fill("dispatcher")
    page.locator("input[name=password]").fill("jieying-demo")
    page.locator("button[type=submit]").click()
    page.locator(".maplibregl-canvas").wait_for(timeout=60_000)
    pictures: dict[str, Callable[[], object]] = {
        "situation": lambda: page.goto("/#/"),
        "incident": lambda: page.goto(f"/#/?incident={telling(client)['id']}"),
        "report": lambda: _type_report(page),
        "intervals": lambda: page.goto("/#/intervals"),
    }
    for name, show in pictures.items():
        show()
        page.wait_for_timeout(SETTLED_S * 1000)
        save(page, f"{name}-{language}")
    context.close()


def _type_report(page: Page) -> None:
    page.goto("/#/")
    page.keyboard.press("F2")
    page.locator("form.taking textarea").fill(WORDS)


def save(page: Page, name: str) -> None:
    file = IMAGES / f"{name}.png"
    page.screenshot(path=file)
    size = file.stat().st_size
    print(f"{file.relative_to(ROOT)}  {size // 1024} kB")
    if size > BYTES_MOST:
        raise SystemExit(f"{file} is larger than {BYTES_MOST // 1024} kB")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with demo() as client, sync_playwright() as playwright:
        time.sleep(LIVELY_S)
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=CHROMIUM_ARGUMENTS)
        for language in ("zh", "en"):
            shoot(browser, client, language)
        browser.close()


if __name__ == "__main__":
    main()
