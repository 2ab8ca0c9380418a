"""A request handed to the hotline as the API and the live feed show it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from jieying.diversion.hotline.store import DiversionRow


class DiversionView(BaseModel):
    id: UUID
    report: UUID | None
    incident: UUID | None
    state: str  # by_hand, to_send, sent, taken, done, refused
    service_code: str
    address: str
    diverted_by: str
    reason: str
    diverted_at: datetime
    sent_at: datetime | None
    taken_at: datetime | None
    ended_at: datetime | None
    their_id: str | None
    their_notes: str | None
    needs_person: dict[str, Any] | None


_SAME = [name for name in DiversionView.model_fields if name not in ("report", "incident")]


def show_diversion(row: DiversionRow) -> DiversionView:
    fields = {name: getattr(row, name) for name in _SAME}
    return DiversionView.model_construct(report=row.report_id, incident=row.incident_id, **fields)
