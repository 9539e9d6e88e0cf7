"""Finding a recipe and giving it to the compiler; and every way in which it must be refused instead."""

from __future__ import annotations

import errno
import resource
from pathlib import Path

import pytest
from launcher_kit import World, digest, index_text, recipe_text, write

COMPILE = ("-O2", "-c", "a.c")
KNOB = recipe_text("knob inline-threshold 250")
APPLIED = b"-mllvm=-inline-threshold=250"
PIPELINE = "pipeline function(sroa<modify-cfg>,instcombine<no-verify-fixpoint>)"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def keys(world: World) -> tuple[str, str]:
    record = world.keys(*COMPILE)
    return record["exact"], record["inherited"]


def portable_keys(world: World) -> tuple[str, str]:
    record = world.keys(*COMPILE)
    return record["portable_exact"], record["portable_inherited"]


def applied(world: World, **options: object) -> list[bytes]:
    """Call the launcher; return what it put before the user's own arguments."""
    call = world.call(*COMPILE, **options)  # type: ignore[arg-type]
    assert call.argv[-3:] == [argument.encode() for argument in COMPILE]
    assert (call.code, call.stdout, call.stderr) == (0, b"", b"")
    return call.argv[:-3]


def refusal(world: World) -> str:
    """Call the launcher; return the reason why it applied nothing."""
    assert applied(world) == []
    decision, reason, recipe, _ = world.log()[-1]
    assert (decision, recipe) == ("miss", "-")
    return reason


def test_an_exact_match_is_applied(world: World) -> None:
    name = world.publish(keys(world)[0], KNOB)
    assert applied(world) == [APPLIED]
    assert world.log()[-1] == ["hit", "exact", name, "a.c"]


def test_an_edited_source_inherits(world: World) -> None:
    name = world.publish(keys(world)[1], KNOB, kind="i")
    (world.project / "a.c").write_text("int changed;\n")
    assert applied(world) == [APPLIED]
    assert world.log()[-1] == ["hit", "inherited", name, "a.c"]


def test_exact_comes_before_inherited(world: World) -> None:
    exact, inherited = keys(world)
    world.publish(inherited, recipe_text("knob inline-threshold 100"), kind="i")
    world.publish(exact, KNOB)
    assert applied(world) == [APPLIED]


def test_the_project_lock_comes_before_the_publication(world: World) -> None:
    world.publish(keys(world)[0], recipe_text("knob inline-threshold 100"))
    world.lock(portable_keys(world)[1], KNOB, kind="i")
    assert applied(world) == [APPLIED]


def test_a_lock_without_an_answer_leaves_it_to_the_publication(world: World) -> None:
    world.lock("0" * 32, recipe_text("knob inline-threshold 100"))
    world.publish(keys(world)[0], KNOB)
    assert applied(world) == [APPLIED]


def test_a_named_publication_stands_alone(world: World, tmp_path: Path) -> None:
    exact, _ = keys(world)
    world.lock(portable_keys(world)[0], recipe_text("knob inline-threshold 100"))
    world.publish(exact, KNOB, tmp_path / "shared")
    assert applied(world, env={"AUTOPASS_PUBLICATION": str(tmp_path / "shared")}) == [APPLIED]
    assert applied(world, env={"AUTOPASS_PUBLICATION": str(tmp_path / "absent")}) == []


def test_a_lock_is_shared_by_a_group_but_not_by_everyone(world: World) -> None:
    lock = world.project / "autopass.lock"
    name = world.lock(portable_keys(world)[0], KNOB)
    for path in (lock, world.project / "autopass.lock.d" / f"{name}.recipe"):
        path.chmod(0o664)  # a checkout under umask 002
    assert applied(world) == [APPLIED]
    lock.chmod(0o666)
    assert applied(world) == []


def test_all_knobs_come_in_the_order_of_the_file(world: World) -> None:
    lines = ["knob inline-threshold 250", "knob inlinehint-threshold 600"]
    world.publish(keys(world)[0], recipe_text(*lines))
    assert applied(world) == [APPLIED, b"-mllvm=-inlinehint-threshold=600"]


def test_clang_16_gets_two_words_for_each(world: World, tmp_path: Path) -> None:
    plugin = write(tmp_path / "p.so", b"")
    world.know(world.compiler, major=16, plugin=plugin)
    name = world.publish(keys(world)[0], recipe_text("knob inline-threshold 250", PIPELINE, llvm=16))
    recipe = world.home / "publication" / "recipes" / f"{name}.recipe"
    assert applied(world) == [
        *(f"-fplugin={plugin}".encode(), f"-fpass-plugin={plugin}".encode()),
        *(b"-mllvm", f"-autopass-recipe={recipe}".encode(), b"-mllvm", b"-inline-threshold=250"),
    ]


