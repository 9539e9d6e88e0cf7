"""Rows that other tests hold, and rows of which nothing can be tested here."""

from __future__ import annotations

from dataclasses import dataclass

_I = "tests/integration/test_"


@dataclass(frozen=True)
class Elsewhere:
    """A row, what it asks, and the test that holds it."""

    row: int
    fact: str
    file: str
    test: str


@dataclass(frozen=True)
class NotApplicable:
    """A row that says nothing about this launcher, and why."""

    row: int
    reason: str


ELSEWHERE: list[Elsewhere] = [
    Elsewhere(
        28,
        "a command line without room for a recipe's arguments runs as it came",
        f"{_I}launcher_lookup.py",
        "test_a_command_line_without_room_for_a_recipe_runs_as_it_came",
    ),
    Elsewhere(
        60,
        "a pipeline that could crash clang is refused by the plugin, and the compile ends as plain",
        f"{_I}plugin_fallback.py",
        "test_a_pipeline_is_refused_that",
    ),
    Elsewhere(
        64,
        "a project's lock stands before any publication",
        f"{_I}launcher_lookup.py",
        "test_the_project_lock_comes_before_the_publication",
    ),
    Elsewhere(72, "a signal ends the compiler itself", f"{_I}launcher_process.py", "test_a_signal_reaches_the_compiler"),
    Elsewhere(73, "signal dispositions and masks, umask", f"{_I}launcher_process.py", "test_the_process_is_the_same_one"),
    Elsewhere(
        74, "the descriptors of make's jobserver stay open", f"{_I}launcher_process.py", "test_the_process_is_the_same_one"
    ),
    Elsewhere(75, "no descriptor is added or lost", f"{_I}launcher_process.py", "test_the_process_is_the_same_one"),
    Elsewhere(
        76,
        "nothing is started in the background: the launcher makes no process and no socket",
        f"{_I}launcher_process.py",
        "test_a_file_system_without_write_access_sees_no_attempt",
    ),
    Elsewhere(
        81,
        "a sandbox that reports attempted writes has nothing to report",
        f"{_I}launcher_process.py",
        "test_a_file_system_without_write_access_sees_no_attempt",
    ),
    Elsewhere(
        86, "a damaged publication costs the recipe only", f"{_I}launcher_damage.py", "test_a_small_index_damaged_at_every_byte"
    ),
    Elsewhere(
        87,
        "a compiler that was never looked at gets no plugin",
        f"{_I}launcher_classification.py",
        "test_a_compiler_that_was_never_looked_at_is_left_alone",
    ),
    Elsewhere(
        89,
        "a compiler that was replaced is another one",
        f"{_I}launcher_classification.py",
        "test_a_compiler_that_changed_since_is_a_stranger",
    ),
    Elsewhere(
        90,
        "a compiler that calls the launcher back ends at the real one",
        f"{_I}launcher_names.py",
        "test_a_wrapper_that_calls_us_back_ends_at_the_real_compiler",
    ),
    Elsewhere(
        91,
        "ccache reads the recipe's words as one each, and as part of its key",
        f"{_I}launcher_caches.py",
        "test_before_a_cache_only_retuned_modules_are_compiled_again",
    ),
    Elsewhere(
        92,
        "sccache takes a compile with a recipe",
        f"{_I}launcher_caches.py",
        "test_before_a_cache_only_retuned_modules_are_compiled_again",
    ),
    Elsewhere(
        93,
        "a plugin of another content has another name, so that caches miss",
        "tests/unit/test_toolchain_registry.py",
        "test_a_new_plugin_source_is_built_and_tested",
    ),
    Elsewhere(
        94,
        "nothing is added where another machine may compile",
        f"{_I}launcher_names.py",
        "test_nothing_is_added_where_another_machine_may_compile",
    ),
    Elsewhere(
        104,
        "tools that know compilers by name find clang in a masquerade",
        f"{_I}launcher_cmake.py",
        "test_through_a_masquerade_even_the_names_are_the_same",
    ),
]

NOT_APPLICABLE: list[NotApplicable] = [
    NotApplicable(98, "Meson alone decides not to add a cache where CC is set; it asks the compiler nothing for it"),
]
