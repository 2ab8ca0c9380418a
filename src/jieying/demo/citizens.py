"""The people of the city: things happen to them, and they report by whatever channel is at hand."""

import struct
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from jieying.demo.world import Said, Spot, World
from jieying.incidents.model import Channel
from jieying.kit.geo import Point, to_gcj02
from jieying.roads.names import crossings

EVENTS_PER_HOUR = 36.0
# Share of that in each hour of the day.
BY_HOUR = (
    0.5, 0.4, 0.3, 0.2, 0.2, 0.3, 0.4, 0.7, 1.0, 0.9, 0.8, 0.9,
    1.0, 0.9, 0.8, 0.8, 0.9, 1.1, 1.2, 1.2, 1.1, 1.1, 0.9, 0.7,
)  # fmt: skip
BUSY = 2.0  # in the first minutes so much more happens than usual: a demo begins lively
FIRST_S = 240.0
SEEN_BY_MANY = {"1001", "1013", "2001", "2009", "3001", "3004", "4005", "4006"}
FRAUD, FRAUD_WEIGHT = "1009", 3.0  # much of what is reported today is fraud
# So many other things happen before: who looks at the anti-fraud desk or the hotline's soon finds something there.
FIRST_FRAUD, FIRST_HOTLINE = 1, 3
LEVEL_WEIGHT = {"red": 0.3, "orange": 0.6, "yellow": 1.0, "blue": 1.3, "white": 1.3}
WITH_DEVICE = (Channel.APP, Channel.MINIPROGRAM, Channel.WECHAT)


@dataclass(frozen=True)
class Story:
    """A kind of thing that happens, and what people say then."""

    category: str
    kind: str
    weight: float
    channels: list[str]
    templates: list[str]
    resend: bool


