"""What the service may do, from `[service]` in config.toml. Strict: an unknown key is an error with the nearest known one."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from autopass_cc import user_config
from autopass_cc.durations import seconds_of
from autopass_cc.errors import ConfigError
from autopass_cc.paths import config_file

TIMES = ("a_day", "budget", "quiet", "pull")
MINDS = ("rules", "model", "both")


@dataclass(frozen=True)
class Settings:
    """Bounds of the service; times are seconds, written in the file as "10m", "4h"."""

    a_day: float = 4 * 3600.0  # of work in 24 hours (UTC day)
    runs_a_day: int = 50_000  # of the users' programs
    budget: float = 600.0  # for one project's search, as `autopass tune --budget`
    quiet: float = 30.0  # since the last compile, before work begins
    pull: float = 6 * 3600.0  # between two looks at the places of [cache.NAME]; 0: never
    pressure: float = 5.0  # percent of the time that something waits for a CPU (PSI some avg10), above which is busy
    on_battery: bool = False
    mind: str = "rules"  # who proposes: rules, model, both (a model's own limits stand in [model])
    risk: str = ""  # highest risk tier; "": B with two or more inputs to check, else A


def load() -> Settings:
    """Return the settings in force; raises ConfigError for a file that says nonsense."""
    path = config_file()
    table = user_config.read().get("service", {})
    if not isinstance(table, dict):
        raise ConfigError(path, "[service] is a table", "write [service] on a line of its own")
    return Settings(**{name: _value(path, name, value) for name, value in table.items()})


def _value(path: Path, name: str, value: Any) -> Any:
    known = {each.name: str(each.type) for each in fields(Settings)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"it may have {', '.join(known)}"
        raise ConfigError(path, f"[service] has no `{name}`", hint)
    if name in TIMES:
        try:
            return seconds_of(value if isinstance(value, str) else "")
        except ValueError:
            raise ConfigError(path, f"[service] {name} = {value!r} is not a time", 'write it as "10m" or "4h"') from None
    wanted: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}
    if not isinstance(value, wanted[known[name]]) or (isinstance(value, bool) and known[name] != "bool"):
        raise ConfigError(path, f"[service] {name} = {value!r} is not a {known[name]}", "correct it")
    if isinstance(value, int | float) and value < 0:
        raise ConfigError(path, f"[service] {name} is negative", "correct it")
    choices = {"mind": MINDS, "risk": ("", "A", "B", "C")}.get(name)
    if choices and value not in choices:
        raise ConfigError(path, f"[service] {name} = {value!r} is unknown", f"choose {', '.join(filter(None, choices))}")
    return value
