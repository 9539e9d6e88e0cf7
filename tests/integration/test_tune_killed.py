"""kill -9 of `autopass tune` at random moments: builds go on, the publication stays whole, the next run resumes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sample_project import autopass, create, environment, make

from autopass_cc.store.database import reader
from autopass_cc.store.publication import publication_dir, read_index

KILLS = 10


@pytest.mark.slow
def test_ten_kills_lose_nothing_but_the_block_that_was_running(tmp_path: Path, ready: Path) -> None:
    assert ready.is_dir()
    root = create(tmp_path / "project")
    autopass("init", cwd=root)
    make(root)
    rng = random.Random(os.urandom(4))
    kept = 0
    argv = [sys.executable, "-m", "autopass_cc.cli.main", "tune", "--budget", "60s"]
    for number in range(KILLS):
        with subprocess.Popen(argv, cwd=root, env=environment(), stderr=subprocess.PIPE, start_new_session=True) as child:
            time.sleep(rng.uniform(1.0, 12.0))
            finished = child.poll() is not None
            if not finished:
                child.send_signal(signal.SIGKILL)
            said = child.stderr.read().decode() if child.stderr else ""
        assert finished or number == 0 or kept == 0 or "resuming" in said or "replay" not in said
        read_index(publication_dir() / "index")
        make(root, "clean")
        make(root)
        with reader() as db:
            measured = next(db.query("select count(*) as n from measurement"))["n"] if db is not None else 0
        assert measured >= kept
        kept = measured
    assert kept > 0
    done = autopass("tune", "--budget", "60s", cwd=root)
    assert "whole program" in done.stdout
