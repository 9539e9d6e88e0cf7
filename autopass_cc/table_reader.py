"""Typed values out of a parsed TOML table; what is wrong, or unknown, is an error that names the file and the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autopass_cc.errors import ConfigError

Argv = tuple[str, ...]


class TableReader:
    """Takes typed values out of a parsed table and complains about what is left."""

    def __init__(self, path: Path, data: dict[str, Any], where: str = "") -> None:
        self.path, self.data, self.known = path, data, set[str]()
        self.where = where  # the table's name, as messages give it: "[program.bits] "

    def _take(self, key: str, default: Any) -> Any:
        self.known.add(key)
        return self.data.get(key, default)

    def _wrong(self, key: str, wanted: str) -> ConfigError:
        return ConfigError(self.path, f"{self.where}`{key}` must be {wanted}")

    def text(self, key: str) -> str | None:
        """Return a string, None where it is absent. Raises ConfigError."""
        value = self._take(key, None)
        if value is not None and not isinstance(value, str):
            raise self._wrong(key, "a string")
        return value

    def number(self, key: str, default: float) -> float:
        """Return a number that is not negative. Raises ConfigError."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self._wrong(key, "a number that is not negative")
        return float(value)

    def words(self, key: str, default: tuple[str, ...], allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of strings, of those in `allowed` where that is given. Raises ConfigError."""
        value = self._take(key, list(default))
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self._wrong(key, 'a list of strings, for example ["make"]')
        if allowed and (bad := [word for word in value if word not in allowed]):
            raise ConfigError(self.path, f"{self.where}`{key}` knows {', '.join(allowed)}; not {bad[0]!r}")
        return tuple(value)

    def commands(self, key: str) -> tuple[Argv, ...]:
        """Return commands: one as a list of strings, or a list of such lists. Raises ConfigError."""
        value = self._take(key, [])
        if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
            value = [value]
        good = isinstance(value, list) and all(
            isinstance(argv, list) and argv and all(isinstance(word, str) for word in argv) for argv in value
        )
        if not good:
            raise self._wrong(key, 'a command as a list of strings, for example ["./program", "1000"], or a list of such lists')
        return tuple(tuple(argv) for argv in value)

    def table(self, key: str) -> dict[str, str]:
        """Return a table of strings. Raises ConfigError."""
        value = self._take(key, {})
        if not isinstance(value, dict) or not all(isinstance(word, str) for word in value.values()):
            raise self._wrong(key, "a table of strings")
        return value

    def table_of_any(self, key: str) -> dict[str, Any] | None:
        """Return a table of whatever it holds, None where it is absent. Raises ConfigError."""
        value = self._take(key, None)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(key, "a table")
        return value

    def finish(self) -> None:
        """Complain about a key that nobody asked for. Raises ConfigError."""
        for key in self.data:
            if key not in self.known:
                import difflib  # where there is something to be said only

                near = difflib.get_close_matches(key, self.known, n=1)
                hint = f"; did you mean `{near[0]}`?" if near else f" (known: {', '.join(sorted(self.known))})"
                raise ConfigError(self.path, f"{self.where}unknown key `{key}`{hint}")
