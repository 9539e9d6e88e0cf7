"""Metrics in the text format that Prometheus and its relatives read (exposition format 0.0.4)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True)
class Metric:
    """One name with its samples: labels and a value each. `kind` is counter or gauge; a counter's name ends in `_total`."""

    name: str
    kind: str
    about: str
    samples: Sequence[tuple[Mapping[str, str], float]]

    def render(self) -> str:
        """Return HELP, TYPE and samples, sorted. Raises ValueError for a name, kind or series that the format forbids."""
        if not _NAME.fullmatch(self.name) or self.kind not in ("counter", "gauge"):
            raise ValueError(f"{self.name} {self.kind}")
        if (self.kind == "counter") != self.name.endswith("_total"):
            raise ValueError(f"{self.name} is a {self.kind}")
        series = {self.name + _labels(labels): value for labels, value in self.samples}
        if len(series) != len(self.samples):
            raise ValueError(f"{self.name} has two samples of the same labels")
        about = self.about.replace("\\", "\\\\").replace("\n", "\\n")
        head = [f"# HELP {self.name} {about}", f"# TYPE {self.name} {self.kind}"]
        return "\n".join([*head, *(f"{labels} {_number(value)}" for labels, value in sorted(series.items()))]) + "\n"


def render(metrics: Iterable[Metric]) -> str:
    """Return the text of all metrics."""
    return "".join(metric.render() for metric in metrics)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    for name in labels:
        if not _NAME.fullmatch(name):
            raise ValueError(name)
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items())) + "}"


def _escaped(value: str) -> str:
    """Return a label's value; bytes that are not UTF-8 (in a path, say) cannot stand in one."""
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(float(value))