@pytest.mark.parametrize(("major", "early"), [(19, True), (22, False)])
def test_a_pipeline_comes_with_the_plugin(world: World, tmp_path: Path, major: int, early: bool) -> None:
    plugin = write(tmp_path / "p.so", b"")
    world.know(world.compiler, major=major, plugin=plugin)
    name = world.publish(keys(world)[0], recipe_text("knob inline-threshold 250", PIPELINE, llvm=major))
    recipe = world.home / "publication" / "recipes" / f"{name}.recipe"
    assert applied(world) == [
        *([f"-fplugin={plugin}".encode()] if early else []),
        f"-fpass-plugin={plugin}".encode(),
        f"-mllvm=-autopass-recipe={recipe}".encode(),
        APPLIED,
    ]


def test_a_compiler_that_failed_the_self_test_takes_knobs_only(world: World, tmp_path: Path) -> None:
    world.know(world.compiler, status="knobs", plugin=write(tmp_path / "p.so", b""))
    exact, _ = keys(world)
    world.publish(exact, KNOB)
    assert applied(world) == [APPLIED]
    (world.home / "publication" / "index").unlink()
    world.publish(exact, recipe_text(PIPELINE))
    assert refusal(world) == "pipeline-refused"


def test_a_plugin_must_be_there_and_be_ours(world: World, tmp_path: Path) -> None:
    plugin = tmp_path / "p.so"
    write(plugin, b"")
    world.know(world.compiler, plugin=plugin)
    world.publish(keys(world)[0], recipe_text(PIPELINE))
    assert len(applied(world)) == 2
    plugin.chmod(0o620)
    assert refusal(world) == "plugin-missing"
    plugin.unlink()
    assert refusal(world) == "plugin-missing"
    world.know(world.compiler)
    assert refusal(world) == "plugin-missing"


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (recipe_text("knob inline-threshold 5001"), "knob-refused"),
        (recipe_text("knob inline-threshold -1"), "knob-refused"),
        (recipe_text("knob inline-threshold 0250"), "knob-refused"),
        (recipe_text("knob inline-threshold +5"), "knob-refused"),
        (recipe_text("knob inline-threshold 99999999999999999999"), "knob-refused"),
        (recipe_text("knob inline-threshold true"), "knob-refused"),
        (recipe_text("knob inline-threshold 5 -load=/x.so"), "knob-refused"),
        (recipe_text("knob inline-threshold "), "knob-refused"),
        (recipe_text("knob load /tmp/evil.so"), "knob-refused"),
        (recipe_text("knob opt-bisect-limit 1"), "knob-refused"),
        (recipe_text("knob inline-threshold 1", "knob inline-threshold 2"), "recipe-invalid"),
        (recipe_text("knob inlinehint-threshold 1", "knob inline-threshold 2"), "recipe-invalid"),
        (recipe_text("knob inline-threshold"), "recipe-invalid"),
        (recipe_text(), "recipe-invalid"),
        (recipe_text("argument -fsyntax-only"), "recipe-invalid"),
        (recipe_text("pipeline "), "recipe-invalid"),
        (recipe_text("pipeline sroa -x"), "recipe-invalid"),
        (recipe_text("pipeline memprof-use<profile-filename=/etc/passwd>"), "recipe-invalid"),
        (recipe_text("pipeline " + "sroa," * 3300 + "sroa"), "recipe-invalid"),
        (recipe_text("pipeline sroa", "pipeline sroa"), "recipe-invalid"),
        (recipe_text("pipeline sroa", "knob inline-threshold 5"), "recipe-invalid"),
        (recipe_text("knob inline-threshold 5")[:-1], "recipe-invalid"),
        (recipe_text("knob inline-threshold 5") + b"\0", "recipe-invalid"),
        (recipe_text("knob inline-threshold 5") + b"\n", "recipe-invalid"),
        (recipe_text("knob inline-threshold 5").replace(b"\n", b"\r\n"), "recipe-invalid"),
        (b"autopass-recipe 2" + KNOB[17:], "recipe-invalid"),
        (b"", "recipe-invalid"),
        (recipe_text("knob inline-threshold 5", level="O3"), "recipe-misfit"),
        (recipe_text("knob inline-threshold 5", llvm=19), "recipe-misfit"),
        (b" " * 32769, "recipe-missing"),
    ],
)
def test_a_recipe_outside_the_grammar_is_refused(world: World, recipe: bytes, reason: str) -> None:
    world.publish(keys(world)[0], recipe)
    assert refusal(world) == reason


