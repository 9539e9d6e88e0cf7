"""What `autopass doctor` says about the service."""

from __future__ import annotations

from autopass_cc.daemon import control, machine, settings
from autopass_cc.errors import AutopassError
from autopass_cc.toolchain.checks import Finding


def service() -> Finding:
    """Return whether the service runs, and what it goes by; it is never needed."""
    try:
        settings.load()
        found = control.running()
    except AutopassError as error:
        return Finding("service", good=False, text=error.sentence, fix=error.next_step)
    measure = "CPU pressure" if machine.pressure() is not None else "the load (this kernel tells no pressure)"
    if found is None:
        text = f"not running, and never needed (`autopass daemon start` tunes in idle time; it would judge by {measure})"
        return Finding("service", good=True, text=text)
    state = found.status.get("state", "starting")
    return Finding("service", good=True, text=f"{state} (process {found.pid}), judges by {measure}")
