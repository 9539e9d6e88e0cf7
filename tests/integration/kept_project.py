"""A project that the service has tuned: once for all tests, each of which gets it back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from homes import furnish
from sample_project import made_up, recorded
from service_kit import IDENTITY, Kept, Workshop

from autopass_cc.agents import ledger
from autopass_cc.measure import calibration
from autopass_cc.store.database import writer
from autopass_cc.store.jobs import Kind, State
from autopass_cc.store.settings import put_setting


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory, toolchain_home: Path) -> Kept:
    """Keep a project as it was "recorded", and "tuned" (but not built again since)."""
    found = Kept(tmp_path_factory.mktemp("kept"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOPASS_HOME", str(furnish(found.home, toolchain_home)))
        patch.setattr(calibration, "MAX_REPEATS", 1)
        workshop = Workshop(recorded(found.root, patch, IDENTITY))
        found.keep("recorded")
        with writer() as db:
            put_setting(db, ledger.SINCE, str(ledger.EVERY))  # so that the search comes with a hidden A/A test
        assert workshop.plan()[Kind.TUNE].state is State.QUEUED
        assert workshop.do(Kind.TUNE).state is State.DONE
        found.keep("tuned")
    return found


@pytest.fixture
def untuned(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Give the project as it was recorded."""
    return _at("recorded", kept, monkeypatch)


@pytest.fixture
def tuned(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Give the project as the service left it."""
    return _at("tuned", kept, monkeypatch)


def _at(moment: str, kept: Kept, patch: pytest.MonkeyPatch) -> Workshop:
    patch.setenv("AUTOPASS_HOME", str(kept.home))
    made_up(patch)
    patch.setattr(calibration, "MAX_REPEATS", 1)  # noise is made up, too
    return kept.restore(moment)
