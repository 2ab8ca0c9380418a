"""The tables of reports, incidents and assignments; `region` leads every key, so that they can be distributed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from jieying.incidents.model import TIMES
from jieying.kit.db import by_month, metadata


def _moment(name: str, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


incident = by_month(
    Table(
        "incident",
        metadata,
        Column("region", Text, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("number", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("category", Text, nullable=False),
        Column("level", Text, nullable=False),
        Column("level_rank", Integer, nullable=False),
        Column("level_reasons", JSONB, nullable=False, server_default=text("'[]'")),
        Column("summary", Text, nullable=False),
        Column("lat", Float, nullable=False),
        Column("lon", Float, nullable=False),
        Column("cell", BigInteger, nullable=False),
        Column("place", Text, nullable=False),
        Column("place_confidence", Float, nullable=False),
        Column("area", Text),
        Column("org", Text, nullable=False),
        Column("org_path", Text, nullable=False),
        # Who may see it: its own organisation and those whose units were ever asked to help.
        Column("org_paths", ARRAY(Text), nullable=False),
        Column("channel", Text, nullable=False),
        Column("reports_count", Integer, nullable=False, server_default=text("1")),
        Column("plan", Text, nullable=False),
        Column("units_needed", Integer, nullable=False),
        Column("similar", JSONB, nullable=False, server_default=text("'[]'")),
        # Due now when the next offer is to be decided; empty while offers run or nobody is needed.
        _moment("dispatch_due_at"),
        _moment("waiting_since"),
        Column("waiting_reason", JSONB(none_as_null=True)),
        *(_moment(name) for name in TIMES),
        Column("outcome", Text),
        Column("outcome_notes", Text),
        Column("call_back", Text),
        Column("call_back_notes", Text),
        Column("merged_into", Uuid),
        # What undoing the merge gives back: since when and why it waited.
        Column("before_merge", JSONB(none_as_null=True)),
        _moment("reopened_at"),
        _moment("taken_back_at"),
        Column("version", Integer, nullable=False, server_default=text("1")),
        PrimaryKeyConstraint("region", "id"),
        Index("ix_incident_running", "region", "level_rank", postgresql_where=text("state IN ('open','active')")),
        Index("ix_incident_unfinished", "region", "id", postgresql_where=text("state NOT IN ('closed','merged')")),
        Index("ix_incident_due", "region", "level_rank", "dispatch_due_at",
              postgresql_where=text("dispatch_due_at IS NOT NULL")),
        Index("ix_incident_waiting", "region", "level_rank", "waiting_since",
              postgresql_where=text("waiting_since IS NOT NULL")),
        Index("ix_incident_where", "region", "lat", "lon", postgresql_where=text("state IN ('open','active')")),
    )
)  # fmt: skip

report = by_month(
    Table(
        "report",
        metadata,
        Column("region", Text, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("channel", Text, nullable=False),
        Column("state", Text, nullable=False),
        _moment("received_at", nullable=False),
        _moment("answered_at"),
        _moment("occurred_at"),
        Column("reporter_name", Text, nullable=False, server_default=""),
        Column("reporter_contact", Text, nullable=False, server_default=""),
        Column("words", Text, nullable=False, server_default=""),
        Column("lat", Float),
        Column("lon", Float),
        Column("accuracy_m", Float),
        Column("media", ARRAY(Text), nullable=False, server_default=text("'{}'")),
        Column("category", Text),
        Column("level", Text),
        Column("reasons", JSONB, nullable=False, server_default=text("'[]'")),
        Column("by_person", Boolean, nullable=False, server_default=text("false")),
        # Key question → number of the answer; and what the steps would have done, where a person has to decide.
        Column("answers", JSONB, nullable=False, server_default=text("'{}'")),
        Column("proposal", JSONB(none_as_null=True)),
        Column("incident_id", Uuid),
        Column("needs_person", JSONB(none_as_null=True)),
        Column("reply", Text),
        # What the words come to for the search for same events (triage/same_event.py).
        Column("vector", LargeBinary),
        # What undoing the link gives back; empty in a report that opened its incident.
        Column("before_link", JSONB(none_as_null=True)),
        # The merged incidents it came through, the last one last; undoing a merge gives back what came by it.
        Column("came_through", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
        # Incidents that a person said it is not of.
        Column("apart_from", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
        Column("handed_in_by", Text, nullable=False),
        # Due when the steps of intake are to be taken (again); empty when they are done.
        _moment("steps_due_at"),
        Column("steps_tries", Integer, nullable=False, server_default=text("0")),
        Column("version", Integer, nullable=False, server_default=text("1")),
        PrimaryKeyConstraint("region", "id"),
        ForeignKeyConstraint(["region", "incident_id"], ["incident.region", "incident.id"]),
        Index("ix_report_due", "region", "steps_due_at", postgresql_where=text("steps_due_at IS NOT NULL")),
        Index("ix_report_person", "region", "received_at", postgresql_where=text("needs_person IS NOT NULL")),
        Index("ix_report_incident", "region", "incident_id", "id"),
        Index("ix_report_contact", "region", "reporter_contact", "id",
              postgresql_where=text("reporter_contact <> ''")),
    )
)  # fmt: skip

# Idempotency keys: of a report once committed, a repeat finds the first answer.
intake_key = Table(
    "intake_key",
    metadata,
    Column("region", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("report_id", Uuid, nullable=False),
    PrimaryKeyConstraint("region", "sender", "key"),
)

assignment = by_month(
    Table(
        "assignment",
        metadata,
        Column("region", Text, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("incident_id", Uuid, nullable=False),
        Column("unit", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("eta_s", Float),
        Column("score", Float),
        Column("reasons", JSONB, nullable=False, server_default=text("'[]'")),
        _moment("offered_at", nullable=False),
        _moment("expires_at"),
        _moment("handed_over_at"),
        _moment("accepted_at"),
        _moment("en_route_at"),
        _moment("on_scene_at"),
        _moment("cleared_at"),
        _moment("ended_at"),
        Column("end_reason", Text),
        PrimaryKeyConstraint("region", "id"),
        ForeignKeyConstraint(["region", "incident_id"], ["incident.region", "incident.id"]),
        Index("ix_assignment_incident", "region", "incident_id"),
        Index("ix_assignment_expiry", "region", "expires_at", postgresql_where=text("state = 'offered'")),
        Index("ix_assignment_unit", "region", "unit",
              postgresql_where=text("state IN ('offered','accepted','en_route','on_scene')")),
    )
)  # fmt: skip
