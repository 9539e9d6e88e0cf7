"""The environment of what autopass starts by itself: plain compilers and the user's programs."""

from __future__ import annotations

import os


def without_ours() -> dict[str, str]:
    """Return the environment without autopass's own variables, which would change or record what is started."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AUTOPASS")}
