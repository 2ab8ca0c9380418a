"""Short forms of what people do with requests that are not for the police."""

from typing import Any
from uuid import UUID

from jieying.bootstrap import Platform
from jieying.diversion.hotline import actions
from jieying.incidents.model import Channel
from jieying.intake import actions as intake
from jieying.intake.actions import NewReport, take_report
from tests.incidents import acts

NO_WATER = "小区停水了"


async def report(platform: Platform, words: str = NO_WATER, channel: Channel = Channel.WECHAT, **more: Any) -> UUID:
    """A report that waits for a person, who will say that it is for the hotline."""
    new = NewReport(channel, words, **more)
    taken = await take_report(platform.site, platform.city, new, "account:gateway", None)
    await platform.run_due()
    return taken.id


async def divert(platform: Platform, report_id: UUID, to: str = "hotline_12345") -> None:
    """A call-taker diverts it; what is due then is done."""
    await intake.divert(platform.site, platform.city, report_id, "taker", to, "")
    await platform.run_due()


async def diverted(platform: Platform, words: str = NO_WATER, **more: Any) -> UUID:
    id_ = await report(platform, words, **more)
    await divert(platform, id_)
    return id_


async def diverted_incident(platform: Platform) -> UUID:
    id_ = await acts.incident(platform)
    await actions.divert_incident(platform.site, id_, "d", "hotline_12345", "")
    await platform.run_due()
    return id_


async def rows(platform: Platform) -> list[Any]:
    return await acts.fetch(platform, "SELECT * FROM hotline_diversion ORDER BY id")


async def row(platform: Platform) -> Any:
    (found,) = await rows(platform)
    return found
