"""From the words of a file to stages and event kinds; the words themselves are in ``vocabulary.toml``."""

import contextlib
import functools
import tomllib
import unicodedata
from importlib import resources
from typing import Any, Literal

STAGES = ("WAKE", "N1", "N2", "N3", "REM", "ART", "UNS")
Style = Literal["text", "signs", "stages"]
STYLE_TABLES: dict[Style, tuple[str, ...]] = {
    "text": ("stages",),
    "signs": ("stages", "stage_signs"),
    "stages": ("stages", "stage_signs", "stage_numbers"),
}


def plain(text: str) -> str:
    """Words without case, accents and punctuation, the form in which they are compared.

    UTF-8 that was read as Windows-1252 or Latin-1 is repaired.

    Examples
    --------
    >>> plain("A. Obstructive"), plain("Micro-éveil"), plain("Ã‰veil"), plain("Sleep stage ?")
    ('a obstructive', 'micro eveil', 'eveil', 'sleep stage ?')
    """
    for encoding in ("cp1252", "latin-1"):
        with contextlib.suppress(UnicodeError):
            text = text.encode(encoding).decode("utf-8")
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = (c if c.isalnum() or c == "?" else " " for c in letters if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def find_stage(words: str, *, style: Style = "text") -> str:
    """Stage that the words name, ``""`` when they name none.

    Parameters
    ----------
    words : str
        As in the file.
    style : {"text", "signs", "stages"}
        What a bare sign means: nothing in free text; in files with signs "W", "R" and "?" are stages; in
        lists of stages "2" and "movement" too.

    Examples
    --------
    >>> find_stage("Sleep stage 4"), find_stage("Éveil"), find_stage("2"), find_stage("2", style="stages")
    ('N3', 'WAKE', '', 'N2')
    """
    for part in (words, *words.split("|")):
        text = plain(part)
        bare = _without_prefix(text)
        tables = STYLE_TABLES[style if bare == text else "stages"]
        for table in tables:
            if stage := _inverted(table).get(text) or _inverted(table).get(bare):
                return stage
    return ""


def find_kind(words: str) -> str:
    """Kind of event that the words name, ``""`` when the vocabulary does not hold them.

    Examples
    --------
    >>> find_kind("Désat"), find_kind("Obstructive apnea|Obstructive Apnea"), find_kind("Mr Smith coughs")
    ('desaturation', 'apnea_obstructive', '')
    """
    for part in (words, *words.split("|")):
        if kind := _event_words().get(plain(part)):
            return kind
    return ""


def find_column(name: str) -> str:
    """Role of a table's column (``"onset"``, ``"stage"``, …), ``""`` for another column."""
    return _inverted("columns").get(plain(name), "")


def _without_prefix(text: str) -> str:
    for prefix in _vocabulary()["stage_prefixes"]["words"]:
        if text.startswith(f"{prefix} "):
            return text.removeprefix(f"{prefix} ")
    return text


@functools.cache
def _vocabulary() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("vocabulary.toml").read_text("utf-8"))


@functools.cache
def _inverted(section: str) -> dict[str, str]:
    return {word: key for key, words in _vocabulary()[section].items() for word in words}


@functools.cache
def _event_words() -> dict[str, str]:
    return _inverted("events") | {plain(kind): kind for kind in _vocabulary()["events"]}
