"""The front door: every channel, committed before it is acknowledged, taken once, and never dropped by a step."""

import httpx
import pytest

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.citypack.model import Level
from jieying.dispatch import actions as dispatch
from jieying.incidents import actions as incidents
from jieying.incidents.model import Channel, ReportState
from jieying.intake import actions as intake
from jieying.intake import steps
from jieying.intake.actions import ByHand, NewReport, take_report
from jieying.kit.clock import ManualClock
from jieying.kit.errors import Conflict, Invalid, Unavailable
from jieying.kit.geo import Point, distance_m, to_gcj02
from tests.conftest import SignIn
from tests.incidents import acts
from tests.minicity import spot

HERE = spot(1000, 1000)
WRITTEN = [channel for channel in Channel if not channel.is_spoken]
SPOKEN = [channel for channel in Channel if channel.is_spoken]


async def hand_in(platform: Platform, words: str, channel: Channel = Channel.WECHAT, **more: object) -> object:
    new = NewReport(channel, words, **more)  # type: ignore[arg-type]
    taken = await take_report(platform.site, platform.city, new, "gateway", None)
    await platform.run_due()
    return taken.id


# --- channels and steps --------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", WRITTEN)
async def test_what_is_written_becomes_an_incident_by_itself(platform: Platform, channel: Channel) -> None:
    id_ = await hand_in(platform, acts.FIGHT, channel, point=HERE, accuracy_m=10.0)
    row = await acts.report_row(platform, id_)  # type: ignore[arg-type]
    assert (row.state, row.category, row.level, row.reply) == ("linked", "fight", "yellow", "reply.received")
    opened = await acts.incident_row(platform, row.incident_id)
    assert (opened.state, opened.channel, opened.org, opened.area) == ("open", str(channel), "S1", "A1")
    assert distance_m(Point(opened.lat, opened.lon), HERE) < 1


@pytest.mark.parametrize("channel", SPOKEN)
async def test_who_speaks_rings_is_answered_is_written_down_and_becomes_an_incident(
    platform: Platform, channel: Channel, clock: ManualClock
) -> None:
    id_ = await hand_in(platform, "", channel)
    row = await acts.report_row(platform, id_)  # type: ignore[arg-type]
    assert (row.state, row.needs_person["code"], row.incident_id) == ("received", "not_answered", None)
    clock.advance(2)
    await intake.answer(platform.site, row.id, "taker")
    await platform.run_due()
    row = await acts.report_row(platform, row.id)
    assert (row.state, row.needs_person["code"], row.answered_at) == ("answered", "words_missing", clock.now())
    clock.advance(20)
    said = NewReport(Channel.PHONE, "中心广场有人打架")
    await intake.describe(platform.site, platform.city, row.id, "taker", said)
    await platform.run_due()
    row = await acts.report_row(platform, row.id)
    assert (row.state, row.needs_person) == ("linked", None)
    opened = await acts.incident_row(platform, row.incident_id)
    assert (opened.place, opened.answered_at) == ("中心广场", row.answered_at)
    assert len(await acts.given(platform, opened.id, "offered")) == 1


async def test_what_a_call_taker_types_while_talking_needs_no_second_answer(platform: Platform) -> None:
    id_ = await hand_in(platform, "中心广场有人打架", Channel.PHONE, answered=True)
    assert (await acts.kinds(platform, id_))[:2] == ["report.received", "report.answered"]
    assert (await acts.report_row(platform, id_)).state == "linked"  # type: ignore[arg-type]


async def test_what_a_call_taker_decided_stands(platform: Platform) -> None:
    id_ = await hand_in(platform, acts.FIGHT, point=HERE, answered=True, category="theft", level=Level.RED)
    opened = await acts.incident_row(platform, (await acts.report_row(platform, id_)).incident_id)  # type: ignore[arg-type]
    assert (opened.category, opened.level) == ("theft", "red")
    assert "call_taker_decided" in {reason["code"] for reason in opened.level_reasons}


def test_the_steps_of_a_report_stand_in_one_list() -> None:
    assert [step.__name__ for step in steps.STEPS] == [
        *("understand", "to_anti_fraud", "answer", "locate", "find_same", "open_incident")
    ]


