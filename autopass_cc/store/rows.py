"""Rows that may hold anything: those of the right types become records; the others are left out, and that is said once.

A database may be damaged, or be somebody else's work: SQLite checks no types. A list without one row costs speed, a
traceback costs the build record.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from operator import itemgetter
from types import NoneType
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
Row = Mapping[str, Any]

# By the annotation of a record's field: the types that its column may have.
PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "int | None": (int, NoneType),
    "float | None": (float, int, NoneType),
}
JSON: dict[str, type] = {  # such a column holds text
    "list[Any]": list,
    "list[str]": list,
    "tuple[str, ...]": list,
    "dict[str, Any]": dict,
    "Mapping[str, str]": dict,
    "Mapping[str, float]": dict,
}
ELEMENTS: dict[str, tuple[type, ...]] = {
    "list[str]": (str,),
    "tuple[str, ...]": (str,),
    "Mapping[str, str]": (str,),
    "Mapping[str, float]": (float, int),
}
TEXTS: dict[str, Any] = {"list[str]": list[str], "tuple[str, ...]": tuple[str, ...], "Mapping[str, str]": dict[str, str]}

Warn = Callable[[str], None]
_listeners: list[tuple[Warn, set[str]]] = []


@contextlib.contextmanager
def told(warn: Warn) -> Iterator[None]:
    """Let `warn` hear, while the body runs, of tables with rows that are left out: once of each."""
    _listeners.append((warn, set()))
    try:
        yield
    finally:
        _listeners.pop()


def say_left_out(table: str) -> None:
    """Tell whoever listens that a row of a table is left out."""
    if _listeners:
        warn, said = _listeners[-1]
        if table not in said:
            said.add(table)
            warn(f"the store has rows of `{table}` that cannot be read; they are left out (`autopass cache verify` counts them)")


class BadRowError(Exception):
    """A row that is no record."""


class Form(Generic[T]):
    """How the rows of a table become records of a dataclass, whose annotations say what stands where.

    Enumerations are given by `enums`; `check` looks at the values, JSON read, and returns whether they may stand. Columns
    that the record does not have are passed over.
    """

    def __init__(
        self,
        table: str,
        kind: type[T],
        *,
        enums: Mapping[str, Callable[[str], Any]] | None = None,
        check: Callable[[dict[str, Any]], bool] = lambda _values: True,
    ) -> None:
        self.table, self._kind, self._check = table, kind, check
        self._enums = dict(enums or {})
        types = {each.name: str(each.type) for each in fields(kind)}  # type: ignore[arg-type]  # T is a dataclass
        self._json = {name: word for name, word in types.items() if word in JSON}
        self._plain = {name: PLAIN["str" if name in self._json or name in self._enums else types[name]] for name in types}
        self._columns = itemgetter(*self._plain)
        self._sound: set[tuple[type, ...]] = set()  # types of whole rows that were found right

    def read(self, row: Row) -> T:
        """Return the record of a row. Raises BadRowError."""
        try:
            found = self._columns(row)
            self._check_types(found)
            values = dict(zip(self._plain, found, strict=True))
            for name, word in self._json.items():
                values[name] = _json(values[name], word)
            for name, make in self._enums.items():
                values[name] = make(values[name])
            if self._check(values):
                return self._kind(**values)
        except (KeyError, ValueError, TypeError, RecursionError):
            pass
        raise BadRowError(self.table)

    def all(self, rows: Iterable[Row]) -> list[T]:
        """Return the records of rows, without those that are none."""
        return list(self.each(rows))

    def each(self, rows: Iterable[Row]) -> Iterator[T]:
        """Yield the records of rows, without those that are none."""
        for row in rows:
            try:
                yield self.read(row)
            except BadRowError:
                say_left_out(self.table)

    def _check_types(self, values: tuple[Any, ...]) -> None:
        found = tuple(map(type, values))
        if found not in self._sound:
            if any(kind not in allowed for allowed, kind in zip(self._plain.values(), found, strict=True)):
                raise BadRowError(self.table)
            self._sound.add(found)


def _json(text: str, word: str) -> Any:
    if word in TEXTS:
        try:
            return msgspec.json.decode(text, type=TEXTS[word])
        except msgspec.MsgspecError:  # json reads escaped bytes, too
            pass
    value: Any = json.loads(text)
    if type(value).__name__ != JSON[word].__name__:
        raise ValueError(word)
    elements = value.values() if JSON[word] is dict else value
    if (wanted := ELEMENTS.get(word)) and not all(type(each) in wanted for each in elements):
        raise ValueError(word)
    return tuple(elements) if word == "tuple[str, ...]" else value


def json_object(text: object) -> dict[str, Any]:
    """Return the JSON object that a column holds; an empty one where it holds something else."""
    try:
        value = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def sound_texts(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Yield the rows that hold no bytes: a text that is not UTF-8 is read as its bytes (`shape`)."""
    return (row for row in rows if bytes not in map(type, row))


def is_ratio(*values: float) -> bool:
    """Return whether numbers are log-ratios of times that may be shown: their exponential is no more than a float holds."""
    return all(value <= 50 or value == math.inf for value in values)


def is_finite(*values: float) -> bool:
    """Return whether numbers are finite."""
    return all(map(math.isfinite, values))
