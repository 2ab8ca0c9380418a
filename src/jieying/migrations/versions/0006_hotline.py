"""Requests that are handed to the city hotline, and incidents that another service gave back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incident", sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "hotline_diversion",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("diverted_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("diverted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("their_id", sa.Text(), nullable=True),
        sa.Column("their_token", sa.Text(), nullable=True),
        sa.Column("their_status", sa.Text(), nullable=True),
        sa.Column("their_notes", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("needs_person", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("region", "id", name=op.f("pk_hotline_diversion")),
    )
    op.create_index(
        "ix_hotline_diversion_due", "hotline_diversion", ["region", "due_at"], unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index("ix_hotline_diversion_report", "hotline_diversion", ["region", "report_id"], unique=False)
    op.create_index("ix_hotline_diversion_incident", "hotline_diversion", ["region", "incident_id"], unique=False)
    op.create_index("ix_hotline_diversion_theirs", "hotline_diversion", ["region", "their_id"], unique=False)


def downgrade() -> None:
    op.drop_table("hotline_diversion")
    op.drop_column("incident", "taken_back_at")
