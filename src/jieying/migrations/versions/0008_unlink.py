"""Sentence vectors of reports; what undoing a link or a merge gives back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("report", sa.Column("vector", sa.LargeBinary(), nullable=True))
    op.add_column("report", sa.Column("before_link", postgresql.JSONB(none_as_null=True), nullable=True))
    for name in ("came_through", "apart_from"):
        nobody = sa.text("'{}'")
        op.add_column("report", sa.Column(name, postgresql.ARRAY(sa.Uuid()), server_default=nobody, nullable=False))
    op.add_column("incident", sa.Column("before_merge", postgresql.JSONB(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("incident", "before_merge")
    for name in ("apart_from", "came_through", "before_link", "vector"):
        op.drop_column("report", name)
