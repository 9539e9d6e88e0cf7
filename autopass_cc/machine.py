"""Which machine this is, told without telling: a digest that names it in evidence and says nothing else about it."""

from __future__ import annotations

from pathlib import Path

from autopass_cc.digest import digest_of

IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def machine_id() -> str:
    """Return a digest of the machine's id, which must not be told itself (machine-id(5)); "" where it has none."""
    for path in IDS:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text:
            return digest_of(f"autopass {text}".encode())[:16]
    return ""
