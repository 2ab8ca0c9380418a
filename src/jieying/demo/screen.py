"""Keeps the terminal up to date: a live table for who looks, a line now and then for a log."""

import asyncio
from collections import Counter
from typing import Any

from rich.console import Console, Group
from rich.live import Live

from jieying.demo.options import DemoOptions
from jieying.demo.table import counts_table, headline, how_to_log_in, intervals_table
from jieying.demo.world import World

LIVE_S, LINE_S = 1.0, 15.0
HOURS = 24


async def show(world: World, url: str, options: DemoOptions, console: Console) -> None:
    """Until cancelled."""
    console.print(how_to_log_in(url, world.pack, options.language))
    if options.headless or not console.is_terminal:
        while True:
            await asyncio.sleep(LINE_S)
            console.print(*await _state(world, options))
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(Group(*await _state(world, options)), refresh=True)
            await asyncio.sleep(LIVE_S)


async def _state(world: World, options: DemoOptions) -> list[Any]:
    shown = await world.account("auditor").get("/api/intervals", hours=HOURS)
    units = Counter(unit["status"] for unit in world.feed.units.values())
    parts: list[Any] = [headline(shown["now"], world.clock.speed, world.pack, options.language)]
    if not options.headless:
        parts.append(intervals_table(shown["intervals"], options.language))
    return [*parts, counts_table(shown["reports"], shown["incidents"], units, options.language)]
