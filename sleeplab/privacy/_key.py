"""The hospital's key, and what it makes of a person: a pseudonym and a shift of dates."""

from __future__ import annotations

import hmac
import os
import secrets
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

CHECKS_RIGHTS = os.name == "posix"
"""Whether this system has the rights of files that are checked; Windows has lists of access instead."""

_KEY_BYTES = 32
_LEAST_WEEKS, _N_WEEKS = 52, 988
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrstv")  # no vowel: no name, no word
_N_LETTERS = 16  # 64 bits: among a million persons, two share a pseudonym with a chance of 3e-8


class Person(NamedTuple):
    """What stands for a person: 16 letters, and by how many whole weeks the dates move."""

    pseudonym: str
    weeks: int

    def shifted(self, day: date) -> date | None:
        """Day after the shift, the same weekday; None beyond 2084, the last year that EDF can hold."""
        moved = day + timedelta(weeks=self.weeks)
        return moved if moved.year <= 2084 else None


def new_key(path: str | Path) -> None:
    r"""Write a new random key to a file that only its owner can read.

    Keep it where the recordings come from, never beside what is given away: whoever has it can test whether
    a pseudonym belongs to a known person. Without it, a later night can no longer get the same pseudonym.
    On Windows the file gets the rights of its folder, which Python can neither set nor check: make it in a
    folder that only you can open.

    Parameters
    ----------
    path : str or pathlib.Path
        The file to write; it must not exist yet.

    Raises
    ------
    ValueError
        If there is a file already: a key is never overwritten.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     new_key(Path(folder, "key"))
    ...     len(Path(folder, "key").read_text().strip())
    64
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        msg = "the file for a new key must not exist yet, but it does. Name another one."
        raise ValueError(msg) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_KEY_BYTES) + "\n")


def read_key(path: str | Path) -> bytes:
    """Read a key file.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If others may read it (not checked on Windows), or if it is too short to be a secret.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"There is no key at {path}. Make one: sleeplab deidentify … --new-key"
        raise FileNotFoundError(msg)
    rights = path.stat().st_mode & 0o777
    if CHECKS_RIGHTS and rights & 0o077:
        msg = f"only its owner may read a key file (rights 600); its rights are {rights:03o}. Run chmod 600."
        raise ValueError(msg)
    key = path.read_bytes().strip()
    if len(key) < _KEY_BYTES:
        msg = f"a key must have at least {_KEY_BYTES} bytes, but this file holds {len(key)}. Make a new one."
        raise ValueError(msg)
    return key


def check_apart(key: Path, out: Path) -> None:
    """Refuse a key in the folder whose content is given away."""
    if out.resolve() in key.resolve().parents:
        msg = "the key must not lie in the output folder, which is given away. Keep it elsewhere."
        raise ValueError(msg)


def person_of(identity: str, key: bytes) -> Person:
    """Pseudonym and shift of an identity: HMAC-SHA256 (RFC 2104), one for each.

    Examples
    --------
    >>> one, same, other = (person_of(words, bytes(32)) for words in ("12345", " 12345 ", "12346"))
    >>> one == same, one == other
    (True, False)
    """
    plain = " ".join(identity.split()).casefold()
    weeks = int.from_bytes(_mac(key, "shift", plain)[:8], "big") % _N_WEEKS
    return Person(letters(_mac(key, "person", plain)), _LEAST_WEEKS + weeks)


def night_of(content: str, key: bytes) -> str:
    """Name of a night that has no date, from its content."""
    return letters(_mac(key, "night", content))[:8]


def letters(digest: bytes) -> str:
    """Write a digest in letters only: no run of digits that could be taken for a number of a person."""
    return digest.hex().translate(_LETTERS)[:_N_LETTERS]


def _mac(key: bytes, purpose: str, content: str) -> bytes:
    return hmac.digest(key, f"{purpose}\0{content}".encode(), "sha256")
