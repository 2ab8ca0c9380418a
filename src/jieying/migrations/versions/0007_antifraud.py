"""The anti-fraud desk: cases, stop-payment requests, batches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _moment(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "fraud_case",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("acting_as", sa.Text(), nullable=False),
        _moment("opened_at", nullable=False),
        _moment("closed_at"),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("region", "id", name=op.f("pk_fraud_case")),
        sa.UniqueConstraint("region", "report_id", name=op.f("uq_fraud_case_region_report_id")),
        sa.ForeignKeyConstraint(
            ["region", "report_id"], ["report.region", "report.id"], name=op.f("fk_fraud_case_region_report_id_report")
        ),
        sa.CheckConstraint("made_by IN ('victim','for_victim')", name=op.f("ck_fraud_case_starts_with_a_victim")),
    )
    op.create_index("ix_fraud_case_opened", "fraud_case", ["region", "opened_at"])
    op.create_table(
        "fraud_batch",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("at", nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("region", "id", name=op.f("pk_fraud_batch")),
    )
    op.create_table(
        "fraud_stop",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("counter_account", sa.Text(), nullable=True),
        _moment("requested_at"),
        sa.Column("requested_by", sa.Text(), nullable=True),
        _moment("sent_at"),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        _moment("answer_at"),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("stopped_amount", sa.Numeric(14, 2), nullable=True),
        _moment("due_at"),
        sa.Column("rung", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("region", "id", name=op.f("pk_fraud_stop")),
        sa.ForeignKeyConstraint(
            ["region", "case_id"], ["fraud_case.region", "fraud_case.id"], name=op.f("fk_fraud_stop_region_case_id_fraud_case")
        ),
        sa.ForeignKeyConstraint(
            ["region", "batch_id"], ["fraud_batch.region", "fraud_batch.id"],
            name=op.f("fk_fraud_stop_region_batch_id_fraud_batch"),
        ),
        sa.CheckConstraint("number IN (1, 2)", name=op.f("ck_fraud_stop_twice_at_most")),
        sa.CheckConstraint(
            "counter_account IS NOT NULL OR state IN ('draft','refused','withdrawn')",
            name=op.f("ck_fraud_stop_has_account"),
        ),
    )  # fmt: skip
    op.create_index(
        "uq_fraud_stop_account", "fraud_stop", ["region", "case_id", "counter_account", "number"], unique=True,
        postgresql_where=sa.text("state NOT IN ('draft','refused','withdrawn')"),
    )  # fmt: skip
    op.create_index("ix_fraud_stop_case", "fraud_stop", ["region", "case_id"])
    op.create_index(
        "ix_fraud_stop_due", "fraud_stop", ["region", "due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index(
        "ix_fraud_stop_requested", "fraud_stop", ["region", "requested_at"],
        postgresql_where=sa.text("state = 'requested'"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("fraud_stop")
    op.drop_table("fraud_batch")
    op.drop_table("fraud_case")
