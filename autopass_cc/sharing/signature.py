"""Signatures by ssh-keygen: who made a file. They say nothing about whether its recipes are faster here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from autopass_cc.errors import SignatureError
from autopass_cc.trust import why_not_private

NAMESPACE = "autopass-recipes"
LIMIT = 60.0  # seconds; a key in an agent or on a token may ask the user


def sign(data: IO[bytes], key: Path) -> bytes:
    """Return the signature of a file (all of it, flushed) by a key: a private one, or a public one whose other half an agent has.

    Raises SignatureError.
    """
    try:
        done = _run(["-Y", "sign", "-n", NAMESPACE, "-f", os.fspath(key)], data)
    except subprocess.TimeoutExpired:
        raise SignatureError(f"Signing with {key} took longer than {LIMIT:g} s.", "try again, or with another key") from None
    if done.returncode != 0 or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise SignatureError(
            f"Nothing can be signed with {key} ({_last(done.stderr)}).", f"make a key: ssh-keygen -t ed25519 -f {key}"
        )
    return done.stdout


def verify(data: IO[bytes], signature: bytes, signers: Path, what: str) -> str:
    """Return who signed a file (all of it, flushed), one of those in the allowed-signers file `signers`.

    Raises SignatureError where the signature is by nobody of them, or of other bytes; `what` names the data.
    """
    _check_signers(signers)
    with tempfile.NamedTemporaryFile() as file:
        file.write(signature)
        file.flush()
        try:
            names = _run(["-Y", "find-principals", "-s", file.name, "-f", os.fspath(signers)], None)
            who = names.stdout.decode("utf-8", "replace").split("\n")[0].strip()
            if names.returncode != 0 or not who:
                raise SignatureError(
                    f"{what} is not signed by anyone in {signers}.",
                    "if the signer is right, add their line to that file: NAME ssh-ed25519 AAAA…",
                )
            words = ["-Y", "verify", "-n", NAMESPACE, "-f", os.fspath(signers), "-I", who, "-s", file.name]
            done = _run(words, data)
        except subprocess.TimeoutExpired:
            raise SignatureError(f"The signature of {what} could not be checked within {LIMIT:g} s.", "try again") from None
    if done.returncode != 0:
        raise SignatureError(
            f"The signature of {what} does not hold: the file was changed after it was signed, or signed for something else.",
            "pull again in a minute (somebody may be pushing); if that stays, tell whoever looks after that place",
        )
    return "".join(c if c.isprintable() else "?" for c in who)[:200]


def _check_signers(signers: Path) -> None:
    try:
        why = why_not_private(signers)
    except OSError as error:
        why = f"it cannot be read ({error.strerror})"
    if why:
        raise SignatureError(f"{signers} cannot say who may sign: {why}.", f"make it yours alone: chown and chmod 600 {signers}")


def _run(words: Sequence[str], stdin: IO[bytes] | None) -> subprocess.CompletedProcess[bytes]:
    # opened anew: it reads from the start, wherever we are in it, and leaves us there
    program = shutil.which("ssh-keygen")
    if program is None:
        raise SignatureError("ssh-keygen is not installed.", "apt-get install openssh-client")
    path = Path("/dev/null") if stdin is None else Path(f"/proc/self/fd/{stdin.fileno()}")
    with path.open("rb") as source:
        return subprocess.run([program, *words], stdin=source, capture_output=True, timeout=LIMIT, check=False)


def _last(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines() or ["no message"]
    return "".join(c if c.isprintable() else "?" for c in lines[-1])[:200]
