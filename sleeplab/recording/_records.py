"""The data records of an EDF or BDF file: where they are, how many are really there, and their samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sleeplab.recording._fields import count, shown

_AROUND = 8
"""Records: slower channels reach further beyond the ends of a stretch, because their filter is longer."""


@dataclass(frozen=True)
class Records:
    """Where the data records are, and which bytes of each record belong to each signal."""

    path: Path
    first_byte: int
    n_records: int
    record_bytes: int
    sample_bytes: int
    columns: tuple[tuple[int, int], ...]
    _latest: dict[int, NDArray[np.uint8]] = field(default_factory=dict, init=False, compare=False)

    def bytes_of(self, column: int, first: int, last: int) -> NDArray[np.uint8]:
        """Map the bytes of one signal in records ``first`` to ``last``, shape (n_records, n_bytes)."""
        begin, end = self.columns[column]
        return self._map(first, last)[:, begin:end]

    def _map(self, first: int, last: int) -> NDArray[np.uint8]:
        at, shape = self.first_byte + first * self.record_bytes, (last - first, self.record_bytes)
        return np.memmap(self.path, np.uint8, "r", at, shape)

    def _shared_map(self, first: int, last: int) -> NDArray[np.uint8]:
        """Map records, and keep the map for the next signal, which is asked for in the same or nearly so.

        To find the pages of a new map takes longer than to copy from them.
        """
        for start, records in self._latest.items():
            if start <= first and last <= start + len(records):
                return records[first - start : last - start]
        start = max(first - _AROUND, 0)
        self._latest.clear()
        self._latest[start] = self._map(start, min(last + _AROUND, self.n_records))
        return self._latest[start][first - start : last - start]

    def samples(self, column: int, start: int, stop: int) -> NDArray[np.floating[Any]]:
        """Read samples ``start`` to ``stop`` of a signal, exact in float32 (16 bits) or float64 (24)."""
        begin, end = self.columns[column]
        n_per_record = (end - begin) // self.sample_bytes
        first, last = start // n_per_record, -(-stop // n_per_record)
        raw = np.ascontiguousarray(self._shared_map(first, last)[:, begin:end]).reshape(-1)
        cut = slice(start - first * n_per_record, stop - first * n_per_record)
        if self.sample_bytes == 2:
            return raw.view("<i2")[cut].astype(np.float32)
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = raw.reshape(-1, 3)
        return (wide.reshape(-1).view("<i4")[cut] >> 8).astype(np.float64)


def locate_records(
    path: Path, fixed: bytes, n_per_record: list[int | None], sample_bytes: int
) -> tuple[Records, tuple[str, ...]]:
    """Find the data records from the size of the file, whatever the header counts.

    Parameters
    ----------
    path : Path
        The file.
    fixed : bytes
        The first 256 bytes of its header.
    n_per_record : list of int
        Samples per data record of each signal.
    sample_bytes : int
        2 in EDF, 3 in BDF.

    Returns
    -------
    records, problems
        The records that are wholly there, and in what the header was wrong about its own size.

    Raises
    ------
    ValueError
        If a number of samples cannot be read, or not one whole record is there.
    """
    sizes = [n for n in n_per_record if n is not None and n >= 0]
    if len(sizes) < len(n_per_record):
        msg = (
            "Each signal must have a whole number of samples per data record, but "
            f"{len(n_per_record) - len(sizes)} of {len(n_per_record)} have none. "
            "The header is damaged: copy the file again."
        )
        raise ValueError(msg)
    columns = tuple(pairwise(accumulate((n * sample_bytes for n in sizes), initial=0)))
    size, record_bytes = path.stat().st_size, sum(sizes) * sample_bytes
    first_byte, problems = _first_byte(fixed, len(sizes), size, record_bytes)
    n_records, rest = divmod(size - first_byte, record_bytes) if record_bytes else (0, 0)
    if n_records < 1:
        msg = (
            f"A recording must hold at least one whole data record ({record_bytes} bytes), but "
            f"{max(0, size - first_byte)} bytes follow the header. The file was cut or never filled: "
            "copy it again."
        )
        raise ValueError(msg)
    if rest:
        problems += (
            f"The {rest} bytes at the end are no whole data record ({record_bytes} bytes) and are ignored.",
        )
    return Records(path, first_byte, n_records, record_bytes, sample_bytes, columns), problems


def miscounted(field: bytes, n_present: int, record_s: Fraction) -> tuple[str, ...]:
    """Say in what the number of records in the header differs from the number present."""
    declared = count(field)
    if declared == n_present:
        return ()
    present = f"{n_present} ({n_present * float(record_s) / 60:.1f} min)"
    if declared == -1:
        return (
            f"The recording was not closed: its data records were not counted; {present} are there and read.",
        )
    if declared is None:
        return (f"The header does not count its data records; {present} are there and read.",)
    if declared < n_present:
        return (f"The header counts {declared} data records; {present} are there and read.",)
    lost_s = (declared - n_present) * float(record_s)
    lost = f"{lost_s / 60:.1f} min" if lost_s >= 60 else f"{lost_s:g} s"
    return (f"The file is cut: of {declared} data records {present} are there, {lost} are missing.",)


def _first_byte(fixed: bytes, n_signals: int, size: int, record_bytes: int) -> tuple[int, tuple[str, ...]]:
    """Size of the header: 256 bytes per signal and 256 more, unless only the declared size fits the file."""
    due, declared, n_records = 256 * (n_signals + 1), count(fixed[184:192]), count(fixed[236:244])
    if declared == due:
        return due, ()
    told = f"The header gives its size as {shown(fixed[184:192])} where {n_signals} signals need {due} bytes"
    fits = declared and n_records and declared > due and declared + n_records * record_bytes == size
    if declared and fits:
        return declared, (f"{told}; the size of the file confirms the former, which is used.",)
    return due, (f"{told}; the latter is used.",)
