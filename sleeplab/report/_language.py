"""The words of the page in another language.

``fr.toml`` holds the page's own texts, and pairs of an English clause and its French twin, with values.
A sentence is translated clause by clause (between ``. ; : , ( )``). A value is a number with its unit, a word
with a digit or in capitals, or the name of a channel: where a clause comes with other values, its French is
the twin with these.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LANGUAGES = ("en", "fr")
_NUMBER = r"(?<![\w.])[+±−-]?\d+(?:[.,:]\d+)*(?:e[+-]?\d+)?"
_UNIT = r"(?: h \d\d min| (?:s|min|h|ms|µV²|µV|Hz|%)(?!\w)|/min|/h)"
_CHANNEL = "Chin|Flow|Thorax|Abdomen|Pulse|Snore|Position|Leg[LR]?"
_NAME = rf"\b(?:[A-Za-z]+\d[\w-]*|[A-Z]{{3,}}|{_CHANNEL})\b|doi:\S*\w"
_VALUES = re.compile(rf"{_NUMBER}{_UNIT}?|{_NAME}")
_BETWEEN = re.compile(r"(\.(?:\s|$)|[;:,]\s|\s?\(|\) ?| · )")


class Language(NamedTuple):
    """What a page needs to speak one language.

    Attributes
    ----------
    name
        "en" or "fr", for browsers and screen readers.
    texts
        Translation of the template's own texts.
    say
        Says what the tables hold.
    """

    name: str
    texts: dict[str, str]
    say: Callable[[str], str]


def check_language(name: str) -> None:
    """Check that a report can be written in a language, before the night is worked on.

    Parameters
    ----------
    name
        One of "en", "fr".

    Raises
    ------
    ValueError
        For another one.

    Examples
    --------
    >>> check_language("fr")
    """
    if name not in LANGUAGES:
        msg = f"the language of a report must be one of {', '.join(LANGUAGES)}, got {name!r}."
        raise ValueError(msg)


def speak(name: str) -> Language:
    """Return a language.

    Examples
    --------
    >>> speak("fr").say("Heart rate 38/min for 2.5 min of sleep (limit 40/min).")
    'Fréquence cardiaque de 38/min pendant 2.5 min de sommeil (limite 40/min).'
    """
    check_language(name)
    if name == "en":
        return Language(name, {}, str)
    texts, clauses = _read(name)
    return Language(name, texts, lambda text: _say(text, clauses))


def untranslated(text: str) -> list[str]:
    """List the clauses of a text that have no French twin; they stay English on the page."""
    _, clauses = _read("fr")
    parts = (_VALUES.sub("{}", part) for part in _BETWEEN.split(text)[::2])
    words = (part for part in parts if part.strip(" {}–-") and "et al" not in part)
    return [part for part in words if part.lower() not in clauses]


def _say(text: str, clauses: dict[str, tuple[list[str], str]]) -> str:
    parts = _BETWEEN.split(text)
    parts[::2] = [_say_clause(part, clauses) for part in parts[::2]]
    parts[1::2] = [
        f" {mark}" if mark in ("; ", ": ") else mark for mark in parts[1::2]
    ]  # French sets them off
    return "".join(parts)


def _say_clause(clause: str, clauses: dict[str, tuple[list[str], str]]) -> str:
    twin = clauses.get(_VALUES.sub("{}", clause).lower())
    if twin is None:
        return clause
    examples, said = twin
    now = dict(zip(examples, _VALUES.findall(clause), strict=True))
    said = _VALUES.sub(lambda match: now[match[0]], said)
    return said[:1].upper() + said[1:] if clause[:1].isupper() else said


@cache
def _read(name: str) -> tuple[dict[str, str], dict[str, tuple[list[str], str]]]:
    """Texts of the page, and for each clause without its values: the example's values and the twin."""
    import tomllib
    from importlib.resources import files

    table = tomllib.loads(files("sleeplab.report").joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    clauses = {
        _VALUES.sub("{}", english).lower(): (_VALUES.findall(english), french)
        for english, french in table["clauses"].items()
    }
    return table["page"], clauses
