"""Which machine this is: a digest that names it in evidence and says nothing else about it, and its kind in words."""

from __future__ import annotations

import os
import platform
import re
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


def description() -> str:
    """Return the kind of this machine in words, as `AMD EPYC 7B13, 2 CPUs, Linux 6.1.0`; what is not told is left out."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    count = len(os.sched_getaffinity(0))
    words = [" ".join(model[1].split())] if model else [platform.machine()]
    words += [f"{count} CPU{'s' if count > 1 else ''}", f"{platform.system()} {platform.release()}"]
    return ", ".join(words)
