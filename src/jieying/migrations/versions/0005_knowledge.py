"""The knowledge base and the questions that were asked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "knowledge_entry",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("wordings", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("region", "id", name=op.f("pk_knowledge_entry")),
    )
    op.create_table(
        "knowledge_past",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("region", "id", "version", name=op.f("pk_knowledge_past")),
    )
    op.create_table(
        "knowledge_asked",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("certainty", sa.Float(), nullable=False),
        sa.Column("suggested", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("entry_id", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rung", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("region", "id", name=op.f("pk_knowledge_asked")),
    )
    op.create_index(
        "ix_knowledge_asked_due", "knowledge_asked", ["region", "due_at"], unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index("ix_knowledge_asked_report", "knowledge_asked", ["region", "report_id"], unique=False)


def downgrade() -> None:
    op.drop_table("knowledge_asked")
    op.drop_table("knowledge_past")
    op.drop_table("knowledge_entry")
