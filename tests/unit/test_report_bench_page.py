"""The bench's page: what is on it, that it keeps to itself, and the command that writes it."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from bench_kit import EFFECTS, entrants, race, raced
from click.testing import CliRunner, Result
from page_kit import EVIL, Page, checked

from autopass_cc.bench.flavours import PLAIN
from autopass_cc.bench.methods import METHODS
from autopass_cc.bench.results import Entrant, Results
from autopass_cc.cli.bench import command
from autopass_cc.errors import BenchError
from autopass_cc.recipe.edits import Knob, Remove
from autopass_cc.recipe.recipe import build
from autopass_cc.report import html
from autopass_cc.report.bench import LEGEND
from autopass_cc.report.html.bench import SHAPES, bench
from autopass_cc.report.html.forest import TOP
from autopass_cc.report.pages.bench import OURS, gather

BASE = json.loads((Path(__file__).parent / "test_recipe_pipelines.json").read_text())["22"]["O3"]
RECIPE = build(BASE, "O3", 22, [Remove("dse#1"), Knob("unroll-count", "4")]).render().decode()
TITLES = {"quick": "the quick one", "same": "autopass, rules"}


def page_of(results: Results, subject: str | None = "same") -> Page:
    return checked(bench(gather(results, TITLES, subject)))


def own(program: str = "p") -> list[Entrant]:
    """Return entrants of which one has a recipe, as our own method has."""
    found = {each.method: each for each in entrants(program)}
    found["same"] = replace(found["same"], flavour=PLAIN, recipes={"p.c": RECIPE}, bases={"p.c": BASE})
    return list(found.values())


def test_the_page_begins_with_who_won_and_how_to_repeat_it(tmp_path: Path) -> None:
    results = Results(tmp_path / "r")
    about = {"machine": "a machine", "folder": "suites/s", "programs": 2}
    results.begin(about=about, suite="s", seed=7, budget=40, compiler="clang version 22", cpu="znver3")
    race(results, own(), EFFECTS)
    page = page_of(results)
    assert "On 1 program of s, autopass, rules makes code 1.000x [1.000, 1.000] as fast as the base level" in page.text
    assert "0 won, none lost. The best rival, the quick one: 1.1" in page.text
    for text in ("a machine", "znver3", "clang version 22", "40 program runs a module"):
        assert text in page.text
    methods = "--method quick --method same --method slow --method copy --method broken"  # not only the usual ones enter
    assert f"autopass bench run suites/s --seed 7 --budget 40 {methods} --program p" in page.text  # of two


def test_the_best_rival_was_measured_on_as_many_programs_as_ours(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    race(results, [each for each in entrants("q") if each.method != "quick"], {name: EFFECTS[name] for name in ("slow", "same")})
    assert "On 2 programs of s, autopass, rules makes" in page_of(results).text
    assert re.search(r"The best rival, (slow|copy): 1\.000x \[1\.000, 1\.000\]\.", page_of(results).text)
    ours_is_one = page_of(results, "quick").text
    assert "On 1 program of s, the quick one makes" in ours_is_one
    assert re.search(r"The best rival, [\w, ]+: 1\.000x \[1\.000, 1\.000\] on 2 programs\.", ours_is_one)


def test_no_method_of_our_own_is_called_a_rival_of_another(tmp_path: Path) -> None:
    assert set(OURS) == {name for name, method in METHODS.items() if method.title.startswith("autopass")}
    results, names = Results(tmp_path / "r"), {"same": "rules", "quick": "pgo+rules", "slow": "pgo"}
    results.begin(suite="s")
    entered = [replace(each, method=names[each.method]) for each in entrants() if each.method in names]
    race(results, entered, {name: EFFECTS[told] for told, name in names.items()})
    assert "The best rival, pgo: 1.000x" in page_of(results, "rules").text
    assert "The best rival, pgo+rules: 1.1" in page_of(results, "pgo").text


def test_a_mean_over_other_programs_than_ours_says_so(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    race(results, [each for each in entrants("q") if each.method != "quick"], {name: EFFECTS[name] for name in ("slow", "same")})
    labels = [each["aria-label"] or "" for each in page_of(results).all("svg") if each.get("class") == "strip"]
    assert [label.partition(":")[0] for label in labels if "(" in label] == ["the quick one (1 program)"]


def test_no_two_methods_have_the_same_mark() -> None:
    templates = Path(html.__file__).parent / "templates"
    drawn = re.findall(r'<\w+ id="m(\d+)" (.*)/>', (templates / "marks.html").read_text())
    assert [int(number) for number, _ in drawn] == list(range(SHAPES))
    assert len(METHODS) - 1 <= SHAPES  # the subject has a mark of its own
    style = (templates / "style.css").read_text()
    rules = [(re.split(r"[,\s]+", names), body) for names, body in re.findall(r"([^{}]+)\{([^}]*)\}", style)]
    looks = [(shape, *(body for names, body in rules if f".m{number}" in names)) for number, shape in drawn]
    assert all("var(--r" in "".join(look[1:]) for look in looks)  # each has a colour
    assert len(set(looks)) == SHAPES


def test_the_page_says_what_a_winner_must_do(tmp_path: Path) -> None:
    text = page_of(raced(tmp_path / "r")).text
    assert "the margin of 1 % that a winner must beat in the confirmation" in text
    assert "a win needs a median of at least half the margin in twelve further heats, too" in text


def test_every_rival_is_a_mark_in_the_programs_row_and_a_row_in_its_details(tmp_path: Path) -> None:
    page = page_of(raced(tmp_path / "r"))
    marks = [each["class"] for each in page.all("use") if (each.get("class") or "").startswith("m") and each.get("x") != "9"]
    assert marks == ["m0", "m1"]  # of quick and slow: the base's own code has no estimate, and neither has what failed
    assert [each["id"] for each in page.all("details")] == ["program1"]
    labels = [each["aria-label"] or "" for each in page.all("svg") if each.get("class") == "strip"]
    assert re.fullmatch(r"p: (0\.99|1\.00)\dx \[.*\], ~ no evidence", labels[0])
    assert len(labels) == 1 + len(EFFECTS) + 2  # a program, and a mean for each method
    assert "broken no profile" in page.text


def test_a_win_a_loss_and_no_evidence_look_different(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    for subject, kind, mark in (("quick", "k-win", "#dot"), ("slow", "k-loss", "#loss"), ("same", "k-even", "#dot")):
        uses = [(each["class"], each["href"]) for each in page_of(results, subject).all("use") if each.get("y") == str(TOP)]
        assert uses[0] == (kind, mark)


def test_a_loss_is_told_as_what_nobody_gets(tmp_path: Path) -> None:
    page = page_of(raced(tmp_path / "r"), "slow").text
    assert "0 won, 1 slower and given back" in page
    assert LEGEND in page


def test_where_a_rival_is_ahead_both_numbers_are_told(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    ahead = page_of(results).text.split("Where another method is ahead")[1].split("Program by program")[0]
    assert "p the quick one 1.1" in ahead
    assert "-Dquick, compile 1.10x, size 0.90x" in ahead
    assert "3 comparisons were made" in ahead  # of four rivals one failed: it was not measured
    assert "slow" not in ahead.split("what autopass, rules did")[1].split("the quick one")[0]
    assert "Nowhere" in page_of(results, "quick").text


def test_a_recipe_is_shown_beside_its_base(tmp_path: Path) -> None:
    results = Results(tmp_path / "r")
    results.begin(suite="s")
    race(results, own(), EFFECTS)
    page = page_of(results)
    assert "unroll-count=4" in page.text
    kinds = [each["class"] for each in page.all("li") if each.get("class") == "removed"]
    assert kinds == ["removed"]
    assert "- removed dse" in page.text
    assert "inline-threshold" not in page.text  # the text needs it to mean what -O3 means; nobody changed it


def test_a_recipe_whose_base_was_not_kept_is_compared_with_what_the_compiler_says(tmp_path: Path) -> None:
    results = Results(tmp_path / "r")
    results.begin(suite="s")
    entered = [replace(each, bases={}) for each in own()]
    race(results, entered, EFFECTS)
    assert "no comparison can be shown" in page_of(results).text
    told = checked(bench(gather(results, TITLES, "same", {"O3": BASE}.get)))
    assert "- removed dse" in told.text


def test_a_text_that_is_no_recipe_is_said_to_be_none(tmp_path: Path) -> None:
    results = Results(tmp_path / "r")
    results.begin(suite="s")
    race(results, [replace(each, recipes={"p.c": EVIL}, bases={"p.c": EVIL}) for each in entrants()], EFFECTS)
    assert "its recipe cannot be read" in page_of(results).text


def test_names_cannot_become_markup(tmp_path: Path) -> None:
    results = Results(tmp_path / "r")
    results.begin(about={"machine": EVIL, "folder": EVIL}, suite=EVIL, compiler=EVIL, cpu=EVIL, seed=EVIL, budget=EVIL)
    race(results, [replace(each, facts={EVIL: EVIL}) for each in own(EVIL + "\x00\x1b[2J‮")], EFFECTS)
    text = bench(gather(results, {"same": EVIL}))
    page = checked(text)
    assert EVIL not in text
    assert page.text.count("alert('&\"x')") > 10  # as text
    assert not {"\x00", "\x1b", "‮"} & set(text)


def test_of_a_race_that_is_not_finished_the_page_says_so(tmp_path: Path) -> None:
    page = page_of(raced(tmp_path / "r", heats=3))
    assert "On s, no race of autopass, rules is finished yet." in page.text
    assert "Not finished; what is still being timed there is in no mean: p." in page.text
    assert len([each for each in page.all("path") if "dots" in (each.get("class") or "")]) == 2 * len(
        EFFECTS
    )  # its heats are shown


def test_thousands_of_heats_make_no_heavy_page(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    lines = results.path.read_text().splitlines(keepends=True)
    (last,) = [line for line in lines if '"index":11,' in line and "confirmation" in line]
    results.path.write_text("".join(lines) + last * 3000)
    text = bench(gather(Results(results.path), TITLES, "same"))
    assert len(text.encode()) < 500_000
    assert "dots of heats are left out" in checked(text).text


def invoke(*words: str) -> Result:
    return CliRunner().invoke(command, ["report", *words], standalone_mode=False)


def test_the_command_writes_the_page_for_its_owner_alone(tmp_path: Path) -> None:
    results, page = raced(tmp_path / "r"), tmp_path / "bench.html"
    done = invoke(str(results.path), "--html", str(page), "--subject", "quick")
    assert done.exception is None, done.exception
    assert done.output == f"{page}: the page of {results.path}\n"
    assert "quick makes code 1.1" in checked(page.read_text()).text
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    tables = [line.split() for line in invoke(str(results.path)).output.splitlines()]  # without --html they are what they were
    assert tables[2] == [
        *["method", "programs", "mean"], "raw", "mean", *["best", "worst", "wins", "losses", "search", "runs", "compile", "size"],
    ]  # fmt: skip
    assert [line[0] for line in tables[4:9]] == ["quick", "slow", "same", "copy", "broken"]
    assert " ".join(tables[9]) == LEGEND
    assert tables[11] == ["program", "quick", "slow", "same", "copy", "broken"]
    assert tables[13][:2] == ["p", "-13.8"]


def test_tokens_have_a_column_where_a_method_asked_a_model(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    assert "tokens" not in invoke(str(results.path), "--json").output
    results.add_entrant(replace(results.entrants["p", "copy"], facts={"tokens": 12345}))
    assert "12345" in invoke(str(results.path)).output
    assert json.loads(invoke(str(results.path), "--json").output)["methods"][3]["tokens"] == 12345
    page = page_of(results).text
    assert "12345" in page.split("Where another method is ahead")[0]
    assert "copy tokens 12345" in page.split("Program by program")[1]  # whose table has no such column


def test_what_cannot_be_shown_or_written_is_told(tmp_path: Path) -> None:
    results = raced(tmp_path / "r")
    with pytest.raises(BenchError, match="no method nobody; there are quick"):
        gather(results, TITLES, "nobody")
    empty = Results(tmp_path / "e")
    empty.begin(suite="s")
    with pytest.raises(BenchError, match="no entrant yet"):
        gather(empty, TITLES)
    missing = str(tmp_path / "no" / "folder.html")
    for words in (["--html", "x", "--json"], ["--subject", "quick"]):
        assert type(invoke(str(results.path), *words).exception).__name__ == "UsageError"
    error = invoke(str(results.path), "--html", missing).exception
    assert type(error).__name__ == "PageError"
    assert str(error).startswith(f"{missing} cannot be written: No such file or directory.\n  next: ")
