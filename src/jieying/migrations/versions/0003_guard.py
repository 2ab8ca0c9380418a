"""The journal refuses to be changed, and its first epoch begins."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("INSERT INTO journal_epoch VALUES (1)")
    op.execute(
        "CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal "
        "FOR EACH ROW EXECUTE FUNCTION journal_refuse_change()"
    )
    op.execute("CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal EXECUTE FUNCTION journal_refuse_change()")


def downgrade() -> None:
    op.execute("DROP TRIGGER journal_no_change ON journal")
    op.execute("DROP TRIGGER journal_no_truncate ON journal")
    op.execute("DELETE FROM journal_epoch")
