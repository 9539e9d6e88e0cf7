"""The systemd user unit: printed before it is written, removed without a trace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from autopass_cc.daemon import places
from autopass_cc.daemon.control import ServiceError
from autopass_cc.paths import cache_dir, data_dir, private_dir

NAME = "autopass.service"
KEPT = ("AUTOPASS_HOME", "PATH", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
LIMIT = 30.0  # seconds for systemctl

UNIT = """\
[Unit]
Description=autopass: tunes in idle time what was built with autopass-cc

[Service]
Type=simple
ExecStart="{python}" -m autopass_cc.daemon
{environment}Slice=background.slice
KillMode=mixed
Restart=on-failure
RestartSec=30
RestartPreventExitStatus=20 33
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={paths}

[Install]
WantedBy=default.target
"""


def text() -> str:
    """Return the unit. Projects lie anywhere under the home folder, and their workloads may write beside themselves."""
    home = os.environ.get("AUTOPASS_HOME")
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment = "".join(f'Environment="{name}={_escaped(value)}"\n' for name, value in kept.items())
    places_written = [Path.home(), *([Path(home).absolute()] if home else []), Path("/tmp")]  # noqa: S108 - as programs expect
    paths = " ".join(f'"{_escaped(str(place))}"' for place in dict.fromkeys(places_written))
    return UNIT.format(python=_escaped(sys.executable), environment=environment, paths=paths)


def _escaped(text: str) -> str:
    """Return a text as it stands between quotes in a unit (systemd.syntax(7))."""
    return text.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')


def path() -> Path:
    """Return where the unit belongs."""
    config = os.environ.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / "systemd" / "user" / NAME


def install() -> None:
    """Write the unit, and let systemd start it now and at each login. Raises ServiceError."""
    for folder in (data_dir(), cache_dir(), places.log_file().parent):
        private_dir(folder)  # ReadWritePaths must be there
    path().parent.mkdir(parents=True, exist_ok=True)
    path().write_text(text())
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", NAME)


def uninstall() -> bool:
    """Stop the unit and remove it; return whether there was one. Raises ServiceError."""
    if not path().exists():
        return False
    _systemctl("disable", "--now", NAME)
    path().unlink(missing_ok=True)
    _systemctl("daemon-reload")
    return True


def _systemctl(*words: str) -> None:
    program = shutil.which("systemctl")
    if program is None:
        raise ServiceError("This machine has no systemd.", "autopass daemon start, for example from your login script")
    try:
        done = subprocess.run(
            [program, "--user", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise ServiceError(f"systemctl --user {' '.join(words)} does not end.", "look at systemctl --user status") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ServiceError(
            f"systemctl --user {' '.join(words)} failed{': ' + said[-1] if said else ''}.",
            "log in with a session of your own (systemd's user manager must run), or use `autopass daemon start`",
        )