@pytest.mark.parametrize("step", [step.__name__ for step in steps.STEPS])
async def test_a_step_that_fails_hands_the_report_to_a_person_and_leaves_nothing_half_done(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async def broken(work: steps.Work) -> None:
        raise RuntimeError("broken")

    chain = tuple(broken if one.__name__ == step else one for one in steps.STEPS)
    broken.__name__ = step
    with monkeypatch.context() as patched:
        patched.setattr(steps, "STEPS", chain)
        id_ = await hand_in(platform, acts.FIGHT, point=HERE)
    row = await acts.report_row(platform, id_)  # type: ignore[arg-type]
    assert row.needs_person == {"code": "step_failed", "params": {"step": step}}
    assert (row.words, row.incident_id, row.steps_due_at) == (acts.FIGHT, None, None)
    assert await acts.fetch(platform, "SELECT id FROM incident") == []
    assert (await acts.kinds(platform, id_))[-2:] == ["report.step_failed", "report.handed_to_person"]
    by_hand = ByHand("fight", None, HERE, "")
    opened = await intake.open_by_hand(platform.site, platform.city, row.id, "taker", by_hand)
    await platform.run_due()
    assert len(await acts.given(platform, opened, "offered")) == 1
    assert (await acts.report_row(platform, row.id)).needs_person is None


async def test_one_bad_report_does_not_hold_up_the_others(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    async def picky(work: steps.Work) -> None:
        if "毒" in work.report.words:
            raise RuntimeError("poison")

    monkeypatch.setattr(steps, "STEPS", (picky, *steps.STEPS))
    bad = await acts.report(platform, "毒")
    good = await acts.report(platform)
    await platform.run_due()
    assert (await acts.report_row(platform, bad)).needs_person["code"] == "step_failed"
    assert (await acts.report_row(platform, good)).state == "linked"


async def test_rows_that_are_merely_busy_are_tried_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    async def busy(work: steps.Work) -> None:
        raise Conflict("busy")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "STEPS", (busy,))
        id_ = await acts.report(platform)
        await platform.run_due()
    row = await acts.report_row(platform, id_)
    assert (row.needs_person, row.steps_tries) == (None, 1)
    clock.advance(1)
    await platform.run_due()
    assert (await acts.report_row(platform, id_)).state == "linked"


async def test_a_process_killed_after_the_acknowledgement_leaves_the_report_due(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(work: steps.Work) -> None:
        raise Unavailable("database_down")

    id_ = await acts.report(platform)
    with monkeypatch.context() as patched:
        patched.setattr(steps, "STEPS", (*steps.STEPS, killed))  # at the worst moment: all done, nothing committed
        with pytest.raises(Unavailable):
            await platform.run_due()
    row = await acts.report_row(platform, id_)
    assert (row.state, row.steps_due_at is not None) == ("received", True)
    await platform.run_due()
    row = await acts.report_row(platform, id_)
    assert row.state == "linked"
    assert (await acts.kinds(platform, id_)).count("report.answered") == 1
    assert len(await acts.fetch(platform, "SELECT id FROM incident")) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("身份证怎么办理", "ours_enquiry"),
        ("小区停水了", "ours_hotline"),
        ("嗯嗯嗯", "ours_unclear"),
        ("有枪", "ours_unclear"),
    ],
)
async def test_what_is_not_ours_for_certain_waits_for_a_person_who_settles_it(
    platform: Platform, words: str, reason: str
) -> None:
    id_ = await hand_in(platform, words, point=HERE)
    row = await acts.report_row(platform, id_)  # type: ignore[arg-type]
    assert (row.state, row.needs_person["code"], row.incident_id) == ("answered", reason, None)
    await intake.settle(platform.site, platform.city, row.id, "taker", ReportState.ENQUIRY, "said how")
    row = await acts.report_row(platform, row.id)
    assert (row.state, row.needs_person) == ("enquiry", None)
    with pytest.raises(Conflict, match="illegal_transition"):
        await intake.settle(platform.site, platform.city, row.id, "taker", ReportState.UNFOUNDED, "")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("有人打架", "place_unknown"),
        ("华联超市有人打架", "place_unsure|place_ambiguous"),
        ("文昌路上有人打架", "place_unsure"),
    ],
)
async def test_a_place_that_is_not_sure_waits_for_a_person_with_the_reason(
    platform: Platform, words: str, reason: str
) -> None:
    id_ = await hand_in(platform, words)
    row = await acts.report_row(platform, id_)  # type: ignore[arg-type]
    assert row.needs_person["code"] in reason.split("|")
    assert row.state == "answered"


