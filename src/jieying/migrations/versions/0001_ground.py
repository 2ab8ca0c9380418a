"""Sequences and the functions of the journal, which tables rely on."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_HASH = """
CREATE FUNCTION journal_hash(before bytea, region text, id uuid, at timestamptz, kind text, subject_kind text,
                             subject text, number int, incident_id uuid, actor text, data jsonb)
RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- The epoch, not the text, of the time: its text depends on the session's time zone.
    SELECT sha256(before || convert_to(jsonb_build_array(
        region, id, extract(epoch FROM at), kind, subject_kind, subject, number, incident_id, actor, data)::text, 'UTF8'))
$$
"""

_APPEND = """
CREATE FUNCTION journal_append(p_region text, p_id uuid, p_at timestamptz, p_kind text, p_subject_kind text,
                               p_subject text, p_incident uuid, p_actor text, p_data jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_number int;
    v_hash bytea;
BEGIN
    -- The head of the subject's chain, locked by this: two writers about one subject come one after the other.
    INSERT INTO journal_head AS head (region, subject_kind, subject, entries, hash)
    VALUES (p_region, p_subject_kind, p_subject, 1, '')
    ON CONFLICT (region, subject_kind, subject) DO UPDATE SET entries = head.entries + 1
    RETURNING entries, hash INTO v_number, v_hash;
    v_hash := journal_hash(v_hash, p_region, p_id, p_at, p_kind, p_subject_kind, p_subject, v_number, p_incident,
                           p_actor, p_data);
    INSERT INTO journal (region, id, at, kind, subject_kind, subject, number, incident_id, actor, data, hash)
    VALUES (p_region, p_id, p_at, p_kind, p_subject_kind, p_subject, v_number, p_incident, p_actor, p_data, v_hash);
    UPDATE journal_head SET hash = v_hash
    WHERE region = p_region AND subject_kind = p_subject_kind AND subject = p_subject;
END
$$
"""

_REFUSE = """
CREATE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE incident_number")
    op.execute("CREATE SEQUENCE position_change")
    for function in (_HASH, _APPEND, _REFUSE):
        op.execute(function)


def downgrade() -> None:
    op.execute("DROP FUNCTION journal_append, journal_hash, journal_refuse_change")
    op.execute("DROP SEQUENCE incident_number, position_change")