@pytest.mark.parametrize(
    ("line", "argument"),
    [
        ("knob inline-threshold 0", b"-mllvm=-inline-threshold=0"),
        ("knob inline-threshold 5000", b"-mllvm=-inline-threshold=5000"),
    ],
)
def test_the_ends_of_a_range_belong_to_it(world: World, line: str, argument: bytes) -> None:
    world.publish(keys(world)[0], recipe_text(line))
    assert applied(world) == [argument]


def test_every_byte_of_a_recipe_is_covered_by_its_name(world: World) -> None:
    name = world.publish(keys(world)[0], KNOB)
    file = world.home / "publication" / "recipes" / f"{name}.recipe"
    for position in range(len(KNOB)):
        file.write_bytes(KNOB[:position] + bytes([KNOB[position] ^ 1]) + KNOB[position + 1 :])
        assert refusal(world) == "recipe-damaged"
        file.write_bytes(KNOB[:position])
        assert refusal(world) == "recipe-damaged"


def test_a_recipe_that_others_can_write_is_refused(world: World) -> None:
    name = world.publish(keys(world)[0], KNOB)
    file = world.home / "publication" / "recipes" / f"{name}.recipe"
    for mode in (0o620, 0o602):
        file.chmod(mode)
        assert refusal(world) == "recipe-missing"
    file.unlink()
    assert refusal(world) == "recipe-missing"
    file.mkdir()
    assert refusal(world) == "recipe-missing"


def test_an_index_that_others_can_write_is_refused(world: World) -> None:
    world.publish(keys(world)[0], KNOB)
    (world.home / "publication" / "index").chmod(0o620)
    assert refusal(world) == "index-damaged"


def test_a_damaged_lock_does_not_fall_back_to_another_answer(world: World) -> None:
    world.publish(keys(world)[0], KNOB)
    write(world.project / "autopass.lock", b"<<<<<<< HEAD\n", 0o644)
    assert refusal(world) == "index-damaged"


@pytest.mark.parametrize("count", [0, 1, 2, 40, 3000])
@pytest.mark.parametrize("digit", ["0", "7", "f"])
def test_a_key_is_found_wherever_it_stands_among_the_others(world: World, count: int, digit: str) -> None:
    exact, _ = keys(world)
    place = world.home / "publication"
    others = [digit + digest(str(number).encode())[1:] for number in range(count)]
    texts = [f"{kind}{key} {digest(KNOB)} {'gain ' * (number % 50)}" for number, key in enumerate(others) for kind in "ix"]
    write(place / "recipes" / f"{digest(KNOB)}.recipe", KNOB)
    write(place / "index", index_text(texts))
    assert refusal(world) == "no-recipe"
    write(place / "index", index_text([*texts, f"x{exact} {digest(KNOB)} mine"]))
    assert applied(world) == [APPLIED]


def test_every_line_of_a_large_index_is_found(world: World) -> None:
    """The index stays as it is; the source's key visits every line in turn, by taking the line's place."""
    exact, _ = keys(world)
    place = world.home / "publication"
    write(place / "recipes" / f"{digest(KNOB)}.recipe", KNOB)
    low, high = f"{int(exact, 16) - 1:032x}", f"{int(exact, 16) + 1:032x}"
    for before in range(0, 300, 7):
        lower = [f"x{low} {digest(KNOB)} {number:05}" for number in range(before)]
        upper = [f"x{high} {digest(KNOB)} {number:05}" for number in range(300 - before)]
        write(place / "index", index_text([*lower, *upper, f"x{exact} {digest(KNOB)} mine"]))
        assert applied(world) == [APPLIED], before


def test_a_command_line_without_room_for_a_recipe_runs_as_it_came(world: World, tmp_path: Path) -> None:
    world.know(world.compiler, plugin=write(tmp_path / ("p" * 200) / "p.so", b""))
    world.publish(keys(world)[0], recipe_text("knob inline-threshold 250", PIPELINE))

    def fill(length: int) -> list[str]:
        """Make arguments that change no key, `length` bytes of them."""
        return ["-W" + "x" * 1000] * (length // 1000) + ["-W" + "x" * (length % 1000)]

    def fits(length: int) -> bool:
        try:
            world.call(*COMPILE, *fill(length), preexec_fn=small_stack)
        except OSError as error:
            if error.errno != errno.E2BIG:
                raise
            return False
        return True

    low, high = 0, 1 << 20  # fits, does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    call = world.call(*COMPILE, *fill(low), preexec_fn=small_stack)
    assert call.argv == [argument.encode() for argument in (*COMPILE, *fill(low))]
    assert world.log()[-1][1] == "exact"  # it was found; there was no room
    roomy = world.call(*COMPILE, *fill(low - 2000), preexec_fn=small_stack)
    assert len(roomy.argv) == 2 + 1 + len(COMPILE) + len(fill(low - 2000))


def small_stack() -> None:
    """Bound the argument list: Linux gives it a quarter of the stack limit."""
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
