"""The service's loop: look, decide, work or wait. It holds no store and imports nothing heavy; workers do what needs that."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable
from typing import IO, Any

from autopass_cc.daemon import gate, machine, places
from autopass_cc.daemon.child import Child, sweep
from autopass_cc.daemon.gate import Readings
from autopass_cc.daemon.settings import Settings
from autopass_cc.daemon.watch import Builds, paused
from autopass_cc.durations import text_of, utc_day
from autopass_cc.paths import private_dir
from autopass_cc.store import turns

WORKING, WAITING, IDLE = 0.25, 1.0, 5.0  # seconds between two looks
PLAN_EVERY = 3600.0  # seconds: spot checks come due without any build
RETRY = 60.0  # seconds after a worker that failed
STATUS_EVERY = 2.0
BOOK_EVERY = 60.0  # seconds
LONGEST = 900.0  # seconds that a plan or a pull may take
PULL = "pull"
BUILD, COMPILER = "a build has begun", "a compiler is running"


class Service:
    """One service. `tell` takes lines for the log; `once`: do what is due without waiting for a quiet machine, and end."""

    def __init__(self, settings: Settings, tell: Callable[[str], None], errors: IO[bytes] | None = None, *, once: bool = False):
        self._settings, self._tell, self._errors, self._once = settings, tell, errors, once
        self._builds = Builds()
        self._compilers = machine.Compilers()
        self._looked_for_compilers = 0.0
        self._compiler = ""
        self._child: Child | None = None
        self._plan: dict[str, Any] = {}
        self._planned = self._pulled = float("-inf")
        self._must_plan = True
        self._stopped: int | None = None
        self._crashed: int | None = None
        self._gave_way = 0
        self._not_before = 0.0
        self._asked = self._code = 0
        self._booked = (0.0, 0)  # of the running job: seconds, runs
        self._was_paused = False
        self._state = ("starting", "")
        self._written = 0.0
        self._began = time.time()

    def run(self) -> int:
        """Go on until asked to stop (SIGTERM, SIGINT) or, `once`, until nothing is due; return the exit code."""
        private_dir(places.folder())
        sweep()
        read, write = os.pipe()
        for end in (read, write):
            os.set_blocking(end, False)
        before = signal.set_wakeup_fd(write)
        handlers = {number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        try:
            while not self._finished():
                self._look()
                self._write_status()
                self._sleep(read)
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            os.close(read)
            os.close(write)
            self._set("stopped", "")
            self._write_status(force=True)
        return self._code

    def _ask(self, number: int, _frame: object) -> None:
        if number == signal.SIGHUP:
            self._must_plan = True
        else:
            self._asked += 1

    def _finished(self) -> bool:
        if self._child is not None:
            return False
        if self._asked:
            return True
        return self._once and not self._must_plan and self._plan.get("next") is None

    def _sleep(self, wake: int) -> None:
        if self._finished():
            return
        seconds = WORKING if self._child is not None else IDLE if self._state[0] == "idle" else WAITING
        watched = [wake, *([self._child.fileno()] if self._child is not None else [])]
        ready, _, _ = select.select(watched, [], [], seconds)
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 1024)
        elif ready:
            time.sleep(WORKING / 5)  # it says many lines at once

    # ---- one look

    def _look(self) -> None:
        self._builds.look()
        if self._child is not None:
            self._look_at_child(self._child)
        elif not self._asked:
            self._begin_something()

    def _look_at_child(self, child: Child) -> None:
        for line in child.hear():
            self._tell(line)
        if child.job is not None:
            self._book(child)
            if why := self._must_give_way(child):
                child.ask_to_stop(why)
        elif self._asked:
            child.ask_to_stop("the service stops")
        elif time.monotonic() - child.began > LONGEST:
            child.ask_to_stop("it takes too long")
        code = child.poll()
        if code is None:
            what = "working" if child.job is not None else "pulling" if child.label == PULL else "planning"
            self._set(what, "" if child.job is None else child.progress or child.label)
            return
        for line in child.hear():
            self._tell(line)
        self._child = None
        self._end(child, code)

    def _must_give_way(self, child: Child) -> str:
        if self._asked:
            return "the service stops"
        if turns.others_wait():
            return "another autopass wants the store"
        if self._once:
            return ""
        if self._builds.since < self._settings.quiet:
            return BUILD
        if self._foreign_compiler(child):
            return COMPILER
        if paused():
            return "paused"
        if not self._settings.on_battery and machine.on_battery():
            return "the machine runs on its battery"
        return gate.spent_out(self._spent_with(child), self._settings)

    def _foreign_compiler(self, child: Child | None) -> str:
        now = time.monotonic()
        if now - self._looked_for_compilers >= 1.0:
            self._looked_for_compilers = now
            self._compiler = self._compilers.running(frozenset([child.session] if child is not None else []))
        return self._compiler

    def _end(self, child: Child, code: int) -> None:
        if child.label == PULL:
            self._must_plan = True
            return
        if child.job is None:
            self._end_plan(child, code)
            return
        self._must_plan = True
        self._book(child, last=True)
        if child.stopping:
            self._stopped = child.job
            self._gave_way += child.stopping in (BUILD, COMPILER)  # to others for a moment is not to be staying away for long
            wait = 0.0 if self._once else gate.backoff(self._gave_way, self._settings)
            self._not_before = time.monotonic() + wait
            self._tell(f"gave way after {time.monotonic() - child.began:.0f} s: {child.stopping}")
        elif code != 0:
            self._crashed = child.job
            self._not_before = time.monotonic() + (0.0 if self._once else RETRY)
            self._tell(f"the worker at {child.label} ended with {_named(code)}")
        else:
            self._gave_way = 0

    def _end_plan(self, child: Child, code: int) -> None:
        if code != 0 or child.plan is None:
            self._tell(f"planning ended with {_named(code)}; it is tried again in {text_of(RETRY)}")
            self._not_before = time.monotonic() + RETRY
            self._must_plan = True
            if self._once:
                self._asked, self._code = self._asked + 1, 1
            return
        self._plan, self._planned = child.plan, time.monotonic()
        self._stopped = self._crashed = None
        places.write_json(places.plan_file(), self._plan)

    def _begin_something(self) -> None:
        now = time.monotonic()
        if (waits := self._must_wait(now)) is not None:
            self._set(*waits)
            return
        new = self._builds.unread and (self._once or self._builds.since >= min(self._settings.quiet, 10.0))
        due_in = self._plan.get("due_in")
        late = now - self._planned >= (min(PLAN_EVERY, due_in + 1.0) if due_in is not None else PLAN_EVERY)
        if self._must_plan or new or late:
            self._begin_plan()
            return
        if self._plan.get("caches") and self._settings.pull and now - self._pulled >= self._settings.pull:
            self._pulled = now
            self._begin([PULL], label=PULL)
            return
        following = self._plan.get("next")
        if following is None:
            self._set("idle", "nothing is due")
        elif why := ("" if self._once else self._busy()):
            self._set("waiting", f"{following['label']} is due; {why}")
        else:
            self._tell(f"begins: {following['label']}")
            self._plan, self._booked = {**self._plan, "next": None}, (0.0, 0)
            self._begin(["work", str(following["id"])], following["id"], following["label"])
            self._set("working", following["label"])

    def _must_wait(self, now: float) -> tuple[str, str] | None:
        if paused() and not self._once:
            self._was_paused = True
            return "paused", "`autopass daemon resume` lets it go on"
        if self._was_paused:
            self._was_paused, self._gave_way, self._not_before = False, 0, 0.0
        if turns.others_wait():
            return "waiting", "another autopass uses the store"
        if now < self._not_before and not self._once:
            return "waiting", f"for {text_of(self._not_before - now)} more, after it had to give way"
        if (why := gate.spent_out(self._spent(), self._settings)) and not self._must_plan:
            if self._once:
                self._tell(why)
                self._asked += 1
            return "waiting", f"{why}; it goes on tomorrow (UTC)"
        return None

    def _begin_plan(self) -> None:
        arguments = ["plan"]
        for name, job in (("--stopped", self._stopped), ("--crashed", self._crashed)):
            arguments += [] if job is None else [name, str(job)]
        self._builds.read()
        self._must_plan = False  # before it begins: what comes meanwhile needs another one
        self._begin(arguments)

    def _begin(self, arguments: list[str], job: int | None = None, label: str = "plan") -> None:
        try:
            self._child = Child(arguments, self._errors, job, label)
        except OSError as error:  # no more processes, or the interpreter is just being replaced
            self._tell(f"no worker can be started: {error.strerror or error}")
            self._not_before, self._must_plan = time.monotonic() + RETRY, True
            if self._once:
                self._asked, self._code = self._asked + 1, 1

    def _busy(self) -> str:
        readings = Readings(
            self._builds.since, machine.pressure(), machine.load(), self._foreign_compiler(None), machine.on_battery()
        )
        return gate.busy(readings, self._settings)

    # ---- what is told

    def _spent(self) -> dict[str, float]:
        known = self._plan.get("spent", {}) if self._plan.get("day") == utc_day() else {}
        return {"seconds": float(known.get("seconds", 0.0)), "runs": float(known.get("runs", 0.0))}

    def _book(self, child: Child, *, last: bool = False) -> None:
        """Note once a minute what work has taken, so that a service that is killed forgets a minute of it at most."""
        seconds, runs = time.monotonic() - child.began, child.runs
        before = self._booked
        if not last and seconds - before[0] < BOOK_EVERY:
            return
        today = utc_day()
        line = json.dumps({"day": today, "seconds": round(seconds - before[0], 1), "runs": runs - before[1]})
        with contextlib.suppress(OSError), places.used_file().open("a") as stream:
            stream.write(line + "\n")
        self._plan = {**self._plan, "day": today, "spent": self._spent_with(child)}
        self._booked = (seconds, runs)

    def _spent_with(self, child: Child) -> dict[str, float]:
        """Return what was spent today, with what the running job has taken since it was last booked."""
        known, (seconds, runs) = self._spent(), self._booked
        return {
            "seconds": known["seconds"] + time.monotonic() - child.began - seconds,
            "runs": known["runs"] + child.runs - runs,
        }

    def _set(self, state: str, detail: str) -> None:
        if (state, detail) != self._state:
            if state != self._state[0]:
                self._written = 0.0
            self._state = (state, detail)

    def _write_status(self, *, force: bool = False) -> None:
        now = time.monotonic()
        every = STATUS_EVERY if self._child is not None else 30.0
        if not force and now - self._written < every:
            return
        self._written = now
        state, detail = self._state
        data = {"state": state, "detail": detail, "pid": os.getpid(), "began": self._began, "at": time.time()}
        if self._child is not None and self._child.job is not None:
            data |= {"job": self._child.label, "seconds": round(now - self._child.began, 1)}
        places.write_json(places.status_file(), data)


def _named(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
