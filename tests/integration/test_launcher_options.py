"""The option table against the options that each clang says it has."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from launcher_kit import REPOSITORY, World

COMPILE = ("-O2", "-c")


def known_options(clang: Path) -> list[str]:
    """Return every option of the driver but for the two thousand names of warnings, a value in place of an open end."""
    listing = subprocess.run([clang, "--autocomplete=-"], capture_output=True, text=True, check=True).stdout
    names = {line.split("\t")[0] for line in listing.splitlines()} - {"", "-"}
    return sorted(f"{name}1" if name[-1] in "=,:" else name for name in names if not re.match(r"-W\w|-Rpass", name))


def makes_one_object(clang: Path, option: str, cwd: Path) -> bool | None:
    """Return whether clang makes one object of a.c at -O2 with this option before it; None when it refuses the option."""
    command: list[str | Path] = [clang, "-###", *COMPILE, option, "a.c"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    jobs = [line for line in done.stderr.splitlines() if b'"-cc1"' in line or b'"-cc1as"' in line]
    if done.returncode != 0 or b"error:" in done.stderr:
        return None
    return len(jobs) == 1 and all(word in jobs[0] for word in (b'"-emit-obj"', b'"-O2"', b'"-x" "c" "a.c"'))


@pytest.mark.slow
def test_where_the_launcher_would_inject_clang_makes_one_object(tmp_path: Path, clang: Path) -> None:
    world = World(tmp_path)
    options = known_options(clang)
    assert len(options) > 1500

    def check(option: str) -> str | None:
        if makes_one_object(clang, option, world.project) is not False:
            return None
        # clang does something else with this line, so the launcher must not take it for a plain compile
        return option

    with ThreadPoolExecutor(2) as pool:
        special = [option for option in pool.map(check, options) if option]
    wrong = []
    for option in special:
        world.call(*COMPILE, option, "a.c")
        if world.log()[-1][0] != "pass":
            wrong.append(option)
    assert wrong == []


def test_the_table_has_no_line_twice() -> None:
    rows = re.findall(r'OPTION\("([^"]+)", (\w+), (\w+), (\w+)\)', (REPOSITORY / "shims" / "options.def").read_text())
    spellings = [(text, shape) for text, shape, _, _ in rows]
    assert len(spellings) == len(set(spellings))
    assert len(rows) > 250


def test_every_refusal_has_its_reason() -> None:
    rows = re.findall(r'OPTION\("([^"]+)", (\w+), (\w+), (\w+)\)', (REPOSITORY / "shims" / "options.def").read_text())
    for text, _, meaning, reason in rows:
        assert (reason != "NONE") == (meaning in ("REFUSE", "PHASE", "QUERY")), text


def test_every_reason_can_be_told() -> None:
    rows = re.findall(r'REASON\((\w+), "([^"]+)", (\w+),\s+"([^"]+)"\)', (REPOSITORY / "shims" / "reasons.def").read_text())
    assert len(rows) == (REPOSITORY / "shims" / "reasons.def").read_text().count("\nREASON(")
    words = [word for _, word, _, _ in rows]
    assert len(words) == len(set(words))
    assert all(identifier.lower().replace("_", "-") == word for identifier, word, _, _ in rows)
    assert {decision for _, _, decision, _ in rows} == {"HIT", "MISS", "PASS"}
