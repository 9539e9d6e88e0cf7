"""Run the service in the foreground: what `autopass daemon start` puts into the background, and what systemd runs."""

from __future__ import annotations

import sys

from autopass_cc.daemon.main import serve
from autopass_cc.errors import AutopassError

if __name__ == "__main__":
    try:
        sys.exit(serve(to_stderr=sys.stderr.isatty()))
    except AutopassError as error:
        sys.stderr.write(f"autopass: {error}\n")
        sys.exit(error.exit_code)
