"""What a model is sure is for the hotline is diverted without a person; whatever else waits for one."""

from dataclasses import replace

import pytest

from jieying.bootstrap import Platform
from jieying.citypack.model import Level
from jieying.demo.hotline import Peer
from jieying.incidents.model import Channel
from jieying.intake import actions as intake
from jieying.intake.actions import NewReport
from jieying.kit.clock import ManualClock
from jieying.triage.rules import Understanding, Understood
from tests.diversion import acts as hotline
from tests.incidents import acts


@pytest.fixture
def sure(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mini city has no model, and is never sure: let it be."""
    plain = Understanding.understand

    def understand(self: Understanding, words: str, hint_category: str | None = None) -> Understood:
        return replace(plain(self, words, hint_category), sure="也许" not in words)

    monkeypatch.setattr(Understanding, "understand", understand)


async def where(platform: Platform, words: str, channel: Channel = Channel.WECHAT) -> tuple[str, str | None]:
    """State of a report, and why it waits for a person."""
    row = await acts.report_row(platform, await hotline.report(platform, words, channel))
    return row.state, row.needs_person and row.needs_person["code"]


@pytest.mark.usefixtures("sure")
async def test_what_is_surely_for_the_hotline_is_there_at_once_and_the_reporter_is_told(
    platform: Platform, peer: Peer
) -> None:
    row = await acts.report_row(platform, await hotline.report(platform))
    assert (row.state, row.needs_person, row.reply) == ("diverted", None, "reply.hotline")
    assert (await hotline.row(platform)).diverted_by == "system"
    assert len(peer.cases) == 1


@pytest.mark.usefixtures("sure")
@pytest.mark.parametrize(
    ("words", "channel", "expected"),
    [
        ("也许停水了", Channel.WECHAT, ("answered", "ours_hotline")),  # not sure
        ("停水了，有人受伤", Channel.WECHAT, ("answered", "ours_unclear")),  # an alarm word
        ("停水了", Channel.HOTLINE_12345, ("answered", "ours_hotline")),  # they have sent it to us
        ("停水了", Channel.PHONE, ("received", "not_answered")),
    ],
)
async def test_it_waits_for_a_person(
    platform: Platform, peer: Peer, words: str, channel: Channel, expected: tuple[str, str]
) -> None:
    assert (await where(platform, words, channel), peer.cases) == (expected, {})


@pytest.mark.usefixtures("sure")
async def test_what_is_urgent_waits_for_a_person(
    platform: Platform, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    urgent = {"utility": replace(platform.site.pack.categories["utility"], level=Level.ORANGE)}
    monkeypatch.setattr(platform.city.understanding, "_categories", platform.site.pack.categories | urgent)
    assert (await where(platform, "停水了"), peer.cases) == (("answered", "ours_hotline"), {})


@pytest.mark.usefixtures("sure")
async def test_what_they_refused_is_not_sent_there_again_without_a_person(
    platform: Platform, peer: Peer, clock: ManualClock
) -> None:
    id_ = await hotline.report(platform)
    next(iter(peer.cases.values())).status = "refused"
    clock.advance(61)
    await platform.run_due()
    new = NewReport(Channel.PHONE, "小区停水了，三号楼")
    await intake.describe(platform.site, platform.city, id_, "taker", new)
    await platform.run_due()
    assert (await acts.report_row(platform, id_)).needs_person["code"] == "ours_hotline"
    assert len(peer.cases) == 1
