"""An EDF or BDF header as bytes: its fields, and where the data records are.

Layout: Kemp et al. 1992 (doi:10.1016/0013-4694(92)90009-7).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sleeplab.recording.edf import Records, count, locate_records

FIXED = {
    "version": 8, "patient": 80, "recording": 80, "date": 8, "time": 8, "header_bytes": 8, "reserved": 44,
    "n_records": 8, "record_s": 8, "n_signals": 4,
}  # fmt: skip
SIGNAL = {
    "label": 16, "transducer": 80, "unit": 8, "physical_min": 8, "physical_max": 8, "digital_min": 8,
    "digital_max": 8, "prefilter": 80, "n_per_record": 8, "reserved": 32,
}  # fmt: skip
PLUS_NAMES = ("EDF+C", "EDF+D", "BDF+C", "BDF+D", "24BIT")
"""What the reserved field of the recording may begin with."""


class Layout(NamedTuple):
    """Fields by name, and the data records that are wholly there."""

    fixed: dict[str, bytes]
    signals: list[dict[str, bytes]]
    records: Records

    @property
    def family(self) -> str:
        """``"EDF"`` or ``"BDF"``."""
        return "BDF" if self.records.sample_bytes == 3 else "EDF"


def is_edf(path: Path) -> bool:
    """Whether the file begins as EDF or BDF does."""
    with path.open("rb") as file:
        return is_edf_head(file.read(8))


def is_edf_head(data: bytes) -> bool:
    """Whether bytes begin as EDF or BDF does."""
    return len(data) >= 8 and (data[:8].strip(b" \0") == b"0" or data[:8] == b"\xffBIOSEMI")


def read_layout(path: Path) -> Layout:
    """Read the header of an EDF or BDF file; annotations alone are enough.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If it is no EDF or BDF, or too damaged to know where its records are.
    """
    if not path.is_file():
        msg = f"There is no recording at {path}. Check the spelling and the folder."
        raise FileNotFoundError(msg)
    if not is_edf(path):
        msg = "only EDF, EDF+ and BDF can be de-identified, and this file is none. Export the night as EDF+."
        raise ValueError(msg)
    with path.open("rb") as file:
        raw = file.read(256)
        n = count(raw[252:256]) or 0
        more = file.read(256 * n) if 0 < n < 10_000 else b""
    if not more or len(more) < 256 * n:
        msg = (
            f"the header must describe its signals, at least one; {len(more)} bytes are there for {n}. "
            "The file was cut: copy it again."
        )
        raise ValueError(msg)
    signals: list[dict[str, bytes]] = [{} for _ in range(n)]
    begin = 0
    for name, width in SIGNAL.items():
        for i, signal in enumerate(signals):
            signal[name] = more[begin + i * width : begin + (i + 1) * width]
        begin += n * width
    sizes = [count(signal["n_per_record"]) for signal in signals]
    records, _ = locate_records(path, raw, sizes, 3 if raw[:1] == b"\xff" else 2)
    layout = Layout(_split(raw), signals, records)
    _check_begin(layout, path.stat().st_size)
    return layout


def _check_begin(layout: Layout, size: int) -> None:
    """Refuse a file in which words after the header could be taken for samples."""
    records, due = layout.records, 256 * (len(layout.signals) + 1)
    declared, n_records = count(layout.fixed["header_bytes"]), count(layout.fixed["n_records"])
    whole = due + (n_records or 0) * records.record_bytes == size
    if declared is not None and declared > due and records.first_byte == due and not whole:
        msg = (
            f"where the data begin must be known, but the header says it has {declared} bytes, its signals "
            f"need {due}, and the size of the file confirms neither. Export the file again."
        )
        raise ValueError(msg)


def _split(raw: bytes) -> dict[str, bytes]:
    fields, begin = {}, 0
    for name, width in FIXED.items():
        fields[name] = raw[begin : begin + width]
        begin += width
    return fields


def header_bytes(fixed: dict[str, bytes], signals: list[dict[str, bytes]]) -> bytes:
    """Join the fields again, each padded with spaces to its width."""
    parts = [fixed[name].ljust(width) for name, width in FIXED.items()]
    parts += [signal[name].ljust(width) for name, width in SIGNAL.items() for signal in signals]
    return b"".join(parts)


def field_at(layout: Layout, position: int) -> str:
    """Name the field of the header that holds a byte, ``""`` beyond the header."""
    return _place_at(layout, position)[0]


def width_at(layout: Layout, position: int) -> int:
    """Width in bytes of the field of the header that holds a byte, 0 beyond the header."""
    return _place_at(layout, position)[1]


def _place_at(layout: Layout, position: int) -> tuple[str, int]:
    n, offset = len(layout.signals), position
    for name, width in FIXED.items():
        if offset < width:
            return name, width
        offset -= width
    for name, width in SIGNAL.items():
        if offset < n * width:
            return f"{name}, channel {offset // width + 1}", width
        offset -= n * width
    return "", 0
