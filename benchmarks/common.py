"""What the benchmarks share: a running service on the sample city, accounts, load, and how figures are told."""

import asyncio
import gc
import platform
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import psutil

from jieying.access.actions import add_account
from jieying.access.rules import Role
from jieying.citypack.model import CityPack, OrgKind
from jieying.citypack.read import read_pack
from jieying.journal.actions import Site
from jieying.kit.clock import SystemClock
from jieying.kit.db import Database
from jieying.settings import Settings
from jieying.web.serve import Service

PACK = Path("var/packs/yunzhou")
PASSWORD = "benchmark-only"
KEPT_ALIVE_S = 3.0  # the server closes a connection that was idle for five
SENTENCES = (
    "{place}门口有人打架，已经有人流血了",
    "我在{place}，钱包被人偷了，小偷往东边跑了",
    "{place}前面两辆车撞了，堵得动不了",
    "{place}旁边有人喝醉了闹事，砸东西",
    "{place}楼下一直放音乐，吵得睡不着",
    "{place}这里有个老人走丢了，找不到家",
    "快来{place}，有人拿刀抢劫",
    "{place}有小孩走失，穿红色衣服",
)


def additions_s() -> float:
    """Seconds that a loop of three million additions takes: how fast this machine is just now, which may vary."""
    start, total = time.perf_counter(), 0
    for number in range(3_000_000):
        total += number
    return time.perf_counter() - start


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "python": platform.python_version(),
        "load_before": round(psutil.getloadavg()[0], 2),
        "additions_s": spread([additions_s() for _ in range(5)]),
    }


def percentiles(seconds: Sequence[float], prefix: str = "") -> dict[str, float | None]:
    """P50 and P99 in milliseconds."""
    if not seconds:
        return {f"{prefix}p50_ms": None, f"{prefix}p99_ms": None}
    p50, p99 = np.percentile(np.asarray(seconds), [50, 99]) * 1000
    return {f"{prefix}p50_ms": round(float(p50), 3), f"{prefix}p99_ms": round(float(p99), 3)}


def spread(values: Sequence[float] | np.ndarray[tuple[Any, ...], np.dtype[np.float64]]) -> dict[str, float]:
    """Least, middle and greatest of repeated measurements."""
    return {
        "min": round(float(np.min(values)), 3),
        "median": round(float(np.median(values)), 3),
        "max": round(float(np.max(values)), 3),
    }


def thirds(seconds: Sequence[float]) -> dict[str, dict[str, float]]:
    """The spread of P50 and P99 (milliseconds) over the first, second and last third of a run."""
    parts = [part * 1000 for part in np.array_split(np.asarray(seconds), 3) if len(part)]
    return {f"p{q}_ms_thirds": spread([float(np.percentile(part, q)) for part in parts]) for q in (50, 99) if parts}


@dataclass(frozen=True)
class Running:
    """A service under test, with the tokens of its accounts."""

    service: Service
    pack: CityPack
    tokens: dict[str, str]

    @property
    def address(self) -> tuple[str, int]:
        url = httpx.URL(self.service.url)
        return url.host, url.port or 80

    def _processes(self) -> tuple[list[psutil.Process], list[psutil.Process]]:
        """Those that serve requests, and those that walk the loops."""
        parents = [psutil.Process(pid) for pid in self.service.worker_pids]
        return parents, [child for parent in parents for child in parent.children()]

    def rss_mb(self) -> float:
        """Memory of our processes together, pages that they share counted once (PostgreSQL not counted)."""
        return sum(one.memory_full_info().pss for ours in self._processes() for one in ours) / 1e6

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds used so far by requests, by the loops and by PostgreSQL."""
        web, loops = (sum(sum(one.cpu_times()[:2]) for one in ours) for ours in self._processes())
        assert self.service.postgres is not None
        server = psutil.Process(self.service.postgres.pid)
        times = [server.cpu_times(), *(child.cpu_times() for child in server.children(recursive=True))]
        # Backends that have ended are counted in their parent's children times.
        return {"web": web, "loops": loops, "postgres": sum(sum(t[:2]) for t in times) + sum(times[0][2:4])}


@contextmanager
def running(workers: int = 1, pack: Path = PACK) -> Iterator[Running]:
    """Start the real service on a fresh database, durable as in operation; ends all."""
    city = read_pack(pack)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), pack=pack, port=0, workers=workers)
        with Service(settings) as service:
            found = Running(service, city, asyncio.run(_accounts(service, city)))
            # Else we measured ourselves: collecting garbage among the objects of a city takes half a second.
            gc.collect()
            gc.freeze()
            yield found


async def _accounts(service: Service, pack: CityPack) -> dict[str, str]:
    db = Database(service.database_url)
    site = Site(db, SystemClock(), pack)
    city = next(org.code for org in pack.orgs.values() if org.kind is OrgKind.CITY)
    for role in (Role.GATEWAY, Role.DISPATCHER):
        await add_account(site, username=role, name=role, password=PASSWORD, role=role, org=city)
    await db.close()
    tokens = {}
    async with httpx.AsyncClient(base_url=service.url, trust_env=False) as client:
        for role in (Role.GATEWAY, Role.DISPATCHER):
            answer = await client.post("/api/session", json={"username": role, "password": PASSWORD})
            tokens[str(role)] = answer.raise_for_status().json()["token"]
    return tokens


class Connection:
    """A keep-alive HTTP/1.1 connection that costs the load generator next to nothing."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._address = address
        self._head = f"Host: {address[0]}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def post(self, path: str, body: dict[str, Any], key: str = "") -> tuple[int, bytes]:
        """Status and body of the answer; raises OSError or IncompleteReadError when the connection breaks."""
        if self._streams is not None and time.monotonic() - self._used > KEPT_ALIVE_S:
            self.close()
        self._used = time.monotonic()
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        content = orjson.dumps(body)
        idempotency = f"Idempotency-Key: {key}\r\n" if key else ""
        head = f"POST {path} HTTP/1.1\r\n{self._head}{idempotency}Content-Length: {len(content)}\r\n\r\n"
        try:
            writer.write(head.encode() + content)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            return int(answer[9:12]), await reader.readexactly(length)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def made_up_report(pack: CityPack, dice: random.Random) -> dict[str, Any]:
    """A citizen's message about a place of the city; no two with the same contact."""
    place = dice.choice(pack.places)
    report: dict[str, Any] = {
        "channel": dice.choice(["wechat", "app", "sms", "web", "miniprogram"]),
        "words": dice.choice(SENTENCES).format(place=place.name),
        "reporter": {"contact": f"139{dice.randrange(10**8):08d}"},
    }
    if dice.random() < 0.5:
        report["position"] = {"lat": place.position.lat, "lon": place.position.lon, "accuracy_m": 30}
    return report
