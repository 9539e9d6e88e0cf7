"""The table of knobs that is compiled into the launcher."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_knobs", REPOSITORY / "shims" / "generate_knobs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_type_becomes_a_row(generator: ModuleType) -> None:
    text = generator.table(
        22,
        {
            "b-switch": {"type": "bool"},
            "a-number": {"type": "int", "min": -1, "max": 8},
            "c-choice": {"type": "enum", "values": ["one", "two-three"]},
        },
    )
    assert '{"a-number", KNOB_INT, -1LL, 8LL, NULL}' in text
    assert '{"b-switch", KNOB_BOOL, 0, 0, NULL}' in text
    assert 'values_22_c_choice[] = {"one", "two-three", NULL};' in text
    assert text.index('"a-number"') < text.index('"b-switch"') < text.index('"c-choice", KNOB')


@pytest.mark.parametrize(
    ("name", "knob"),
    [
        ('x", 0}, {"y', {"type": "bool"}),
        ("-x", {"type": "bool"}),
        ("x y", {"type": "bool"}),
        ("x", {"type": "int", "min": 2, "max": 1}),
        ("x", {"type": "int", "min": 0, "max": 2**40}),
        ("x", {"type": "enum", "values": []}),
        ("x", {"type": "enum", "values": ['a"b']}),
        ("x", {"type": "string"}),
    ],
)
def test_what_the_launcher_could_not_enforce_stops_the_build(generator: ModuleType, name: str, knob: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="llvm 22"):
        generator.table(22, {name: knob})


def test_the_allow_lists_of_the_package_become_tables(generator: ModuleType) -> None:
    files = sorted((REPOSITORY / "autopass_cc" / "recipe" / "data").glob("llvm-*.toml"))
    text = generator.generate(files)
    assert len(files) >= 3
    for path in files:
        major = path.stem.removeprefix("llvm-")
        assert f"{{{major}, knobs_{major}, sizeof knobs_{major} / sizeof(Knob)}}" in text
    assert text.endswith("    {0, NULL, 0},\n};\n")
