"""Finding the clang to use: setting, AUTOPASS_CLANG, config.toml, PATH, never ourselves. The launcher searches alike."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from autopass_cc import user_config
from autopass_cc.errors import ConfigError, NoClangError
from autopass_cc.paths import CONFIG_TABLES, config_file
from autopass_cc.recipe.allowlist import MAJORS

VERSIONED = re.compile(r"clang-(\d+)")


def find_clang(setting: str | None = None) -> Path:
    """Return the path of the clang to use: `setting`, else AUTOPASS_CLANG, else config.toml's `clang`, else from PATH.

    On PATH the newest supported clang-NN wins, then a plain `clang`, then any clang-NN. Raises NoClangError, ConfigError.
    """
    chosen = setting or os.environ.get("AUTOPASS_CLANG") or _configured()
    if chosen:
        found = shutil.which(_compiler_word(chosen))
        if found is None:
            raise NoClangError(f"{chosen} is not an executable file")
        if is_ourselves(Path(found)):
            raise NoClangError(f"{chosen} is autopass itself")
        return Path(found).absolute()  # it is registered, and called from other directories
    candidates = [path for path in _on_path() if not is_ourselves(path)]
    if not candidates:
        raise NoClangError("no clang or clang-NN is on PATH")
    return max(candidates, key=_rank).absolute()


def _compiler_word(command: str) -> str:
    """Return the compiler of a command such as `ccache clang-22`; a path with blanks in it is one word."""
    words = command.split()
    return words[-1] if len(words) > 1 and shutil.which(command) is None else command


def _configured() -> str | None:
    data = user_config.read()
    unknown = [key for key in data if key not in ("clang", *CONFIG_TABLES)]
    if unknown or not isinstance(data.get("clang", ""), str):
        raise ConfigError(
            config_file(),
            f"unknown key `{unknown[0]}`" if unknown else "`clang` must be a path",
            f"it knows `clang`, {', '.join(f'[{name}]' for name in CONFIG_TABLES)}",
        )
    return data.get("clang")


def _on_path() -> Iterator[Path]:
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        try:
            names = sorted(os.listdir(folder or "."))  # noqa: PTH208 - names are all that is needed
        except OSError:
            continue
        for name in names:
            if (name == "clang" or VERSIONED.fullmatch(name)) and os.access(Path(folder) / name, os.X_OK):
                yield Path(folder) / name


def _rank(path: Path) -> tuple[int, int]:
    match = VERSIONED.fullmatch(path.name)
    major = int(match[1]) if match else 0
    return (2, major) if major in MAJORS else (1, 0) if not match else (0, major)


def is_ourselves(path: Path) -> bool:
    """Return whether a compiler is the autopass launcher under whatever name."""
    if path.resolve().name.startswith("autopass-c"):
        return True
    launcher = shutil.which("autopass-cc")
    try:
        return launcher is not None and path.samefile(launcher)
    except OSError:
        return False
