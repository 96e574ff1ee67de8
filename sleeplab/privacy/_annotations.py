"""Annotation bytes without free text: times stay, known words stay, the rest becomes X.

Format: Kemp & Olivan 2003 (doi:10.1016/s1388-2457(03)00123-8).
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from sleeplab.privacy._removed import Removed
from sleeplab.privacy._words import REMOVED, is_known_text
from sleeplab.recording.edf import LONGEST_S
from sleeplab.scoring import TAL

KEEPS_TIME = re.compile(rb"(?:[+-]\d{1,6}(?:\.\d{1,6})?\x14\x14\x00)?\x00*")
"""A record without a text: its time and nothing else, or nothing at all."""
_FINER = re.compile(rb"(\.\d{6})\d+")  # beyond 1 µs no time is meant; digits could be a number


def clean_annotations(column: NDArray[np.uint8], first_record: int, removed: Removed) -> None:
    """Clean the annotation bytes of several records in place, shape (n_records, n_bytes)."""
    width, rows = column.shape[1], column.tobytes()
    for i in range(len(column)):
        raw = rows[i * width : (i + 1) * width]
        if not KEEPS_TIME.fullmatch(raw):
            column[i] = np.frombuffer(clean_record(raw, first_record + i + 1, removed), np.uint8)


def clean_record(raw: bytes, record: int, removed: Removed) -> bytes:
    r"""Annotation bytes of one record, of the same length.

    Examples
    --------
    >>> clean_record(b"+1\x14\x14\0+2\x14Arousal\x14\0+3\x14Mr Smith\x14\0", 1, Removed(frozenset()))
    b'+1\x14\x14\x00+2\x14Arousal\x14\x00+3\x14X\x14\x00\x00\x00\x00\x00\x00\x00\x00'
    """
    lists = [_clean_list(found, record, removed) for found in TAL.finditer(raw)]
    if TAL.sub(b"", raw).strip(b"\0"):
        removed.note("annotation", f"record {record}", "emptied: not a time and a text")
    return b"".join(lists).ljust(len(raw), b"\0")


def _clean_list(found: re.Match[bytes], record: int, removed: Removed) -> bytes:
    onset, duration = found[1], found[2]
    if abs(float(onset)) > LONGEST_S or float((duration or b"").strip(b".") or 0) > LONGEST_S:
        removed.note("annotation", f"record {record}", "emptied: its time is longer than a week")
        return b""
    place = f"{float(onset):.1f} s"
    texts = [_clean_text(words, place, removed) for words in found[3].split(b"\x14")]
    length = b"\x15" + _FINER.sub(rb"\1", duration) if duration else b""
    return _FINER.sub(rb"\1", onset) + length + b"\x14" + b"\x14".join(texts) + b"\x14\0"


def _clean_text(raw: bytes, place: str, removed: Removed) -> bytes:
    """Return the text as it is where it may stay, X otherwise."""
    words = decoded(raw)
    if not raw or is_known_text(words) or words.strip() in removed.keep:
        return raw
    removed.note("annotation", place, f"replaced by {REMOVED}", words)
    return REMOVED.encode()


def decoded(raw: bytes) -> str:
    """UTF-8 where it is sound, else Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