class Citizens:
    def __init__(self, world: World) -> None:
        self.world = world
        self._gateway = world.account("gateway")
        self._stories = list(_stories(world))
        self._crossings = sorted((sorted(pair), points[0]) for pair, points in crossings(world.roads.graph).items())
        self._events = 0
        self._keys = 0

    async def live(self) -> None:
        """Things happen, now more, now less often, until the demo is closing: a Poisson process, thinned."""
        began, most = self.world.now(), EVENTS_PER_HOUR * BUSY * max(BY_HOUR)
        while True:
            await self.world.wait(self.world.random.expovariate(most / 3600), until=self.world.closing)
            if self.world.closing.is_set():
                return
            fresh = (self.world.now() - began).total_seconds() < FIRST_S
            rate = EVENTS_PER_HOUR * BY_HOUR[self.world.hour] * (BUSY if fresh else 1.0)
            if self.world.chance(rate / most):
                self.world.start(self._happens())

    async def _happens(self) -> None:
        world, story = self.world, self._choose()
        self._events += 1
        spot = self._spot()
        said = Said(self._events, story.kind, story.category, spot, self._words(story, spot))
        channel, reporter = Channel(world.random.choice(story.channels)), self._reporter()
        await self._report(channel, said, reporter)
        if channel is not Channel.PHONE and world.chance(0.9 if story.resend else 0.06):
            await world.wait(world.about(90))
            await self._report(channel, said, reporter)
        while story.category in SEEN_BY_MANY and world.chance(0.4):
            await world.wait(world.about(60))
            other = replace(said, words=world.random.choice(world.words["also"]) + self._words(story, spot))
            await self._report(Channel(world.random.choice(story.channels)), other, self._reporter())

    async def _report(self, channel: Channel, said: Said, reporter: dict[str, str]) -> None:
        """Hand in a report; who telephones says his words only when somebody answers."""
        world = self.world
        if world.closing.is_set():
            return
        body: dict[str, Any] = {"channel": str(channel), "reporter": reporter}
        if not channel.is_spoken:
            body["words"] = said.words
        if position := self._position(channel, said.spot.point):
            body["position"] = position
        if channel in WITH_DEVICE and said.kind == "police" and world.chance(0.25):
            medium = await self._gateway.upload("/api/media", picture(world.random.randbytes(3)), "image/png")
            body["media"] = [medium["sha256"]]
        self._keys += 1
        key = f"demo-{self._keys}"
        taken = await self._gateway.post("/api/reports", body, key)
        world.said[taken["id"]] = said
        if world.chance(0.03):  # the answer got lost on the way to the gateway, which sends again
            again = await self._gateway.post("/api/reports", body, key)
            if again["id"] != taken["id"]:
                world.faults.append(f"report {taken['id']} was taken twice")

    def _choose(self) -> Story:
        first = [story for story in self._stories if self._is_its_turn(story)]
        if first:
            return self.world.random.choice(first)
        if self.world.chance(0.05):
            channels = [str(Channel.PHONE), str(Channel.WECHAT), str(Channel.SMS)]
            return Story("", "nothing", 0, channels, self.world.words["nothing"], False)
        return self.world.random.choices(self._stories, [story.weight for story in self._stories])[0]

    def _is_its_turn(self, story: Story) -> bool:
        """Whether this kind of thing has to happen now, so that every desk has something before long."""
        if self._events == FIRST_FRAUD:
            return story.category == FRAUD
        return self._events == FIRST_HOTLINE and story.kind == "hotline"

    def _words(self, story: Story, spot: Spot) -> str:
        vague = self.world.chance(0.08)
        place = self.world.random.choice(self.world.words["vague"]) if vague else spot.name
        return self.world.random.choice(story.templates).replace("{place}", place)

    def _spot(self) -> Spot:
        dice, pack = self.world.random, self.world.pack
        kind = dice.random()
        if kind < 0.3 and pack.addresses:
            address = dice.choice(pack.addresses)
            return Spot(f"{address.road}{address.number}号", address.position)
        if kind < 0.5 and self._crossings:
            (one, other), point = dice.choice(self._crossings)
            return Spot(f"{one}和{other}路口", point)
        place = dice.choice(pack.places)
        return Spot(dice.choice([place.name, place.name, *place.aliases]), place.position)

    def _position(self, channel: Channel, point: Point) -> dict[str, Any] | None:
        """Where the device thinks it is: phones by their network, apps well and in Chinese coordinates."""
        if channel in (Channel.ALARM, Channel.PATROL):
            return {"lat": point.lat, "lon": point.lon, "accuracy_m": 10}
        if channel in WITH_DEVICE and self.world.chance(0.6):
            shown = to_gcj02(self.world.near(point, 25))
            return {"lat": shown.lat, "lon": shown.lon, "accuracy_m": 25, "datum": "gcj02"}
        if channel is Channel.PHONE and self.world.chance(0.25):
            rough = self.world.near(point, 80)
            return {"lat": rough.lat, "lon": rough.lon, "accuracy_m": 100}
        return None

    def _reporter(self) -> dict[str, str]:
        dice, words = self.world.random, self.world.words
        name = dice.choice(words["surnames"]) + dice.choice(words["titles"])
        return {"name": name, "contact": f"0999{dice.randrange(10**7):07d}"}  # no such area code exists


def _stories(world: World) -> Iterator[Story]:
    """The pack's reports.toml, the urgent ones told less often."""
    given = tomllib.loads((world.pack.folder / "reports.toml").read_text(encoding="utf-8"))
    for report in given["report"]:
        category = world.pack.categories[report["category"]]
        weight = LEVEL_WEIGHT[str(category.level)] * (0.6 if report.get("resend") else 1.0)
        weight *= FRAUD_WEIGHT if category.code == FRAUD else 1.0
        yield Story(
            category.code, category.kind, weight, report["channels"], report["templates"], report.get("resend", False)
        )


def picture(colour: bytes) -> bytes:
    """A small PNG of one colour (RGB): stands for what somebody photographed."""
    width, height = 64, 48

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\x00" + colour * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
