"""Is a model configured, and does it answer? One line of `autopass doctor`."""

from __future__ import annotations

from autopass_cc.errors import ConfigError
from autopass_cc.model.settings import Settings, load
from autopass_cc.model.wire import client
from autopass_cc.toolchain.checks import Finding

TIMEOUT = 5.0  # seconds; a diagnosis must not hang


def endpoint() -> Finding:
    """Say whether a model is configured and answers. Only one of this machine or network is asked, for its list of models."""
    try:
        settings = load()
    except ConfigError as error:
        return Finding("model", good=False, text=error.sentence, fix=error.next_step)
    if settings is None:
        return Finding("model", good=True, text="none configured: the rules plan alone")
    if not settings.is_near:
        text = f"{settings.host} is configured; it is not asked here, because it is not on this machine or network"
        return Finding("model", good=True, text=text)
    return _asked(settings)


def _asked(settings: Settings) -> Finding:
    import openai

    try:
        with client(settings, TIMEOUT) as one:
            names = [model.id for model in one.models.list()]
    except openai.OpenAIError as error:
        text = f"{settings.host} does not answer ({type(error).__name__})"
        return Finding("model", good=None, text=text, fix="start it, or remove [model]")
    return Finding("model", good=True, text=f"{settings.host} answers with {', '.join(names[:3]) or 'no models'}")
