"""`autopass daemon`: the service that tunes in idle time."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import click

from autopass_cc.cli.common import Duration, print_json
from autopass_cc.daemon import control, places
from autopass_cc.durations import text_of, utc_day
from autopass_cc.errors import ConfigError
from autopass_cc.measure.proportion import upper_bound


@click.group("daemon")
def command() -> None:
    """Tune in idle time what was built, and measure again what is in use.

    Builds never need the service: it only works on what they recorded. It waits for a quiet machine, keeps to budgets
    ([service] in config.toml: a_day, budget, quiet, ...), and gives way within two seconds when somebody builds.
    """


@command.command("start")
def start() -> None:
    """Start the service in the background."""
    click.echo(f"the service runs (process {control.start()}); `autopass daemon status` says what it does")


@command.command("stop")
def stop() -> None:
    """Stop the service. Nothing that was finished is lost."""
    control.stop()
    click.echo("the service has stopped; everything finished is kept")


@command.command("pause")
@click.option("--for", "how_long", type=Duration(), metavar="TIME", help="Only for a while: 30m, 2h.")
def pause(how_long: float | None) -> None:
    """Let the service do nothing until `resume`, or for a while; works also before it is started."""
    control.pause(how_long)
    click.echo("paused" if how_long is None else f"paused for {text_of(how_long)}")


@command.command("resume")
def resume() -> None:
    """Let a paused service go on."""
    click.echo("goes on" if control.resume() else "it was not paused")


@command.command("logs")
@click.option("-n", "--lines", type=click.IntRange(0), default=20, show_default=True, help="How many of the last lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
def logs(lines: int, *, follow: bool) -> None:
    """Print the service's log."""
    path = places.log_file()
    if not path.exists():
        click.echo(f"there is no log yet ({path})", err=True)
        return
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in deque(stream, maxlen=lines):
            click.echo(line, nl=False)
    if follow:
        _follow()


def _follow() -> None:
    """Print what is appended; the log may be rotated meanwhile."""
    path = places.log_file()
    stream = path.open(encoding="utf-8", errors="replace")
    stream.seek(0, 2)
    try:
        while True:
            for line in stream:
                click.echo(line, nl=False)
            if path.exists() and path.stat().st_size < stream.tell():
                stream.close()
                stream = path.open(encoding="utf-8", errors="replace")
            time.sleep(0.3)
    except KeyboardInterrupt:
        click.echo()
    finally:
        stream.close()


@command.command("run")
@click.option("--once", is_flag=True, help="Do what is due now, whether or not the machine is quiet, and end.")
def run(*, once: bool) -> None:
    """Be the service, in the foreground; its log goes to stderr, too."""
    from autopass_cc.daemon.main import serve

    raise SystemExit(serve(once=once, to_stderr=True))


@command.command("install")
@click.option("--print", "only_print", is_flag=True, help="Print the unit, and change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def install(*, only_print: bool, yes: bool) -> None:
    """Let systemd start the service at each login: prints the unit, asks, writes it."""
    from autopass_cc.daemon import unit

    click.echo(unit.text(), nl=False)
    if only_print:
        return
    if not yes:
        click.confirm(f"\nWrite this to {unit.path()} and start it?", abort=True, err=True)
    unit.install()
    click.echo(f"installed: {unit.path()}")


@command.command("uninstall")
def uninstall() -> None:
    """Take the service out of systemd again."""
    from autopass_cc.daemon import unit

    click.echo(f"removed: {unit.path()}" if unit.uninstall() else "it is not installed")


@command.command("unpark")
@click.argument("module", required=False)
def unpark(module: str | None) -> None:
    """Let the service try again what is parked or failed: everything, or one module by its name."""
    from autopass_cc.store import jobs
    from autopass_cc.store.database import writer

    with writer() as db:
        stuck = (jobs.State.PARKED, jobs.State.FAILED)
        found = [job for job in jobs.jobs(db) if job.state in stuck and module in (None, job.module)]
        for job in found:
            jobs.give_back(db, job.id, jobs.State.QUEUED, "", kills=0, failures=0, due=0)
    control.replan()
    for job in found:
        click.echo(f"{job.label}: will be tried again")
    if not found:
        click.echo("nothing of that name is parked" if module else "nothing is parked or failed")
        raise SystemExit(1)


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(*, as_json: bool) -> None:
    """Say whether the service runs, what it does or waits for, and what it has done. Exit code 3 if it does not run."""
    data = collect()
    if as_json:
        print_json(data)
    else:
        _show(data)
    if not data["running"]:
        raise SystemExit(3)


def collect() -> dict[str, Any]:
    """Return what is known of the service, as JSON values."""
    from autopass_cc.daemon import settings
    from autopass_cc.daemon.watch import paused
    from autopass_cc.store import statistics
    from autopass_cc.store.database import reader

    found, plan, bounds, problem = control.running(), places.read_json(places.plan_file()), settings.Settings(), ""
    try:
        bounds = settings.load()
    except ConfigError as error:  # the running service goes by what it read before
        problem = str(error)
    with reader() as db:
        tests = statistics.null_tests(db, statistics.Scope()) if db is not None else {}
    return {
        "running": found is not None,
        "pid": found.pid if found else None,
        "state": found.status.get("state", "starting") if found else "stopped",
        "detail": found.status.get("detail", "") if found else "",
        "since": found.status.get("began") if found else None,
        "paused": paused(),
        "jobs": plan.get("jobs", []),
        "skipped": plan.get("skipped", []),
        "spent": plan.get("spent", {}) if plan.get("day") == utc_day() else {},
        "bounds": vars(bounds),
        "problem": problem,
        "ledger": {stage: {"accepted": accepted, "tests": count} for stage, (accepted, count) in tests.items()},
        "log": str(places.log_file()),
        "data": str(places.folder().parent),
    }


def _show(data: dict[str, Any]) -> None:
    if data["running"]:
        click.echo(f"service    {data['state']}{': ' + data['detail'] if data['detail'] else ''} (process {data['pid']})")
    else:
        click.echo("service    not running; `autopass daemon start` starts it" + ("; it is paused" if data["paused"] else ""))
    if data["problem"]:
        click.echo(f"settings   {data['problem']}")
    spent, bounds = data["spent"], data["bounds"]
    used, allowed = text_of(spent.get("seconds", 0.0)), text_of(bounds["a_day"])
    click.echo(f"today      {used} of {allowed}, {spent.get('runs', 0):.0f} of {bounds['runs_a_day']} runs of programs")
    projects = [job for job in data["jobs"] if job["kind"] != "module"]
    for job in projects:
        click.echo(f"job        {job['label']}: {job['state']}{' (' + job['reason'] + ')' if job['reason'] else ''}")
    for job in data["jobs"]:
        if job["kind"] == "module" and job["state"] == "parked":
            click.echo(f"parked     {job['module']} of {job['root']}: {job['reason']}; `autopass daemon unpark` tries it again")
    for each in data["skipped"]:
        click.echo(f"left out   {each['root']}: {each['reason']}")
    for stage, counts in data["ledger"].items():
        bound = upper_bound(counts["accepted"], counts["tests"])
        click.echo(f"A/A tests  {stage}: {counts['accepted']} of {counts['tests']} accepted (95 % upper bound {bound:.1%})")
    click.echo(f"log        {data['log']}")
    click.echo(f"data       {data['data']}")
