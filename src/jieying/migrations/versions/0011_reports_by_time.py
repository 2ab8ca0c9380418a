"""reports of an incident, and of a reporter, by time: without it a plan that was made while a month had few reports
walks through all of that month"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OF_A_REPORTER = sa.text("reporter_contact <> ''")


def upgrade() -> None:
    op.drop_index("ix_report_incident", table_name="report")
    op.drop_index("ix_report_contact", table_name="report")
    op.create_index("ix_report_incident", "report", ["region", "incident_id", "id"])
    op.create_index(
        "ix_report_contact", "report", ["region", "reporter_contact", "id"], postgresql_where=_OF_A_REPORTER
    )


def downgrade() -> None:
    op.drop_index("ix_report_incident", table_name="report")
    op.drop_index("ix_report_contact", table_name="report")
    op.create_index("ix_report_incident", "report", ["region", "incident_id"])
    op.create_index("ix_report_contact", "report", ["region", "reporter_contact"], postgresql_where=_OF_A_REPORTER)
