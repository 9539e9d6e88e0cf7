"""The oracle: each rule notices its fault, says where, and what cannot be compared is refused at the start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autopass_cc.errors import NotDeterministicError, WorkloadFailedError
from autopass_cc.measure.oracle import Expectation, Rules, digests, expect, first_difference, same_text
from autopass_cc.measure.runner import Sample

GOOD = Sample(1.0, exit_code=0, stdout=b"sum 42\nmean 0.125\n", stderr=b"done\n")


def expected(rules: Rules | None = None) -> Expectation:
    """What two equal good runs make the oracle expect."""
    return expect("./program", [GOOD, GOOD], [{}, {}], rules or Rules())


def test_an_equal_run_is_right() -> None:
    assert expected().problem(GOOD) is None


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (replace(GOOD, exit_code=1), "exit code 1 instead of 0"),
        (replace(GOOD, exit_code=-11), "ended by signal 11"),
        (replace(GOOD, stdout=b"sum 41\nmean 0.125\n"), "stdout differs: line 1 is 'sum 41' instead of 'sum 42'"),
        (replace(GOOD, stdout=b"sum 42\n"), "stdout differs: 1 lines instead of 2"),
        (replace(GOOD, stdout=b""), "stdout differs: 0 lines instead of 2"),
        (replace(GOOD, stdout=b"sum 42\nmean 0.125"), "stdout differs: the last line's end"),
        (replace(GOOD, stderr=b"warning\n"), "stderr differs: line 1 is 'warning' instead of 'done'"),
    ],
)
def test_each_fault_is_noticed_and_named(run: Sample, problem: str) -> None:
    assert expected().problem(run) == problem


@pytest.mark.parametrize(
    ("left_out", "run"),
    [
        ("exit", replace(GOOD, exit_code=1)),
        ("stdout", replace(GOOD, stdout=b"other")),
        ("stderr", replace(GOOD, stderr=b"other")),
    ],
)
def test_what_the_user_takes_out_of_the_comparison_is_not_compared(left_out: str, run: Sample) -> None:
    expectation = replace(expected(), rules=Rules(compare=Rules().compare - {left_out}))
    assert expectation.problem(run) is None


def test_a_crash_is_wrong_even_where_exit_codes_are_not_compared() -> None:
    expectation = expected(Rules(compare=frozenset({"stdout"})))
    assert expectation.problem(replace(GOOD, exit_code=-11)) == "ended by signal 11"


def test_a_program_that_ends_with_a_code_of_its_own_is_right_when_it_does_so_again() -> None:
    odd = replace(GOOD, exit_code=3)
    assert expect("./program", [odd, odd], [{}, {}], Rules()).problem(odd) is None


def test_files_count_when_they_are_declared(tmp_path: Path) -> None:
    rules = Rules(outputs=("out.bin", "sub/log"))
    (tmp_path / "sub").mkdir()
    (tmp_path / "out.bin").write_bytes(b"\0\1")
    (tmp_path / "sub/log").write_text("x", "utf-8")
    found = digests(rules.outputs, tmp_path)
    expectation = expect("./program", [GOOD, GOOD], [found, found], rules)
    assert expectation.problem(GOOD, tmp_path) is None
    (tmp_path / "out.bin").write_bytes(b"\0\2")
    assert expectation.problem(GOOD, tmp_path) == "the file out.bin differs"
    (tmp_path / "out.bin").unlink()
    assert expectation.problem(GOOD, tmp_path) == "the file out.bin was not written"


def test_a_folder_is_not_an_output_file(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert digests(("out", "none"), tmp_path) == {"out": None, "none": None}


@pytest.mark.parametrize(
    ("got", "wanted", "tolerance", "same"),
    [
        (b"x 1.0", b"x 1.0", 0.0, True),
        (b"x 1.0", b"x 1.0000001", 0.0, False),
        (b"x 1.0", b"x 1.0000001", 1e-6, True),
        (b"x 1.0", b"x 1.00001", 1e-6, False),
        (b"x 1.0", b"y 1.0000001", 1e-6, False),
        (b"1.5e-10 2.5", b"1.5000000001e-10 2.5", 1e-6, True),
        (b"1", b"1.0000001", 1e-6, True),
        (b"-1.0", b"1.0", 1e-6, False),
        (b"nan inf", b"nan inf", 1e-6, True),
        (b"nan 1.0", b"1.0 1.0", 1e-6, False),
        (b"#", b"5.0", 1e-6, False),
        (b"1.0 # 2.0", b"1.0 # 2.0000001", 1e-6, True),
    ],
)
def test_floats_are_equal_within_a_declared_tolerance_and_text_never(
    got: bytes, wanted: bytes, tolerance: float, same: bool
) -> None:
    assert same_text(got, wanted, tolerance) is same
    assert same_text(wanted, got, tolerance) is same


def test_integers_are_compared_exactly_whatever_the_tolerance() -> None:
    assert not same_text(b"checksum 1000000001 1.0", b"checksum 1000000002 1.0000001", 1e-3)


@given(st.binary(max_size=40), st.binary(max_size=40), st.sampled_from([0.0, 1e-6, 0.1]))
def test_any_two_outputs_can_be_compared_in_either_order(a: bytes, b: bytes, tolerance: float) -> None:
    assert same_text(a, b, tolerance) == same_text(b, a, tolerance)
    assert same_text(a, a, tolerance)


@given(st.lists(st.sampled_from([b"#", b"1", b"2.5", b"-", b"e", b"nan", b"inf", b" "]), max_size=10).map(b"".join))
def test_numbers_and_what_looks_like_them_can_be_compared(text: bytes) -> None:
    assert not same_text(text, text + b"x", 0.1)


def test_bytes_that_are_no_text_can_be_reported() -> None:
    assert first_difference(b"\xff\n", b"\xfe\n").startswith("line 1 is ")
    assert len(first_difference(b"a" * 500, b"b" * 500)) < 120


@pytest.mark.parametrize(
    "second",
    [replace(GOOD, stdout=b"at 12:01\n"), replace(GOOD, stderr=b"pid 7\n"), replace(GOOD, exit_code=1)],
)
def test_a_program_that_differs_from_itself_cannot_be_compared(second: Sample) -> None:
    with pytest.raises(NotDeterministicError, match=r"`\./program` differ"):
        expect("./program", [GOOD, second], [{}, {}], Rules())


def test_what_differs_but_is_not_compared_does_no_harm() -> None:
    second = replace(GOOD, stderr=b"pid 7\n")
    expectation = expect("./program", [GOOD, second], [{}, {}], Rules(compare=frozenset({"exit", "stdout"})))
    assert expectation.problem(replace(GOOD, stderr=b"pid 8\n")) is None


def test_a_file_that_differs_between_the_two_runs_cannot_be_compared() -> None:
    with pytest.raises(NotDeterministicError, match=r"the file out\.bin"):
        expect("./program", [GOOD, GOOD], [{"out.bin": "aa"}, {"out.bin": "bb"}], Rules(outputs=("out.bin",)))


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (replace(GOOD, timed_out=True, exit_code=-9), "did not end within its time limit"),
        (replace(GOOD, exit_code=-6), "was killed by signal 6"),
        (replace(GOOD, exit_code=127), "could not be started"),
        (replace(GOOD, exit_code=2, stdout=b""), "failed with exit code 2"),
        (replace(GOOD, overflowed=True), "writes more output than is kept"),
        (replace(GOOD, stdout=b""), "leaves nothing to compare"),
    ],
)
def test_a_reference_that_failed_or_says_nothing_is_refused(run: Sample, words: str) -> None:
    with pytest.raises(WorkloadFailedError, match=words):
        expect("./program", [run, run], [{}, {}], Rules())


def test_output_that_is_not_compared_is_nothing_to_compare() -> None:
    with pytest.raises(WorkloadFailedError, match="leaves nothing to compare"):
        expect("./program", [GOOD, GOOD], [{}, {}], Rules(compare=frozenset({"exit"})))


def test_a_declared_file_is_enough_to_compare() -> None:
    silent = replace(GOOD, stdout=b"")
    expectation = expect("./program", [silent, silent], [{"out": "aa"}, {"out": "aa"}], Rules(outputs=("out",)))
    assert expectation.files == {"out": "aa"}


def test_a_failed_reference_shows_the_last_thing_that_it_said() -> None:
    failed = replace(GOOD, exit_code=2, stdout=b"", stderr=b"reading\ninput.txt: no such file\n")
    with pytest.raises(WorkloadFailedError) as error:
        expect("./program", [failed, failed], [{}, {}], Rules())
    assert "input.txt: no such file" in error.value.next_step
