"""A request that is not for the police goes to the hotline, is followed there, and is ours again when it is refused."""

import pytest

from jieying.bootstrap import Platform
from jieying.demo.hotline import Peer
from jieying.dispatch import actions as dispatch
from jieying.diversion.hotline import actions
from jieying.diversion.hotline.model import HotlineState
from jieying.incidents.model import Channel, ReportState
from jieying.intake import actions as intake
from jieying.kit.clock import ManualClock
from jieying.kit.errors import Conflict
from tests.diversion import acts as hotline
from tests.incidents import acts
from tests.minicity import spot

HERE = spot(1000, 1000)


# --- there and back --------------------------------------------------------------------------------------


async def test_a_diverted_report_is_at_the_hotline_with_all_it_needs(platform: Platform, peer: Peer) -> None:
    id_ = await hotline.diverted(
        platform, "中心广场停水了", point=HERE, reporter_name="王敏", reporter_contact="13900000000"
    )
    (case,) = peer.cases.values()
    row = await hotline.row(platform)
    assert case.given == {
        "jurisdiction_id": "minicity", "service_code": "water", "lat": f"{HERE.lat:.6f}", "long": f"{HERE.lon:.6f}",
        "api_key": "key-of-a-test", "address_string": "中心广场", "first_name": "王敏", "phone": "13900000000",
        "description": f"中心广场停水了\n[{row.id}]", "attribute[jieying_id]": str(row.id),
    }  # fmt: skip
    assert (row.state, row.report_id, row.their_id) == ("sent", id_, case.id)
    assert (await acts.report_row(platform, id_)).state == "diverted"


async def test_its_state_there_comes_back(platform: Platform, peer: Peer, clock: ManualClock) -> None:
    id_ = await hotline.diverted(platform)
    (case,) = peer.cases.values()
    for status, state in (("accepted", "taken"), ("In progress", "taken"), ("closed", "done")):
        case.status = status
        clock.advance(61)
        await platform.run_due()
        assert (await hotline.row(platform)).state == state
    row = await hotline.row(platform)
    assert (row.due_at, row.ended_at) == (None, clock.now())
    assert row.diverted_at < row.taken_at < row.ended_at
    told = [kind for kind in await acts.kinds(platform, id_) if kind.startswith("hotline.")]
    assert told == ["hotline.sent", "hotline.taken", "hotline.done"]


async def test_a_refused_report_goes_back_to_a_call_taker_with_the_reason_and_its_old_times(
    platform: Platform, peer: Peer, clock: ManualClock
) -> None:
    id_ = await hotline.diverted(platform)
    before = await acts.report_row(platform, id_)
    (case,) = peer.cases.values()
    case.status, case.notes = "refused", "属于治安事项"
    clock.advance(61)
    await platform.run_due()
    after = await acts.report_row(platform, id_)
    assert (after.state, after.needs_person) == (
        "answered", {"code": "hotline_refused", "params": {"why": "属于治安事项"}},
    )  # fmt: skip
    assert (after.received_at, after.answered_at) == (before.received_at, before.answered_at)
    opened = await intake.open_by_hand(
        platform.site, platform.city, id_, "taker", intake.ByHand("noise", None, HERE, "")
    )
    await platform.run_due()
    incident = await acts.incident_row(platform, opened)
    assert (incident.received_at, incident.answered_at) == (before.received_at, before.answered_at)


async def test_what_was_refused_may_be_diverted_again(platform: Platform, peer: Peer, clock: ManualClock) -> None:
    id_ = await hotline.diverted(platform)
    next(iter(peer.cases.values())).status = "refused"
    clock.advance(61)
    await platform.run_due()
    await hotline.divert(platform, id_)
    assert [row.state for row in await hotline.rows(platform)] == ["refused", "sent"]
    assert len(peer.cases) == 2


async def test_a_refused_incident_is_offered_again_within_the_same_clocks(
    platform: Platform, peer: Peer, clock: ManualClock
) -> None:
    async def clocks(id_: object) -> dict[str, object]:
        query = "SELECT stage, due_at FROM clock WHERE subject = :id AND due_at IS NOT NULL"
        return {row.stage: row.due_at for row in await acts.fetch(platform, query, id=id_)}

    id_ = await acts.incident(platform)
    before = await clocks(id_)
    await actions.divert_incident(platform.site, id_, "d", "hotline_12345", "")
    await platform.run_due()
    assert (await acts.given(platform, id_, "offered"), await clocks(id_)) == ([], {})
    next(iter(peer.cases.values())).status = "rejected"
    clock.advance(10 * 60 + 1)
    await platform.run_due()
    row = await acts.incident_row(platform, id_)
    assert (row.state, row.reopened_at) == ("open", None)
    assert len(await acts.given(platform, id_, "offered")) == 1
    told = await acts.kinds(platform, id_)
    assert told.count("clock.breached") == 2  # accept and arrive ran out while it was away
    assert before.keys() == {"accept", "arrive"}


async def test_an_incident_that_a_unit_had_cleared_before_is_offered_again_too(
    platform: Platform, clock: ManualClock
) -> None:
    id_ = await acts.incident(platform)
    (first,) = await acts.given(platform, id_, "offered")
    other = next(code for code in platform.site.pack.units if code != first.unit)
    await dispatch.offer_to(platform.site, platform.city.decider, id_, other, "d")
    await acts.go(platform, first.id, "on_scene")
    second = next(a for a in await acts.given(platform, id_) if a.unit == other)
    await dispatch.accept(platform.site, second.id, "officer")
    await dispatch.clear(platform.site, first.id, "officer")
    clock.advance(1)
    await actions.divert_incident(platform.site, id_, "d", "hotline_12345", "")
    await actions.mark(platform.site, (await hotline.row(platform)).id, HotlineState.REFUSED, "d", "no")
    await platform.run_due()
    assert len(await acts.given(platform, id_, "offered")) == 1


