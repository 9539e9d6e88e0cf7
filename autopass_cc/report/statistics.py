"""The statistics of `autopass stats` as text for people, and as metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autopass_cc.report.prometheus import Metric


def lines(data: Mapping[str, Any], sentences: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines for people; `sentences` explains the launcher's reasons."""
    compiles = data["compiles"]
    hits, misses, passed = (compiles["decisions"].get(name, {}) for name in ("hit", "miss", "pass"))
    yield f"counted    {data['scope'] or 'all projects'}, {_days(compiles)}"
    yield (
        f"compiles   {compiles['total']}: {sum(hits.values())} with a recipe ({hits.get('exact', 0)} exact, "
        f"{hits.get('inherited', 0)} inherited), {sum(misses.values())} plain, {sum(passed.values())} passed through"
    )
    for reasons in (misses, passed):
        for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
            yield f"           {count:7} {reason}: {sentences.get(reason, '')}".rstrip(": ")
    for word, name in (
        ("recipes", "entries"),
        ("verdicts", "verdicts"),
        ("imported", "imports"),
        ("events", "events"),
        ("jobs", "jobs"),
    ):
        if data[name]:
            yield f"{word:10} {_counted(data[name])}"
    if data["null_tests"]["tests"]:
        yield _null_tests(data["null_tests"])
    yield f"tuning     {data['tuning_seconds']:.0f} s"
    if data["spent_today"]:
        yield f"service    today: {', '.join(f'{amount:g} {what}' for what, amount in sorted(data['spent_today'].items()))}"
    for program in data["programs"]:
        yield f"program    {_printable(program['root'])}: {_program(program)}"


def _days(compiles: Mapping[str, Any]) -> str:
    if not compiles["days"]:
        return "no compiles recorded"
    days = "1 day" if compiles["days"] == 1 else f"{compiles['days']} days"
    return f"{days} with compiles, {compiles['first_day']} to {compiles['last_day']}"


def _counted(values: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(values.items(), key=lambda item: (-item[1], item[0])))


def _null_tests(found: Mapping[str, Any]) -> str:
    stages = ", ".join(f"{each['accepted']} of {each['tests']} {stage}" for stage, each in sorted(found["stages"].items()))
    return (
        f"A/A tests  {found['accepted']} of {found['tests']} false accepts, at most {found['upper_bound'] * 100:.1f} % "
        f"with 95 % confidence ({stages})"
    )


def _program(program: Mapping[str, Any]) -> str:
    """Say what was measured of a whole program, and nothing that was not: its time, a run, on its workload."""
    estimate = program["estimate"]
    if estimate is None:
        return f"nothing measured ({program['verdict']})"
    low, high = (part * 100 for part in estimate["interval"])
    text = f"{estimate['change'] * 100:+.1f} % [{low:+.1f}, {high:+.1f}] of the workload's time"
    if program["baseline_s"] is not None and program["tuned_s"] is not None:
        text += f", {program['baseline_s']:.3f} s -> {program['tuned_s']:.3f} s a run"
    return text if program["verdict"] == "accepted" else f"{text} ({program['verdict']})"


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)


def metrics(data: Mapping[str, Any]) -> Iterator[Metric]:
    """Yield the metrics; a counter only ever grows unless `--days` cuts what is counted."""
    decisions = data["compiles"]["decisions"]
    compiles = [
        ({"decision": decision, "reason": reason}, count)
        for decision, reasons in decisions.items()
        for reason, count in reasons.items()
    ]
    yield Metric("autopass_compiles_total", "counter", "Recorded compiles by what the launcher did.", compiles)
    yield _by("autopass_entries", "state", "Proven recipes of modules by their state.", data["entries"])
    yield _by("autopass_modules", "verdict", "Modules of each project's last finished run by verdict.", data["verdicts"])
    yield _by("autopass_imported", "state", "Recipes from other publications by their state.", data["imports"])
    yield _by("autopass_jobs", "state", "Jobs of the service by state.", data["jobs"])
    yield _by("autopass_entry_events_total", "event", "What happened to recipes.", data["events"], kind="counter")
    yield from _of_programs(data)
    tests = data["null_tests"]
    outcomes = {"accepted": tests["accepted"], "not_accepted": tests["tests"] - tests["accepted"]}
    about = "Hidden tests of the unchanged program against itself by outcome; accepted is a false accept."
    yield _by("autopass_null_tests_total", "outcome", about, outcomes, kind="counter")
    about = "Upper 95 % confidence bound of the rate of false accepts (Clopper-Pearson)."
    yield Metric("autopass_null_test_accept_rate_upper_bound", "gauge", about, [({}, tests["upper_bound"])])
    yield Metric("autopass_tuning_seconds_total", "counter", "Time that tuning runs took.", [({}, data["tuning_seconds"])])
    yield _by("autopass_spent", "what", "What the service has used of its bounds today (UTC).", data["spent_today"])


def _by(name: str, label: str, about: str, values: Mapping[str, float], *, kind: str = "gauge") -> Metric:
    return Metric(name, kind, about, [({label: value}, count) for value, count in values.items()])


def _of_programs(data: Mapping[str, Any]) -> Iterator[Metric]:
    measured = [each for each in data["programs"] if each["estimate"] is not None]
    ratios = [({"project": each["root"]}, 1 + each["estimate"]["change"]) for each in measured]
    about = "Time of the whole program with its recipes over the time without, on its workload, as last measured."
    yield Metric("autopass_program_time_ratio", "gauge", about, ratios)
    bounds = [
        ({"project": each["root"], "bound": bound}, 1 + value)
        for each in measured
        for bound, value in zip(("lower", "upper"), each["estimate"]["interval"], strict=True)
    ]
    yield Metric("autopass_program_time_ratio_bound", "gauge", "Interval of autopass_program_time_ratio.", bounds)
    seconds = [
        ({"project": each["root"], "side": side}, each[key])
        for each in measured
        for side, key in (("baseline", "baseline_s"), ("tuned", "tuned_s"))
        if each[key] is not None
    ]
    yield Metric("autopass_program_seconds", "gauge", "Median time of one run of the workload, as last measured.", seconds)
