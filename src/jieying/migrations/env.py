"""Run by Alembic: the connection is handed in, so that no second way to configure the database exists."""

from alembic import context

from jieying.migrations.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    # Two processes may start at once: the second waits and finds the work done.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('jieying migrations'))")
    context.run_migrations()
