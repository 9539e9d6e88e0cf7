"""Some inputs for the store; `fuzz_database.py --seconds` takes longer, `all.py` runs every fuzzer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUNS = 40
BROKEN = """
import sys
sys.argv = ["fuzz_database.py", "--runs", "40", "--seed", "1"]
from autopass_cc.store import entries, publishing
{change}
import fuzz_database
sys.exit(fuzz_database.main())
"""


def fuzz(*argv: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
    return subprocess.run([sys.executable, *argv], capture_output=True, text=True, env=environment, check=False)


def test_no_store_makes_a_command_fail_or_a_publication_unsound() -> None:
    done = fuzz(str(HERE / "fuzz_database.py"), "--runs", str(RUNS), "--seed", "1")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rf"database +{RUNS} executions +\d+/s 0 failures\n", done.stdout)


def test_a_publisher_that_lets_too_much_through_is_found_out() -> None:
    change = "from autopass_cc.store.publishable import text_of; publishing.sound_text = text_of"
    done = fuzz("-c", BROKEN.format(change=change))
    assert done.returncode == 1
    assert "assert is_recipe(data)" in done.stderr
    assert "load /tmp/evil.so" in done.stderr


def test_a_reader_that_believes_types_is_found_out() -> None:
    change = "entries.ENTRIES._check = lambda values: True; entries.ENTRIES._check_types = lambda values: None"
    done = fuzz("-c", BROKEN.format(change=change))
    assert done.returncode == 1
    assert "Traceback" in done.stderr
