"""From a template and values to a page, and from a page to a file."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autopass_cc.errors import PageError
from autopass_cc.paths import write_private

# Names of modules and programs come from elsewhere: what steers a terminal, or turns text around, is no part of a name.
_STRANGE = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160), *range(8234, 8239), *range(8294, 8298)), "�")


def _clean(value: Any) -> Any:
    return value.translate(_STRANGE) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.cache
def _environment() -> Environment:
    loader = PackageLoader("autopass_cc.report.html")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_clean
    )


def render(template: str, **values: Any) -> str:
    """Return a page; every value is escaped."""
    return _environment().get_template(template).render(values)


def write(path: Path, text: str) -> None:
    """Replace a file by a page, readable by its owner alone. Raises PageError."""
    try:
        write_private(path, text.encode("utf-8", "replace"), durable=False)
    except OSError as error:
        raise PageError(path, error.strerror or str(error)) from None
