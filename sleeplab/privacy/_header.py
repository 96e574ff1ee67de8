"""The header of a recording without the person, the people and the machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from sleeplab.channels import is_known_label
from sleeplab.privacy._key import Person
from sleeplab.privacy._layout import PLUS_NAMES, Layout, header_bytes
from sleeplab.privacy._removed import Removed
from sleeplab.privacy._words import (
    is_known_prefilter,
    is_known_transducer,
    is_notes,
    neutral_label,
)
from sleeplab.recording import is_known_unit
from sleeplab.recording.edf import MONTHS, NO_DATE, number, plus_date, start_time, text

_OLDEST = 89
_EMPTY = frozenset({"", "x", "m", "f"})
_NUMBERS = ("physical_min", "physical_max", "digital_min", "digital_max", "n_per_record")


class Patient(NamedTuple):
    """The subfields of an EDF+ patient field; ``""`` for what is not known or not in this form."""

    code: str
    sex: str
    born: date | None
    name: str


def read_patient(field: bytes) -> Patient:
    """Read a patient field that has the form of EDF+: code, sex, birth date, name.

    Examples
    --------
    >>> read_patient(b"12345 F 02-MAR-1951 Jane_Smith")
    Patient(code='12345', sex='F', born=datetime.date(1951, 3, 2), name='Jane_Smith')
    >>> read_patient(b"Jane Smith, born 1951")
    Patient(code='', sex='', born=None, name='')
    """
    parts = text(field).split()
    if len(parts) < 4 or parts[1] not in {"M", "F", "X"}:
        return Patient("", "", None, "")
    code, sex, born, name = parts[:4]
    known = [part if part.casefold() not in _EMPTY else "" for part in (code, name)]
    return Patient(known[0], sex.replace("X", ""), plus_date(born), known[1])


def identity_of(patient: Patient) -> tuple[str, str]:
    """Return what tells this person from all others, and where it stands; empty where nothing does.

    A name alone does not: two persons bear it.
    """
    if patient.code:
        return patient.code, "patient code"
    if patient.born and patient.name:
        return f"{patient.name} {patient.born}", "name and birth date"
    return "", ""


def start_of(layout: Layout) -> tuple[date | None, datetime]:
    """Day (None where not known) and clock of the header, each read for itself."""
    fixed = layout.fixed
    day, _ = start_time(fixed["date"] + b"00.00.00", fixed["recording"], 0.0)
    clock, _ = start_time(b"01.01.85" + fixed["time"], b"", 0.0)
    known = None if day is None or day.date() == NO_DATE else day.date()
    return known, clock or datetime.combine(NO_DATE, datetime.min.time())


def clean_header(layout: Layout, kept: list[int], person: Person, removed: Removed) -> bytes:
    """Return the header of the kept tracks; pseudonym and shifted date instead of person and day."""
    day, clock = start_of(layout)
    shifted = person.shifted(day) if day else None
    if day and shifted is None:
        removed.note("date", "header", "emptied: shifted, it would lie beyond 2084")
    short = shifted or NO_DATE
    long = f"{shifted:%d}-{MONTHS[shifted.month - 1]}-{shifted:%Y}" if shifted else "X"
    plus = layout.fixed["reserved"][:5]
    fixed = {
        "version": b"\xffBIOSEMI" if layout.family == "BDF" else b"0",
        "patient": _patient(layout, person, day, removed),
        "recording": f"Startdate {long} X X X".encode(),
        "date": f"{short:%d.%m.%y}".encode(),
        "time": f"{clock:%H.%M.%S}".encode(),
        "header_bytes": str(256 * (len(kept) + 1)).encode(),
        "reserved": plus if plus.decode("latin-1") in PLUS_NAMES else b"",
        "n_records": str(layout.records.n_records).encode(),
        "record_s": _number(layout.fixed["record_s"]),
        "n_signals": str(len(kept)).encode(),
    }
    for name in ("patient", "recording", "reserved"):
        _note_change(name, layout.fixed[name], fixed[name], removed)
    return header_bytes(fixed, [_clean_signal(layout.signals[i], i + 1, removed) for i in kept])


def _patient(layout: Layout, person: Person, day: date | None, removed: Removed) -> bytes:
    source = read_patient(layout.fixed["patient"])
    sex = source.sex if "sex" in removed.keep and source.sex else "X"
    age = ""
    if "age" in removed.keep and source.born and day and source.born <= day:
        years = day.year - source.born.year - ((day.month, day.day) < (source.born.month, source.born.day))
        age = f" Age_{years}" if years <= _OLDEST else f" Age_over_{_OLDEST}"
    return f"{person.pseudonym} {sex} X X{age}".encode()


def _clean_signal(signal: dict[str, bytes], position: int, removed: Removed) -> dict[str, bytes]:
    place = f"channel {position}"
    clean = {name: _number(signal[name]) for name in _NUMBERS}
    if is_notes(signal["label"]):
        label = b"BDF Annotations" if b"b" in signal["label"][:2].lower() else b"EDF Annotations"
        return clean | dict.fromkeys(("transducer", "unit", "prefilter", "reserved"), b"") | {"label": label}
    checks = {"transducer": is_known_transducer, "unit": is_known_unit, "prefilter": is_known_prefilter}
    for name, known in checks.items():
        clean[name] = signal[name] if _may_stay(signal[name], known, removed) else b""
        _note_change(name, signal[name], clean[name], removed, place)
    label = signal["label"]
    stays = _may_stay(label, is_known_label, removed)
    clean["label"] = label if stays else neutral_label(text(label), position).encode()
    clean["reserved"] = b""
    for name in ("label", "reserved"):
        _note_change(name, signal[name], clean[name], removed, place)
    return clean


def _may_stay(field: bytes, is_known: Callable[[str], bool], removed: Removed) -> bool:
    """Known words only, or words that a person allows; and nothing hidden between them."""
    if re.search(rb"[\x00-\x1f\x7f]", field.rstrip(b" \0")):
        return False
    return is_known(text(field)) or text(field) in removed.keep


def _note_change(name: str, old: bytes, new: bytes, removed: Removed, place: str = "header") -> None:
    if old.strip(b" \0") != new.strip(b" \0"):
        done = "replaced" if new else "emptied"
        removed.note(name, place, done, text(old))


def _number(field: bytes) -> bytes:
    """Return a number as it stands, a decimal comma included; 0 where there is none."""
    return text(field).encode() if number(field) is not None else b"0"
