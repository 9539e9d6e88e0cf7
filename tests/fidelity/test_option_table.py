"""The launcher's option table against the option definitions of clang itself."""

from __future__ import annotations

import pytest

from fidelity.clang_options import ClangOption, installed_inc, read_inc, table
from fidelity.launcher_options import meanings

VALUE = "zq9"  # begins no option
OPEN = ("Joined", "JoinedOrSeparate", "CommaJoined", "JoinedAndSeparate")
MAJORS = (19, 22)


@pytest.fixture(scope="module", params=MAJORS)
def options(request: pytest.FixtureRequest) -> list[ClangOption]:
    return table(request.param)


def test_an_option_takes_as_many_further_words_as_in_clang(options: list[ClangOption]) -> None:
    """So a value is never taken for an input, and an input never for a value."""
    found = meanings([option.spelling for option in options])
    wrong = [(option, each) for option, each in zip(options, found, strict=True) if each.words != option.words]
    assert wrong == []


def test_a_value_behind_the_name_ends_the_option_as_in_clang(options: list[ClangOption]) -> None:
    opened = [option for option in options if option.kind in OPEN]
    found = meanings([f"{option.spelling}{VALUE}" for option in opened])
    wanted = [1 if option.kind == "JoinedAndSeparate" else 0 for option in opened]
    wrong = [(option, each) for option, each, words in zip(opened, found, wanted, strict=True) if each.words != words]
    assert wrong == []


def test_the_kept_definitions_are_clangs(options: list[ClangOption], request: pytest.FixtureRequest) -> None:
    major = request.node.callspec.params["options"]
    source = installed_inc(major)
    if source is None:
        pytest.skip(f"libclang-{major}-dev is not installed; test_option_behaviour.py asks the driver itself")
    assert read_inc(source) == options