# --- what the network does -------------------------------------------------------------------------------


async def test_a_hotline_that_is_away_is_tried_again_and_after_some_tries_a_person_is_told(
    platform: Platform, peer: Peer, clock: ManualClock
) -> None:
    peer.key = "another"
    id_ = await hotline.diverted(platform)
    waits = []
    for _ in range(6):
        row = await hotline.row(platform)
        waits.append((row.due_at - clock.now()).total_seconds())
        assert (row.state, row.needs_person is not None) == ("to_send", len(waits) >= 4)
        clock.advance(waits[-1])
        await platform.run_due()
    assert waits == [60, 120, 240, 480, 600, 600]
    report = await acts.report_row(platform, id_)
    assert report.needs_person == {"code": "hotline_away", "params": {"why": "403 api_key"}}
    assert (await acts.kinds(platform, id_)).count("hotline.stuck") == 1
    told = await acts.fetch(platform, "SELECT report_id FROM notification WHERE kind = 'hotline.stuck'")
    assert [one.report_id for one in told] == [id_]
    peer.key = "key-of-a-test"
    clock.advance(600)
    await platform.run_due()
    assert (await hotline.row(platform)).state == "sent"
    assert (await acts.report_row(platform, id_)).needs_person is None


async def test_a_request_that_they_do_not_take_as_it_is_waits_for_a_person(platform: Platform, peer: Peer) -> None:
    peer.turn_down = True
    id_ = await hotline.diverted(platform)
    row = await hotline.row(platform)
    assert (row.state, row.due_at, row.needs_person["code"]) == ("by_hand", None, "hotline_turned_down")
    assert (await acts.report_row(platform, id_)).needs_person["code"] == "hotline_turned_down"
    peer.turn_down = False
    await actions.mark(platform.site, row.id, HotlineState.TO_SEND, "taker")
    await platform.run_due()
    assert (await hotline.row(platform)).state == "sent"
    assert (await acts.report_row(platform, id_)).needs_person is None


async def test_a_server_that_numbers_requests_later_is_asked_by_its_token(
    platform: Platform, peer: Peer, clock: ManualClock
) -> None:
    peer.tokens = True
    await hotline.diverted(platform)
    assert ((await hotline.row(platform)).state, (await hotline.row(platform)).their_id) == ("sent", None)
    (case,) = peer.cases.values()
    case.status = "open"
    for _ in range(2):
        clock.advance(61)
        await platform.run_due()
    row = await hotline.row(platform)
    assert (row.state, row.their_id) == ("taken", case.id)


async def test_a_process_that_dies_while_it_speaks_leaves_the_request_due_and_it_is_there_once(
    platform: Platform, peer: Peer, clock: ManualClock
) -> None:
    id_ = await hotline.report(platform)
    await intake.divert(platform.site, platform.city, id_, "taker", "hotline_12345", "")
    claimed = await actions.claim(platform.site)
    assert claimed is not None
    assert platform.hotline is not None
    await actions.talk(platform.site, platform.hotline, claimed)  # and is killed
    await platform.run_due()
    assert (await hotline.row(platform)).state == "to_send"
    clock.advance(actions.BUSY_S)
    await platform.run_due()
    row = await hotline.row(platform)
    assert (row.state, row.their_id) == ("sent", next(iter(peer.cases)))
    assert len(peer.cases) == 1


async def test_nobody_marks_by_hand_what_is_just_being_sent(platform: Platform, clock: ManualClock) -> None:
    id_ = await hotline.report(platform)
    await intake.divert(platform.site, platform.city, id_, "taker", "hotline_12345", "")
    claimed = await actions.claim(platform.site)
    assert claimed is not None
    with pytest.raises(Conflict, match="hotline_busy"):
        await actions.mark(platform.site, claimed.row.id, HotlineState.REFUSED, "taker")
    clock.advance(actions.BUSY_S)
    await actions.mark(platform.site, claimed.row.id, HotlineState.REFUSED, "taker")
    assert (await acts.report_row(platform, id_)).state == "answered"


async def test_nobody_there_takes_it_within_a_day_and_a_person_is_told(
    platform: Platform, peer: Peer, clock: ManualClock
) -> None:
    id_ = await hotline.diverted(platform)
    for _ in range(6):
        clock.advance(6 * 3600)
        await platform.run_due()
    assert (await acts.report_row(platform, id_)).needs_person["code"] == "hotline_not_taken"
    next(iter(peer.cases.values())).status = "open"
    clock.advance(6 * 3600)
    await platform.run_due()
    assert (await acts.report_row(platform, id_)).needs_person is None


# --- what is not handed over -----------------------------------------------------------------------------


async def test_what_is_for_another_service_does_not_go_to_the_hotline(platform: Platform, peer: Peer) -> None:
    id_ = await hotline.report(platform)
    await hotline.divert(platform, id_, "fire_119")
    assert (await acts.report_row(platform, id_)).state == "diverted"
    assert (await hotline.rows(platform), peer.cases) == ([], {})


@pytest.mark.parametrize("channel", [Channel.WECHAT, Channel.PHONE])
async def test_who_wrote_is_told_that_it_was_handed_over_who_spoke_has_heard_it(
    platform: Platform, channel: Channel
) -> None:
    id_ = await hotline.report(platform, channel=channel)
    await hotline.divert(platform, id_)
    row = await acts.report_row(platform, id_)
    assert (row.state, row.reply) == (ReportState.DIVERTED, "reply.hotline" if channel is Channel.WECHAT else None)
