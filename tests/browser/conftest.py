"""The real service, and a real Chromium that looks at it.

One service and one browser serve the whole folder; each test gets a page of its own and makes reports of its own.
When a test ends, its page must have asked no other host for anything and must have logged no error.
"""

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from jieying.access.actions import add_account
from jieying.access.rules import Role
from jieying.citypack.build import build_pack
from jieying.citypack.model import OrgKind
from jieying.citypack.read import read_pack
from jieying.journal.actions import Site
from jieying.kit.clock import SystemClock
from jieying.kit.db import Database
from jieying.settings import Settings
from jieying.web.app import STATIC
from jieying.web.serve import Service
from tests.browser.city import PASSWORD, City
from tests.browser.desk import Desk
from tools.chromium import find

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "var" / "packs" / "yunzhou"
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",  # WebGL without a graphics card
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
]
WIDE = (1440, 900)
DEADLINE_MS = 20_000  # for what should take a moment; a busy machine is no fault of the console


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.path.name != "test_contract.py":
            item.add_marker("browser")


@pytest.fixture(scope="package")
def chromium_path() -> str:
    if not (STATIC / "index.html").is_file():
        pytest.skip("the console is not built: run `make console` (`make test` does it)")
    path = find()
    if path is None:
        pytest.skip("no Chromium on this machine: run `python tools/chromium.py install` (`make test` does it)")
    return path


@pytest.fixture(scope="package")
def city(chromium_path: str) -> Iterator[City]:
    """The service of the sample city, with its accounts, watched so that what dies is started again."""
    folder = Path(tempfile.mkdtemp(prefix="jieying-browser-"))
    folder.chmod(0o755)  # root may have to start the database as another user
    try:
        pack = BUILT
        if not (BUILT / "map.pmtiles").is_file():
            pack = folder / "pack"
            build_pack(ROOT / "packs" / "yunzhou", pack, None, lambda _: None)
        with Service(Settings(data_dir=folder / "data", port=0, pack=pack)) as service:
            asyncio.run(_add_accounts(service))
            done = threading.Event()
            watch = threading.Thread(target=service.watch, args=[done.is_set])
            watch.start()
            try:
                yield City(service)
            finally:
                done.set()
                watch.join()
    finally:
        shutil.rmtree(folder)


async def _add_accounts(service: Service) -> None:
    pack, db = read_pack(service.settings.pack), Database(service.database_url)
    org = next(org.code for org in pack.orgs.values() if org.kind is OrgKind.CITY)
    for role in (Role.DISPATCHER, Role.GATEWAY, Role.COMMANDER, Role.FRAUD_DESK):
        site = Site(db, SystemClock(), pack)
        name = role.replace("_", "-")
        await add_account(site, username=name, name=name.title(), password=PASSWORD, role=role, org=org)
    await db.close()


@pytest.fixture(scope="package")
def browser(chromium_path: str, city: City) -> Iterator[Browser]:
    # `city` first: Playwright's event loop runs in this thread until it ends, and nothing else can run another then
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS) as browser,
    ):
        yield browser


NewDesk = Callable[..., Desk]


@pytest.fixture
def new_desk(browser: Browser, city: City) -> Iterator[NewDesk]:
    """`new_desk(language="en", size=(390, 844))` is a page at the console that nobody has signed in to yet."""
    made: list[tuple[BrowserContext, Desk]] = []

    def make(language: str = "zh", size: tuple[int, int] = WIDE) -> Desk:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=f"{language}-CN")
        context.set_default_timeout(DEADLINE_MS)
        desk = Desk(context.new_page(), city)
        made.append((context, desk))
        return desk

    yield make
    for context, desk in made:
        context.close()
        desk.check()
    city.tidy()


@pytest.fixture
def desk(new_desk: NewDesk) -> Desk:
    """A dispatcher at the console, in Chinese, on a wide screen."""
    made = new_desk()
    made.sign_in()
    return made
