"""Signatures: a publication is taken only if one of the named people signed exactly these bytes, for this purpose."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from sharing_kit import at_home, autopass, configure, prove, proven, published, reading, recipe

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed (openssh-client)")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the keys of ann and bob, and files that allow ann, bob, and both."""
    place = tmp_path_factory.mktemp("keys")
    for name in ("ann", "bob"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(place / name)]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    lines = {name: f"{name}@example.org {(place / f'{name}.pub').read_text()}" for name in ("ann", "bob")}
    for name, text in {**{f"allow-{name}": line for name, line in lines.items()}, "allow-both": "".join(lines.values())}.items():
        (place / name).write_text(text)
        (place / name).chmod(0o600)
    return place


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give an empty shared folder in which everybody may write."""
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(0o777)
    return path


def cache(place: Path, signers: Path | None, *, trust: bool = False) -> None:
    text = f'[cache.team]\nurl = "{place}"\ntrust = {str(trust).lower()}\n'
    configure(text + (f'signers = "{signers}"\n' if signers else ""))


def pushed(place: Path, keys: Path, home: Path, number: int = 1, key: str = "ann", signers: str = "allow-both") -> None:
    """Let another user push a proven recipe, signed."""
    with at_home(home):
        cache(place, keys / signers)
        prove(proven(number))
        said = autopass("cache", "push", "team", "--sign", str(keys / key))
        assert said.code == 0, said.text


def test_what_somebody_allowed_has_signed_is_taken_and_used_where_trusted(place: Path, keys: Path, tmp_path: Path) -> None:
    pushed(place, keys, tmp_path / "ann")
    cache(place, keys / "allow-ann", trust=True)
    said = autopass("cache", "pull")
    assert said.code == 0, said.text
    assert "signed by ann@example.org; used by compiles from now on" in said.text
    assert published() == {f"{1:032x}": recipe(1)[0]}


def test_a_signature_says_who_and_not_that_it_is_faster_here(place: Path, keys: Path, tmp_path: Path) -> None:
    pushed(place, keys, tmp_path / "ann")
    cache(place, keys / "allow-ann")
    assert autopass("cache", "pull").code == 0
    assert published() == {}


def test_what_somebody_else_has_signed_is_refused(place: Path, keys: Path, tmp_path: Path) -> None:
    pushed(place, keys, tmp_path / "bob", key="bob")
    cache(place, keys / "allow-ann")
    said = autopass("cache", "pull")
    assert said.code == 52
    assert "is not signed by anyone in" in said.text
    assert "2 entries" not in said.text


def test_a_file_that_was_changed_after_it_was_signed_is_refused(place: Path, keys: Path, tmp_path: Path) -> None:
    pushed(place, keys, tmp_path / "ann")
    file = place / "recipes.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"log_e":5.5', b'"log_e":900.5'))
    cache(place, keys / "allow-ann", trust=True)
    said = autopass("cache", "pull")
    assert said.code == 52
    assert "does not hold" in said.text


def test_a_file_without_a_signature_is_refused(place: Path, keys: Path, tmp_path: Path) -> None:
    pushed(place, keys, tmp_path / "ann")
    (place / "recipes.jsonl.sig").unlink()
    cache(place, keys / "allow-ann")
    said = autopass("cache", "pull")
    assert said.code == 52
    assert "is not signed" in said.text


@pytest.mark.parametrize("signature", [b"", b"nonsense", b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"])
def test_what_is_no_signature_is_refused(place: Path, keys: Path, tmp_path: Path, signature: bytes) -> None:
    pushed(place, keys, tmp_path / "ann")
    (place / "recipes.jsonl.sig").write_bytes(signature)
    cache(place, keys / "allow-ann")
    assert autopass("cache", "pull").code == 52


def test_a_signature_for_another_purpose_is_refused(place: Path, keys: Path, tmp_path: Path) -> None:
    pushed(place, keys, tmp_path / "ann")
    (place / "recipes.jsonl.sig").unlink()
    argv = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(keys / "ann"), str(place / "recipes.jsonl")]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    cache(place, keys / "allow-ann")
    assert autopass("cache", "pull").code == 52


def test_signers_that_others_may_change_say_nothing(place: Path, keys: Path, tmp_path: Path) -> None:
    pushed(place, keys, tmp_path / "ann")
    signers = tmp_path / "signers"
    signers.write_bytes((keys / "allow-ann").read_bytes())
    signers.chmod(0o666)
    cache(place, signers)
    said = autopass("cache", "pull")
    assert said.code == 52
    assert "can be written by others" in said.text
    signers.unlink()
    assert "cannot be read" in autopass("cache", "pull").text


def test_trust_needs_signers_or_a_place_of_our_own(place: Path, tmp_path: Path) -> None:
    with at_home(tmp_path / "other"):
        cache(place, None)
        prove(proven(1))
        assert autopass("cache", "push", "team").code == 0
    cache(place, None, trust=True)
    said = autopass("cache", "pull")
    assert said.code == 51
    assert f"{place} can be written by others (mode 777)" in said.text
    assert "signers" in said.text
    place.chmod(0o755)
    assert autopass("cache", "pull").code == 0
    assert published() == {f"{1:032x}": recipe(1)[0]}


def test_whoever_signs_vouches_for_all_and_so_must_know_the_others(place: Path, keys: Path, tmp_path: Path) -> None:
    with at_home(tmp_path / "eve"):
        cache(place, None)
        prove(proven(1))
        assert autopass("cache", "push", "team").code == 0
    prove(proven(2))
    cache(place, None)
    said = autopass("cache", "push", "team", "--sign", str(keys / "ann"))
    assert said.code == 52
    assert "Your signature would stand under what others put" in said.text
    cache(place, keys / "allow-ann")
    assert autopass("cache", "push", "team", "--sign", str(keys / "ann")).code == 52
    assert len(reading((place / "recipes.jsonl").read_bytes()).entries) == 1


def test_a_signed_place_is_not_pushed_to_without_a_signature(place: Path, keys: Path, tmp_path: Path) -> None:
    pushed(place, keys, tmp_path / "ann")
    before = (place / "recipes.jsonl").read_bytes()
    prove(proven(2))
    cache(place, keys / "allow-both")
    assert "takes signed recipes only" in autopass("cache", "push", "team").text
    cache(place, None)
    said = autopass("cache", "push", "team")
    assert said.code == 52
    assert "nobody would take it any more" in said.text
    assert (place / "recipes.jsonl").read_bytes() == before


def test_two_people_push_signed_to_one_place(place: Path, keys: Path, tmp_path: Path) -> None:
    pushed(place, keys, tmp_path / "ann", 1, "ann")
    pushed(place, keys, tmp_path / "bob", 2, "bob")
    cache(place, keys / "allow-both")
    said = autopass("cache", "pull")
    assert "2 entries, 2 new" in said.text
    assert "signed by bob@example.org" in said.text


def test_one_whose_signature_nobody_takes_is_told_before_it_is_put(place: Path, keys: Path, tmp_path: Path) -> None:
    cache(place, keys / "allow-ann")
    prove(proven(1))
    said = autopass("cache", "push", "team", "--sign", str(keys / "bob"))
    assert said.code == 52
    assert list(place.iterdir()) == []
    assert tmp_path


def test_an_exported_file_is_signed_and_imported(keys: Path, tmp_path: Path) -> None:
    file = tmp_path / "given.jsonl"
    with at_home(tmp_path / "other"):
        prove(proven(1))
        said = autopass("cache", "export", str(file), "--sign", str(keys / "ann"))
        assert (said.code, "1 entries, 1 recipes, signed" in said.text) == (0, True), said.text
    assert autopass("cache", "import", str(file), "--signers", str(keys / "allow-bob")).code == 52
    said = autopass("cache", "import", str(file), "--signers", str(keys / "allow-ann"), "--trust")
    assert said.code == 0, said.text
    assert "trusted: compiles use these recipes without a measurement here" in said.text
    assert published() == {f"{1:032x}": recipe(1)[0]}


def test_a_key_that_is_not_there_signs_nothing(tmp_path: Path) -> None:
    prove(proven(1))
    said = autopass("cache", "export", str(tmp_path / "f"), "--sign", str(tmp_path / "nokey"))
    assert said.code == 52
    assert "Nothing can be signed with" in said.text
    assert not (tmp_path / "f").exists()


def test_without_ssh_keygen_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = autopass("cache", "export", str(tmp_path / "f"), "--sign", str(tmp_path / "key"))
    assert said.code == 52
    assert "apt-get install openssh-client" in said.text
