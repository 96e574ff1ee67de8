"""De-identify an EDF, EDF+ or BDF file without decoding its signals."""

from __future__ import annotations

from collections.abc import Sequence
from io import BufferedReader, BufferedWriter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sleeplab.privacy._annotations import clean_annotations, clean_record
from sleeplab.privacy._header import clean_header, identity_of, read_patient, start_of
from sleeplab.privacy._key import Person, check_apart, night_of, person_of, read_key
from sleeplab.privacy._layout import Layout, read_layout
from sleeplab.privacy._removed import Removed
from sleeplab.privacy._words import is_notes, why_dropped
from sleeplab.privacy._write import beside
from sleeplab.recording import night_id
from sleeplab.recording.edf import record_onset

if TYPE_CHECKING:
    import pandas as pd

_BLOCK_BYTES = 1 << 21


class Deidentified(NamedTuple):
    """A file without the person, and what a human should look at.

    Attributes
    ----------
    path : pathlib.Path
        The new file. Its name is the pseudonym, then the shifted date and the clock.
    identity_from : str
        By what the person was told from others: ``"given"``, ``"patient code"``, ``"name and birth date"``,
        or ``"this file"``: then another night of this person gets another pseudonym and another shift.
    notes : Removed
        What was taken away, as it was collected.
    """

    path: Path
    identity_from: str
    notes: Removed

    @property
    def removed(self) -> pd.DataFrame:
        """What was taken away.

        Returns
        -------
        pandas.DataFrame
            ``field, place, count, done``: one row per text that was replaced or emptied, per track dropped.
            The words are not in it; read them at their place in the source. It is made when it is asked for:
            copying a file needs no pandas, which alone takes more memory than the copy.
        """
        return self.notes.table()


class Subject(NamedTuple):
    """The person of a recording, and the name of the files of this night."""

    person: Person
    identity_from: str
    stem: str


def deidentify(
    source: str | Path, out: str | Path, *, key: str | Path, patient: str = "", keep: Sequence[str] = ()
) -> Deidentified:
    r"""Write a copy of a recording without the person.

    Every sample of the kept tracks is the same, bit for bit. Replaced are the patient and recording fields
    (a pseudonym, a shifted date, X for technician and equipment) and every text that is not made of known
    vocabulary (annotations, labels, transducers, prefilters, units). Reserved bytes and what lies before or
    after the records are left out, and so are audio, video, light and battery tracks. The date moves by whole
    weeks, the same number for all nights of a person: clock time, weekday and intervals stay.

    The EEG itself can identify a person who is recorded again: this is pseudonymous, not anonymous.

    Parameters
    ----------
    source : str or pathlib.Path
        EDF, EDF+ or BDF, continuous or not; it is only read.
    out : str or pathlib.Path
        The folder to write into; it is made where it does not exist.
    key : str or pathlib.Path
        The key file (`new_key`).
    patient : str
        What tells this person from all others in the hospital. By default the code in the header, else name
        and birth date together, else this file alone.
    keep : sequence of str
        ``"sex"`` and ``"age"`` (in years; above 89 as one group) from an EDF+ header, and texts that a human
        has read and allows.

    Returns
    -------
    Deidentified
        The path, where the identity comes from, and the table of what was removed.

    Raises
    ------
    FileNotFoundError
        If there is no such recording or key.
    ValueError
        If the source cannot be read or holds no track to keep, if the key is readable by others or lies in
        `out`, or if the file to write exists.

    Examples
    --------
    >>> import tempfile
    >>> from sleeplab.privacy import new_key
    >>> fixed = b"0       " + b"MRN-7 F 02-MAR-1951 Jane_Smith".ljust(80) + b"Startdate 14-MAR-2020".ljust(80)
    >>> fixed += b"14.03.2022.15.00" + b"512".ljust(52) + b"1".ljust(8) + b"1".ljust(8) + b"1".ljust(4)
    >>> signal = b"EEG C3-M2".ljust(96) + b"uV".ljust(8) + b"-100    100     -100    100     "
    >>> signal += b"".ljust(80) + b"1".ljust(40)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     night = Path(folder, "smith.edf")
    ...     _ = night.write_bytes(fixed + signal + b"\7\0")
    ...     new_key(Path(folder, "key"))
    ...     done = deidentify(night, Path(folder, "out"), key=Path(folder, "key"))
    ...     b"Smith" in done.path.read_bytes(), done.path.read_bytes()[-2:], done.identity_from
    (False, b'\x07\x00', 'patient code')
    """
    path, folder = Path(source), Path(out)
    check_apart(Path(key), folder)
    layout, removed = read_layout(path), Removed(frozenset(keep))
    subject = subject_of(path, layout, read_key(key), patient)
    kept = _kept_tracks(layout, removed)
    header = clean_header(layout, kept, subject.person, removed)
    _note_outside(path, layout, removed)
    suffix = ".bdf" if layout.family == "BDF" else ".edf"
    target = folder / (subject.stem + suffix)
    with beside(target) as part:
        _write(part, header, layout, kept, removed)
    return Deidentified(target, subject.identity_from, removed)


