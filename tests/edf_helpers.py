"""EDF files for tests: sound ones written by edfio, unsound ones written byte by byte.

``write_edf`` is the independent writer (edfio). ``edf_bytes`` writes exactly what it is told, lies included,
from nothing but the published layout (doi:10.1016/0013-4694(92)90009-7, doi:10.1016/s1388-2457(03)00123-8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import edfio
import numpy as np
import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"
START = datetime(2020, 3, 14, 22, 15, 0)
Signals = Mapping[str, tuple[np.ndarray, float, str]]


def write_edf(
    path: Path,
    signals: Signals,
    *,
    start: datetime | None = None,
    annotations: Sequence[tuple[float, float | None, str]] = (),
) -> Path:
    """Write ``{label: (signal, sfreq, unit)}`` as EDF (EDF+C with annotations); values are in the unit named.

    All signals must last equally long. 16 bits are spread over each signal's own range.
    """
    when = start or START
    edf = edfio.Edf(
        [
            edfio.EdfSignal(np.asarray(signal, float), sfreq, label=label, physical_dimension=unit)
            for label, (signal, sfreq, unit) in signals.items()
        ],
        starttime=when.time(),
        recording=edfio.Recording(startdate=when.date()),
        annotations=[edfio.EdfAnnotation(*a) for a in annotations] or None,
    )
    edf.write(path)
    return path


def dreams_to_edf(name: str, folder: Path) -> Path:
    """Convert a DREAMS excerpt (``"excerpt1"`` …) to ``folder/<name>.edf``; one channel, ``EEG C3-A1`` or so.

    The excerpts last 30 min and are in µV. Skips the calling test where the file is missing.
    """
    source = SHARED / "dreams" / f"{name}.txt"
    if not source.exists():
        pytest.skip(f"real recording not here: dreams/{name}.txt")
    label = source.read_text(encoding="ascii").split("\n", 1)[0].strip(" []\r")
    signal = np.loadtxt(source, skiprows=1)
    return write_edf(folder / f"{name}.edf", {f"EEG {label}": (signal, len(signal) / 1800, "uV")})


@dataclass
class RawSignal:
    """One signal header as it will stand in the file, and its digital samples."""

    label: str | bytes = "EEG C3-M2"
    digital: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    per_record: int | str = 100
    unit: str | bytes = "uV"
    physical: tuple[object, object] = (-3276.8, 3276.7)
    digital_range: tuple[object, object] = (-32768, 32767)


def edf_bytes(
    signals: Sequence[RawSignal], *, n_records: int, header: Mapping[str, object] | None = None
) -> bytes:
    """Bytes of an EDF or BDF file with ``n_records`` records really present.

    ``header`` overrides fields: ``version, patient, recording, date, time, header_bytes, reserved, n_records,
    record_s, n_signals``. A version that starts with the byte 255 makes 24-bit samples (BDF).
    """
    fields: dict[str, object] = {
        "version": "0",
        "patient": "X X X X",
        "recording": "Startdate 14-MAR-2020 X X X",
        "date": "14.03.20",
        "time": "22.15.00",
        "header_bytes": 256 * (len(signals) + 1),
        "reserved": "",
        "n_records": n_records,
        "record_s": 1,
        "n_signals": len(signals),
        **(header or {}),
    }
    widths = (8, 80, 80, 8, 8, 8, 44, 8, 8, 4)
    out = b"".join(_field(value, width) for value, width in zip(fields.values(), widths, strict=True))
    columns: list[tuple[int, list[object]]] = [
        (16, [s.label for s in signals]),
        (80, ["" for _ in signals]),
        (8, [s.unit for s in signals]),
        (8, [s.physical[0] for s in signals]),
        (8, [s.physical[1] for s in signals]),
        (8, [s.digital_range[0] for s in signals]),
        (8, [s.digital_range[1] for s in signals]),
        (80, ["" for _ in signals]),
        (8, [s.per_record for s in signals]),
        (32, ["" for _ in signals]),
    ]
    out += b"".join(_field(value, width) for width, values in columns for value in values)
    n_bytes = 3 if out[:1] == b"\xff" else 2
    records = [_record_blocks(s, n_records, n_bytes) for s in signals]
    return out + b"".join(blocks[i] for i in range(n_records) for blocks in records)


def tal_digital(records: Sequence[str | bytes], n_bytes: int, *, sample_bytes: int = 2) -> np.ndarray:
    """Annotation texts of each record, NUL-padded to ``n_bytes``, as the samples that hold those bytes."""
    raw = b"".join((r.encode() if isinstance(r, str) else r).ljust(n_bytes, b"\0")[:n_bytes] for r in records)
    if sample_bytes == 2:
        return np.frombuffer(raw, "<i2")
    triples = np.frombuffer(raw, np.uint8).reshape(-1, 3).astype(np.int32)
    return triples @ np.array([1, 256, 65536])


def _field(value: object, width: int) -> bytes:
    raw = value if isinstance(value, bytes) else str(value).encode("utf-8")
    return raw.ljust(width)[:width]


def _record_blocks(signal: RawSignal, n_records: int, n_bytes: int) -> list[bytes]:
    samples = np.asarray(signal.digital).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :n_bytes]
    size = len(samples) // n_records if n_records else 0
    return [samples[i * size : (i + 1) * size].tobytes() for i in range(n_records)]