async def test_a_report_waiting_for_a_person_is_listed_with_its_reason(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    waits = await hand_in(platform, "嗯嗯嗯", point=HERE)
    await hand_in(platform, acts.FIGHT, point=HERE)
    answer = await client.get("/api/reports?waiting=true", headers=await sign_in(Role.CALL_TAKER))
    assert [one["id"] for one in answer.json()["reports"]] == [str(waits)]
    assert answer.json()["reports"][0]["needs_person"]["code"] == "ours_unclear"


# --- sent twice ----------------------------------------------------------------------------------------------


async def post(
    client: httpx.AsyncClient, headers: dict[str, str], key: str | None = None, **changes: object
) -> httpx.Response:
    body = {"channel": "wechat", "words": acts.FIGHT, "position": {"lat": HERE.lat, "lon": HERE.lon}} | changes
    return await client.post("/api/reports", headers=headers | ({"Idempotency-Key": key} if key else {}), json=body)


async def test_a_report_sent_again_under_its_key_is_taken_once(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    gateway, other = await sign_in(Role.GATEWAY), await sign_in(Role.GATEWAY)
    first = await post(client, gateway, "k")
    await platform.run_due()
    again = await post(client, gateway, "k")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert again.json()["state"] == "linked"
    another = await post(client, gateway, "k", words="别的事")
    assert (another.status_code, another.json()["code"]) == (409, "key_reused")
    assert (await post(client, other, "k")).json()["id"] != first.json()["id"]  # keys are the sender's own
    assert len(await acts.fetch(platform, "SELECT id FROM report")) == 2


async def test_a_refused_report_does_not_use_up_its_key(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    gateway = await sign_in(Role.GATEWAY)
    assert (await post(client, gateway, "k", media=["0" * 64])).status_code == 422
    assert (await post(client, gateway, "k")).status_code == 201


async def test_a_verbatim_resend_without_a_key_joins_the_incident_of_the_first(
    platform: Platform, clock: ManualClock
) -> None:
    first = await hand_in(platform, acts.FIGHT, point=HERE, reporter_contact="139")
    clock.advance(60)
    again = await hand_in(platform, acts.FIGHT, point=spot(1010, 1000), reporter_contact="139")
    other = await hand_in(platform, acts.FIGHT, point=HERE, reporter_contact="138")
    rows = [await acts.report_row(platform, id_) for id_ in (first, again, other)]  # type: ignore[arg-type]
    assert rows[0].incident_id == rows[1].incident_id != rows[2].incident_id
    assert (await acts.incident_row(platform, rows[0].incident_id)).reports_count == 2
    suggested = (await acts.incident_row(platform, rows[2].incident_id)).similar
    assert [one["incident"] for one in suggested] == [str(rows[0].incident_id)]  # suggested only: a person decides


@pytest.mark.parametrize("change", ["later", "other channel", "other words", "closed"])
async def test_what_is_no_resend_is_an_incident_of_its_own(platform: Platform, clock: ManualClock, change: str) -> None:
    first = await hand_in(platform, acts.FIGHT, point=HERE, reporter_contact="139")
    opened = (await acts.report_row(platform, first)).incident_id  # type: ignore[arg-type]
    if change == "closed":
        await dispatch.record_outcome(platform.site, opened, "d", "handled", "")
        await incidents.close_incident(platform.site, opened, "d", "satisfied", "")
    clock.advance(601 if change == "later" else 60)
    words = "打架打得更凶了" if change == "other words" else acts.FIGHT
    channel = Channel.SMS if change == "other channel" else Channel.WECHAT
    again = await hand_in(platform, words, channel, point=HERE, reporter_contact="139")
    assert (await acts.report_row(platform, again)).incident_id not in (None, opened)  # type: ignore[arg-type]


# --- what a call-taker does ----------------------------------------------------------------------------------


async def test_a_call_taker_links_a_report_to_an_incident_that_is_open(platform: Platform) -> None:
    here = await acts.incident(platform)
    waits = await hand_in(platform, "嗯嗯嗯", point=HERE)
    await intake.link(platform.site, platform.city, waits, here, "taker")  # type: ignore[arg-type]
    row = await acts.report_row(platform, waits)  # type: ignore[arg-type]
    assert (row.state, row.incident_id, row.needs_person) == ("linked", here, None)
    assert (await acts.incident_row(platform, here)).reports_count == 2
    with pytest.raises(Conflict):
        await intake.link(platform.site, platform.city, waits, here, "taker")  # type: ignore[arg-type]


async def test_opening_by_hand_outside_the_city_or_with_an_unknown_category_changes_nothing(
    platform: Platform,
) -> None:
    waits = await hand_in(platform, "嗯嗯嗯", point=HERE)
    for by_hand, code in (
        (ByHand("fight", None, Point(48.85, 2.35), ""), "outside_city"),
        (ByHand("dragons", None, HERE, ""), "no_such_category"),
    ):
        with pytest.raises(Invalid, match=code):
            await intake.open_by_hand(platform.site, platform.city, waits, "taker", by_hand)  # type: ignore[arg-type]
    assert (await acts.report_row(platform, waits)).state == "answered"  # type: ignore[arg-type]


async def test_a_report_that_is_linked_is_not_described_settled_or_opened_again(platform: Platform) -> None:
    done = await hand_in(platform, acts.FIGHT, point=HERE)
    with pytest.raises(Conflict, match="report_settled"):
        await intake.describe(platform.site, platform.city, done, "t", NewReport(Channel.PHONE, "x"))  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="illegal_transition"):
        await intake.settle(platform.site, platform.city, done, "t", ReportState.UNFOUNDED, "")  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="illegal_transition"):
        await intake.open_by_hand(platform.site, platform.city, done, "t", ByHand("fight", None, HERE, ""))  # type: ignore[arg-type]
    assert len(await acts.fetch(platform, "SELECT id FROM incident")) == 1


# --- positions -----------------------------------------------------------------------------------------------


async def test_a_position_of_a_chinese_map_service_is_converted_at_the_door(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    theirs = to_gcj02(HERE)
    assert distance_m(theirs, HERE) > 100
    position = {"lat": theirs.lat, "lon": theirs.lon, "datum": "gcj02", "accuracy_m": 10}
    taken = (await post(client, await sign_in(Role.GATEWAY), position=position)).json()
    (row,) = await acts.fetch(platform, "SELECT lat, lon FROM report WHERE id = :id", id=taken["id"])
    assert distance_m(Point(row.lat, row.lon), HERE) < 0.1
