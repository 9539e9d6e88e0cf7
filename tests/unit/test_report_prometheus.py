"""The text that monitoring systems read, as their own parser sees it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as parsed

from autopass_cc.report.prometheus import Metric, render

VALUES = st.floats() | st.integers(0, 2**60).map(float)


@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), VALUES), st.text(st.characters(exclude_categories=["Cs"]))
)
def test_any_label_value_and_help_is_what_was_given(samples: dict[str, float], about: str) -> None:
    text = render([Metric("autopass_x", "gauge", about, [({"project": label}, value) for label, value in samples.items()])])
    (family,) = parsed(text)
    assert (family.name, family.type) == ("autopass_x", "gauge")
    found = {sample.labels["project"]: sample.value for sample in family.samples}
    assert found.keys() == samples.keys()
    assert all(found[label] == value or (math.isnan(value) and math.isnan(found[label])) for label, value in samples.items())


def test_a_family_is_help_type_and_sorted_samples() -> None:
    metric = Metric("autopass_compiles_total", "counter", "Compiles.", [({"reason": "b", "decision": "miss"}, 2), ({}, 1.5)])
    assert render([metric]).splitlines() == [
        "# HELP autopass_compiles_total Compiles.",
        "# TYPE autopass_compiles_total counter",
        "autopass_compiles_total 1.5",
        'autopass_compiles_total{decision="miss",reason="b"} 2',
    ]


def test_bytes_that_are_not_utf_8_do_not_spoil_the_text() -> None:
    text = render([Metric("a", "gauge", "", [({"project": "/home/\udce9"}, 1)])])
    assert text.encode().decode() == text
    assert "\ufffd" in text


@pytest.mark.parametrize(
    "bad",
    [
        Metric("a", "counter", "", []),
        Metric("a_total", "gauge", "", []),
        Metric("a b", "gauge", "", []),
        Metric("a", "histogram", "", []),
        Metric("a", "gauge", "", [({"a-b": ""}, 1)]),
        Metric("a", "gauge", "", [({"a": "1"}, 1), ({"a": "1"}, 2)]),
    ],
)
def test_what_the_format_forbids_is_refused(bad: Metric) -> None:
    with pytest.raises(ValueError, match=r"."):
        bad.render()
