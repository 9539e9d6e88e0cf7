"""Fixtures shared by all tests: a private AUTOPASS_HOME for each, and the clangs that this machine has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from homes import furnish

pytest_plugins = ("kept_project", "bench_suite")  # the fixtures `tuned`, `untuned` and `suite`
MODEL = ("AUTOPASS_MODEL_URL", "AUTOPASS_MODEL", "AUTOPASS_MODEL_KEY", "AUTOPASS_MODEL_SHARE")  # no test asks a real one


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point autopass at an empty home, and clear what a developer's shell may have set."""
    for name in ("AUTOPASS", "AUTOPASS_LOG", "AUTOPASS_CLANG", "AUTOPASS_PUBLICATION", *MODEL):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "home"
    monkeypatch.setenv("AUTOPASS_HOME", str(path))
    return path


@pytest.fixture(params=[19, 22])
def clang(request: pytest.FixtureRequest) -> Path:
    """Give the path of each supported clang in turn."""
    found = shutil.which(f"clang-{request.param}")
    if found is None:
        pytest.skip(f"clang-{request.param} is not installed")
    return Path(found)


@pytest.fixture(scope="session")
def toolchain_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare the newest supported clang once for all tests (plugin, identity self-test); return that home."""
    from autopass_cc.toolchain import registry

    place = tmp_path_factory.mktemp("toolchain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOPASS_HOME", str(place))
        patch.delenv("AUTOPASS_CLANG", raising=False)
        registry.ensure()
    return place


@pytest.fixture
def ready(home: Path, toolchain_home: Path) -> Path:
    """Give a private home in which the compiler is known already."""
    return furnish(home, toolchain_home)


@pytest.fixture
def opentuner() -> None:
    """Skip the test where OpenTuner, an extra, is not installed."""
    from autopass_cc.bench import asktell
    from autopass_cc.errors import BenchError

    try:
        asktell.version()
    except BenchError:
        pytest.skip("OpenTuner is not installed (pip install 'autopass-cc[opentuner]')")
