"""The language model's endpoint, as far as it is needed today: is one configured, and does it answer?"""

from __future__ import annotations

import ipaddress
import tomllib
from urllib.parse import urlsplit

from autopass_cc.paths import config_file
from autopass_cc.toolchain.checks import Finding

TIMEOUT = 5.0  # seconds; a diagnosis must not hang


def endpoint() -> Finding:
    """Say whether a model is configured (`[model]` with base_url, model and key in config.toml) and answers.

    Only a loopback or private address is asked without further consent, and only for its list of models.
    """
    try:
        settings = tomllib.loads(config_file().read_text()).get("model", {})
    except (FileNotFoundError, tomllib.TOMLDecodeError):
        settings = {}
    url = str(settings.get("base_url", ""))
    if not url:
        return Finding("model", good=True, text="none configured: the rules plan alone")
    if not _is_near(url):
        return Finding(
            "model", good=True, text=f"{url} is configured; it is not asked here, because it is not on this machine or network"
        )
    import openai

    # An explicit key: the library would otherwise send OPENAI_API_KEY to whatever host is configured.
    client = openai.OpenAI(base_url=url, api_key=str(settings.get("key") or "none"), timeout=TIMEOUT, max_retries=0)
    try:
        names = [model.id for model in client.models.list()]
    except openai.OpenAIError as error:
        return Finding(
            "model", good=None, text=f"{url} does not answer ({type(error).__name__})", fix="start it, or remove [model]"
        )
    return Finding("model", good=True, text=f"{url} answers with {', '.join(names[:3]) or 'no models'}")


def _is_near(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_private
    except ValueError:
        return False
