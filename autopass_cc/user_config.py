"""config.toml, the user's settings: read in one way, whoever needs a part of it."""

from __future__ import annotations

import tomllib
from typing import Any

from autopass_cc.errors import ConfigError
from autopass_cc.paths import config_file
from autopass_cc.trust import read_ours


def read() -> dict[str, Any]:
    """Return what config.toml says, nothing where it is not there. Raises ConfigError, UntrustedError."""
    path = config_file()
    try:
        return tomllib.loads(read_ours(path).decode())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(path, f"it cannot be read ({error.strerror or error})", f"mend or remove {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, f"it cannot be read: not valid TOML: {error}", f"mend or remove {path}") from None
