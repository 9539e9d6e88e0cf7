"""The service's log: one line an event, in UTC; rotates at a megabyte, so that it never fills a disk."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Callable

from autopass_cc.daemon.places import log_file
from autopass_cc.paths import private_dir

SIZE, KEPT = 1 << 20, 2  # bytes of a file; files beside the current one


def open_log(*, to_stderr: bool = False) -> Callable[[str], None]:
    """Return what takes a line: into the log, or (`to_stderr`) to stderr as well."""
    logging.raiseExceptions = False  # a full disk costs the line, not the service
    logger = logging.getLogger("autopass.service")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    form = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    form.converter = time.gmtime
    path = log_file()
    handlers: list[logging.Handler] = []
    try:
        private_dir(path.parent)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        handlers.append(logging.handlers.RotatingFileHandler(path, maxBytes=SIZE, backupCount=KEPT))
    except OSError:
        to_stderr = True
    if to_stderr:
        handlers.append(logging.StreamHandler(sys.stderr))
    logger.handlers.clear()
    for handler in handlers:
        handler.setFormatter(form)
        logger.addHandler(handler)
    return logger.info
