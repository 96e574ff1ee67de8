"""The words that every check can say, from ``messages.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from sleeplab.exercises._exercise import Text


@cache
def _catalogue() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((files("sleeplab.exercises") / "messages.toml").read_text(encoding="utf-8"))


def message(section: str, key: str, **facts: Any) -> Text:
    """Return a message of the catalogue, filled in.

    Examples
    --------
    >>> message("wrong", "length", n=3).en
    'it has 3 items, and that is not the right number of them.'
    """
    found = _catalogue()[section][key]
    return Text(*(found[language].format(**facts) for language in ("en", "fr")))


def has_message(section: str, key: str) -> bool:
    """Tell whether the catalogue has this message."""
    return key in _catalogue()[section]
