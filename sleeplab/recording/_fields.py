"""Fixed-width text fields of an EDF header, read without believing them."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta
from fractions import Fraction

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,2})?")
_TRIPLE = re.compile(r"\s*(\d{1,2})[.:\-/ ]\s*(\d{1,2})[.:\-/ ]\s*(\d{1,2})\s*")
_START_DATE = re.compile(r"Startdate (\d{1,2}-[A-Za-z]{3}-\d{4})\b")
_PLUS_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
NO_DATE = date(1985, 1, 1)
"""What EDF writes for a date that is not known."""
EDF_YEARS = range(1985, 2085)
"""Years that EDF's two digits can say; de-identified recordings may lie outside."""
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def text(field: bytes) -> str:
    """Decode a field: UTF-8 where it is sound (also when cut inside a letter), Latin-1 otherwise.

    EDF asks for ASCII; exports in French hold either of the two.

    Examples
    --------
    >>> text("Impédance ".encode("utf-8")), text("Impédance ".encode("latin-1"))
    ('Impédance', 'Impédance')
    """
    try:
        decoded = field.decode("utf-8")
    except UnicodeDecodeError as err:
        cut = err.reason == "unexpected end of data"
        decoded = field[: err.start].decode("utf-8") if cut else field.decode("latin-1")
    return "".join(c if c.isprintable() else " " for c in decoded).strip()


def number(field: bytes) -> float | None:
    """Value of a numeric field, a decimal comma accepted; None when it is not a finite number.

    Examples
    --------
    >>> number(b"-3276,8 "), number(b"1e99999 "), number(b"nan     ")
    (-3276.8, None, None)
    """
    plain = text(field)
    if not _NUMBER.fullmatch(plain):
        return None
    value = float(plain.replace(",", "."))
    return value if math.isfinite(value) else None


def exact(field: bytes) -> Fraction | None:
    """Value of a numeric field as the exact decimal that stands there; None as in :func:`number`."""
    return None if number(field) is None else Fraction(text(field).replace(",", "."))


def count(field: bytes) -> int | None:
    """Value of a field that must hold a whole number, None when it does not."""
    value = number(field)
    return int(value) if value is not None and value == int(value) else None


def shown(field: bytes) -> str:
    """Return a numeric field as it stands, for a message; other text may be a displaced name.

    Examples
    --------
    >>> shown(b"-1      "), shown(b"Jeanne D")
    ("'-1'", 'no number')
    """
    return repr(text(field)) if number(field) is not None else "no number"


def start_time(fixed: bytes, recording: bytes, offset_s: float) -> tuple[datetime | None, tuple[str, ...]]:
    """Clock time of the first sample, and what was wrong with it.

    Parameters
    ----------
    fixed : bytes
        The 16 bytes ``dd.mm.yyhh.mm.ss`` of the header; years 85–99 are 1985–1999.
    recording : bytes
        The EDF+ field that begins with ``Startdate dd-MMM-yyyy``; its date is preferred when it is sound.
    offset_s : float
        Where the first data record says it starts, in s after the header's time.

    Returns
    -------
    start, problems : datetime or None, tuple of str
        None when the header holds no sound time; dated 1985-01-01 when it holds no sound date.
    """
    at, short = _time(fixed[8:]), _date(fixed[:8])
    started = _START_DATE.match(text(recording))
    long = plus_date(started[1]) if started else None
    if at is None:
        return None, ("The start time in the header is no time; the recording has no clock.",)
    problems: tuple[str, ...] = ()
    if not (long or short):
        problems = ("The start date in the header is no date; only the time of day is known.",)
    elif long and short and long != short:
        problems = ("The header gives two start dates that differ; the one of its EDF+ field is used.",)
    return datetime.combine(long or short or NO_DATE, at) + timedelta(seconds=offset_s), problems


def _time(field: bytes) -> time | None:
    found = _TRIPLE.fullmatch(field.decode("latin-1"))
    try:
        return time(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _date(field: bytes) -> date | None:
    found = _TRIPLE.fullmatch(field.decode("latin-1"))
    try:
        century = 1900 if found and int(found[3]) >= 85 else 2000
        return date(century + int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        return None


def plus_date(words: str) -> date | None:
    """Read a date as EDF+ writes it.

    Examples
    --------
    >>> plus_date("02-MAR-1951"), plus_date("31-FEB-1951")
    (datetime.date(1951, 3, 2), None)
    """
    found = _PLUS_DATE.fullmatch(words)
    if not found or found[2].upper() not in MONTHS:
        return None
    try:
        return date(int(found[3]), MONTHS.index(found[2].upper()) + 1, int(found[1]))
    except ValueError:
        return None
