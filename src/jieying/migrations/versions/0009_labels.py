"""What call-takers decided, as labels to learn from; answers to key questions; what the steps would have done."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("report", sa.Column("answers", json, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("report", sa.Column("proposal", json, nullable=True))
    op.create_table(
        "label",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("proposed", json, nullable=False),
        sa.Column("decided", json, nullable=False),
        sa.PrimaryKeyConstraint("region", "id", name=op.f("pk_label")),
        sa.ForeignKeyConstraint(
            ["region", "report_id"], ["report.region", "report.id"], name=op.f("fk_label_region_report_id_report")
        ),
    )
    op.create_index("ix_label_report", "label", ["region", "report_id"], unique=False)


def downgrade() -> None:
    op.drop_table("label")
    op.drop_column("report", "proposal")
    op.drop_column("report", "answers")