def subject_of(path: Path, layout: Layout, key: bytes, patient: str) -> Subject:
    """Who the recording is of, and how its files are called."""
    identity, origin = (
        (patient, "given") if patient.strip() else identity_of(read_patient(layout.fixed["patient"]))
    )
    content = night_id(path)
    person = person_of(identity or f"file {content}", key)
    day, clock = start_of(layout)
    shifted = person.shifted(day) if day else None
    night = f"{shifted:%Y%m%d}_{clock:%H%M%S}" if shifted else night_of(content, key)
    return Subject(person, origin or "this file", f"{person.pseudonym}_{night}")


def _kept_tracks(layout: Layout, removed: Removed) -> list[int]:
    kept = []
    for i, signal in enumerate(layout.signals):
        why = why_dropped(signal["label"])
        if (
            not is_notes(signal["label"])
            and record_onset(layout.records.bytes_of(i, 0, 1).tobytes()) is not None
        ):
            why = "annotations under another label"
        if why:
            removed.note("track", f"channel {i + 1}", f"dropped: {why}")
        else:
            kept.append(i)
    if not kept:
        msg = f"a recording must hold a track to keep, but all {len(layout.signals)} are dropped ({why})."
        raise ValueError(msg)
    return kept


def _note_outside(path: Path, layout: Layout, removed: Removed) -> None:
    records = layout.records
    if before := records.first_byte - 256 * (len(layout.signals) + 1):
        removed.note("padding", "after the header", f"dropped: {before} bytes")
    if after := path.stat().st_size - records.first_byte - records.n_records * records.record_bytes:
        removed.note("padding", "after the records", f"dropped: {after} bytes")


def _write(part: Path, header: bytes, layout: Layout, kept: list[int], removed: Removed) -> None:
    """Copy the bytes of the kept tracks as they are, annotations cleaned."""
    copy = _copy_blocks if layout.records.record_bytes <= _BLOCK_BYTES else _copy_long_records
    with layout.records.path.open("rb") as given, part.open("wb") as file:
        file.write(header)
        copy(given, file, layout, kept, removed)


def _copy_blocks(
    given: BufferedReader, file: BufferedWriter, layout: Layout, kept: list[int], removed: Removed
) -> None:
    """Copy many records at once."""
    records = layout.records
    notes = [records.columns[i] for i in kept if is_notes(layout.signals[i]["label"])]
    spans = _joined([records.columns[i] for i in kept])
    n_at_once = _BLOCK_BYTES // records.record_bytes
    block = np.empty((n_at_once, records.record_bytes), np.uint8)
    given.seek(records.first_byte)
    for first in range(0, records.n_records, n_at_once):
        rows = block[: min(n_at_once, records.n_records - first)]
        given.readinto(rows.data)
        for begin, end in notes:
            clean_annotations(rows[:, begin:end], first, removed)
        file.write(_without(rows, spans).data)


def _copy_long_records(
    given: BufferedReader, file: BufferedWriter, layout: Layout, kept: list[int], removed: Removed
) -> None:
    """Copy piece by piece: a night may be one single record, larger than memory should hold."""
    records = layout.records
    for record in range(records.n_records):
        for i in kept:
            begin, end = records.columns[i]
            given.seek(records.first_byte + record * records.record_bytes + begin)
            if is_notes(layout.signals[i]["label"]):
                file.write(clean_record(given.read(end - begin), record + 1, removed))
                continue
            for at in range(begin, end, _BLOCK_BYTES):
                file.write(given.read(min(_BLOCK_BYTES, end - at)))


def _joined(columns: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge neighbouring spans of bytes.

    Examples
    --------
    >>> _joined([(0, 10), (10, 30), (40, 50)])
    [(0, 30), (40, 50)]
    """
    cuts = [i for i, (a, b) in enumerate(pairwise(columns), start=1) if a[1] != b[0]]
    edges = [0, *cuts, len(columns)]
    return [(columns[a][0], columns[b - 1][1]) for a, b in pairwise(edges)]


def _without(rows: NDArray[np.uint8], spans: list[tuple[int, int]]) -> NDArray[np.uint8]:
    if spans == [(0, rows.shape[1])]:
        return rows
    return np.ascontiguousarray(np.concatenate([rows[:, begin:end] for begin, end in spans], axis=1))
