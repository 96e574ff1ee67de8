"""Where recordings are: folders, patterns, lists, BIDS data sets and URLs become one numbered list.

A place may hold a patient's name or an access token. So it is never part of a representation, and what is
shown of it goes through `shown`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = frozenset({".edf", ".bdf", ".fif", ".vhdr"})
LISTS = frozenset({".txt", ".csv", ".tsv"})
_SEX = {"f": "female", "female": "female", "m": "male", "male": "male"}
_QUERY = re.compile(r"(\w+://)(?:[^\s/@]*@)?([^\s?#]*)[?#]\S*|(\w+://)[^\s/@]*@")
_SECRET = re.compile(r"(?i)\b(sig|account_?key|shared_?access_?signature|token|password|secret)=[^&;\s]+")


@dataclass(frozen=True)
class Item:
    """One recording of a cohort.

    Attributes
    ----------
    position : int
        Its number in the list of all sources, from 1.
    place : str
        Path or URL; not shown by ``repr``.
    age, sex, site, device : float, str
        What a list or a BIDS data set says; NaN and ``""`` where it says nothing.
    """

    position: int
    place: str = field(repr=False)
    age: float | None = None
    sex: str | None = None
    site: str = ""
    device: str = ""


def shown(text: str) -> str:
    """Return a text without what grants access: user names, passwords and queries of URLs, keys.

    Examples
    --------
    >>> shown("https://account.example/box/night.edf?sv=2024&sig=abc")
    'https://account.example/box/night.edf'
    >>> shown("AccountName=a;AccountKey=abc==;x")
    'AccountName=a;AccountKey=…;x'
    """
    bare = _QUERY.sub(lambda m: f"{m[1]}{m[2]}" if m[1] else m[3], text)
    return _SECRET.sub(lambda m: f"{m[1]}=…", bare)


def is_remote(place: str) -> bool:
    """Say whether a place is a URL."""
    return "://" in place


def list_recordings(sources: Iterable[str | Path]) -> list[Item]:
    """Find the recordings in all sources, in their order and sorted within each.

    Parameters
    ----------
    sources
        Each a recording; a folder (searched at any depth); a pattern such as ``nights/2026-*/*.edf``; a list
        (``.txt`` with one place per line, ``.csv`` or ``.tsv`` with a column ``recording`` and, where known,
        ``age``, ``sex``, ``site``, ``device``); a BIDS data set; a name such as ``simulated:anna``; or any
        of these as a URL that fsspec opens.

    Returns
    -------
    list of Item
        Numbered from 1. EDF, BDF, FIF and BrainVision headers, judged by their suffix.

    Raises
    ------
    FileNotFoundError
        If a source is not there or holds no recording.
    ValueError
        If a list has no column ``recording``.
    ConnectionError
        If a URL cannot be listed.

    Examples
    --------
    >>> list_recordings(["nights/a.edf", "https://host/b.edf?token=x"])
    [Item(position=1, age=None, sex=None, site='', device=''), Item(position=2, ...)]
    """
    found = [item for source in sources for item in _expand(str(source))]
    return [replace(item, position=i) for i, item in enumerate(found, 1)]


def _expand(source: str) -> Iterator[Item]:
    if PurePosixPath(shown(source)).suffix.lower() in LISTS and not is_remote(source):
        yield from _listed(Path(source))
    elif PurePosixPath(shown(source)).suffix.lower() in SUFFIXES and not _is_pattern(source):
        yield Item(0, source)
    else:
        yield from _searched(source)


def _is_pattern(source: str) -> bool:
    return any(sign in shown(source) for sign in "*[") and not Path(source).exists()


def _listed(path: Path) -> Iterator[Item]:
    """Read a list; a relative place counts from the list's folder."""
    import pandas as pd

    from sleeplab.scoring._read import decode

    if not path.is_file():
        msg = f"There is no list of recordings at {path}. Check the spelling and the folder."
        raise FileNotFoundError(msg)
    text = decode(path.read_bytes())
    if path.suffix.lower() == ".txt":
        lines = [line.strip() for line in text.splitlines()]
        table = pd.DataFrame({"recording": [line for line in lines if line]})
    else:
        heading = text.partition("\n")[0]
        table = pd.read_csv(io.StringIO(text), sep=max(",;\t", key=heading.count), dtype=str)
    if "recording" not in table.columns:
        msg = (
            "A list of recordings must have a column named 'recording', and this one has "
            f"{len(table.columns)} others. Name the column of the paths so."
        )
        raise ValueError(msg)
    for row in table.fillna("").to_dict("records"):
        place = row["recording"]
        named = is_remote(place) or ":" in place or Path(place).is_absolute()
        yield _person(Item(0, place if named else str(path.parent / place)), row)


def _person(item: Item, row: dict[str, Any]) -> Item:
    """Add what a row of a list or of ``participants.tsv`` says."""
    age = str(row.get("age", "")).strip()
    known = re.fullmatch(r"\d+(\.\d+)?", age)
    return replace(
        item,
        age=float(age) if known else None,
        sex=_SEX.get(str(row.get("sex", "")).strip().lower()),
        site=str(row.get("site", "")),
        device=str(row.get("device", "")),
    )


def _is_recording(path: PurePosixPath) -> bool:
    """Judge a file by its name; macOS writes a ``._night.edf`` beside night.edf on disks of others."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith("._")


def _searched(source: str) -> Iterator[Item]:
    """Search a folder or a pattern, here or behind a URL."""
    from fsspec.core import url_to_fs

    place = source if is_remote(source) else str(_located(source))
    try:
        fs, root = url_to_fs(place)
        names = fs.glob(root) if _is_pattern(source) else fs.find(root)
        people = _participants(fs, root)
    except Exception as error:
        if not is_remote(source):
            raise
        raise unreachable(source, error) from None  # the cause may quote a token
    recordings = sorted(name for name in names if _is_recording(PurePosixPath(name)))
    if people is not None:
        recordings = [name for name in recordings if PurePosixPath(name).stem.endswith("_eeg")]
    if not recordings:
        msg = (
            f"There must be a recording ({', '.join(sorted(SUFFIXES))}) at {shown(source)}, and there is "
            "none. Check the spelling."
        )
        raise FileNotFoundError(msg)
    for name in recordings:
        item = Item(0, fs.unstrip_protocol(name) if is_remote(source) else name)
        yield item if people is None else _person(item, _participant(name, people))


def unreachable(place: str, error: Exception) -> ConnectionError:
    """Say that a URL does not answer, with the kind of the error and none of its words."""
    scheme = place.partition("://")[0]
    return ConnectionError(
        f"{shown(place)} must be reachable, and it is not ({type(error).__name__}). Check the address, the "
        f"network, and that the environment holds the credentials for {scheme}:// (see docs/cohort.md)."
    )


def _located(source: str) -> Path:
    from sleeplab.datasets import locate

    return locate(source)


def _participants(fs: Any, root: str) -> pd.DataFrame | None:
    """Return the persons of a BIDS data set, None where `root` is none."""
    import pandas as pd

    base = root.rstrip("/")
    if not fs.exists(f"{base}/dataset_description.json"):
        return None
    if not fs.exists(f"{base}/participants.tsv"):
        return pd.DataFrame()
    with fs.open(f"{base}/participants.tsv") as file:
        return pd.read_csv(file, sep="\t", dtype=str).fillna("").set_index("participant_id")


def _participant(name: str, people: pd.DataFrame) -> dict[str, Any]:
    parts: Sequence[str] = PurePosixPath(name).parts
    subject = next((part for part in reversed(parts[:-1]) if part.startswith("sub-")), "")
    return dict(people.loc[subject]) if subject in people.index else {}
