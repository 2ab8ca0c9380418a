"""What the live feed sends is plain JSON, whatever the database driver hands us."""

import json

from asyncpg.pgproto.pgproto import UUID as DriverUUID

from jieying.web.live import encode


def test_an_id_as_the_database_driver_gives_it_is_sent_as_text() -> None:
    id_ = "01a20181-b15b-70cc-978d-7e2e629a64dc"
    assert json.loads(encode({"id": DriverUUID(id_)})) == {"id": id_}
