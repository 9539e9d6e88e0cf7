"""When the service may work: pure decisions over what was read of the machine."""

from __future__ import annotations

from dataclasses import dataclass

from autopass_cc.daemon.settings import Settings
from autopass_cc.durations import text_of

BUSY_LOAD = 0.7  # of one CPU each, where the kernel does not tell pressure
MOST_BACKOFF = 1800.0  # seconds


@dataclass(frozen=True)
class Readings:
    """The machine at one moment: seconds since the last recorded compile, pressure (percent), load a CPU, who compiles."""

    since_build: float
    pressure: float | None
    load: float
    compiler: str = ""
    on_battery: bool = False


def busy(readings: Readings, settings: Settings) -> str:
    """Return why work must not begin now, "" where it may."""
    if readings.compiler:
        return f"{readings.compiler} is running"
    if readings.since_build < settings.quiet:
        return f"a build was under way {text_of(readings.since_build)} ago"
    if readings.on_battery and not settings.on_battery:
        return "the machine runs on its battery"
    if readings.pressure is not None:
        return f"the machine is busy (CPU pressure {readings.pressure:.0f} %)" if readings.pressure >= settings.pressure else ""
    return f"the machine is busy (load {readings.load:.1f} a CPU)" if readings.load >= BUSY_LOAD else ""


def backoff(times: int, settings: Settings) -> float:
    """Return how long (seconds) to stay away after the service gave way `times` times in a row: doubled each time."""
    return 0.0 if times <= 0 else min(MOST_BACKOFF, settings.quiet * 2.0 ** min(times, 12))


def spent_out(spent: dict[str, float], settings: Settings) -> str:
    """Return which budget of the day is used up, "" for none."""
    if spent.get("seconds", 0.0) >= settings.a_day:
        return f"today's {text_of(settings.a_day)} are used up"
    if spent.get("runs", 0.0) >= settings.runs_a_day:
        return f"today's {settings.runs_a_day} runs are used up"
    return ""
