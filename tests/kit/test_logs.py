"""What a process writes into its log, by whichever way it came there."""

import subprocess
import sys

PROGRAM = """
import logging, sys
from jieying.kit.logs import set_up
set_up("info")
log = logging.getLogger("a.part")
log.info("called by 13812345678")
log.info("called by %s, %s", "13812345678", {"name": "姓名：王小二"})
try:
    raise ValueError("no such contact 13812345678")
except ValueError:
    log.exception("failed")
logging.getLogger("uvicorn.error").warning("13812345678")
raise RuntimeError("不认识 13812345678")
"""


def test_no_number_and_no_name_gets_into_a_log() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "13812345678" not in done.stderr
    assert "王小二" not in done.stderr
    assert done.stderr.count("138****5678") == 5
    assert "ValueError: no such contact 138****5678" in done.stderr
    assert "RuntimeError: 不认识 138****5678" in done.stderr
