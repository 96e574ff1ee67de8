"""Write EDF+ one block at a time."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

START = dt.datetime(2001, 1, 1, 22, 30)


class Track(NamedTuple):
    """One signal of the file; `low` and `high` are its physical limits in `unit`."""

    label: str
    sfreq: int
    unit: str
    low: float
    high: float
    prefilter: str


def write_edf(path: Path, tracks: list[Track], blocks: Iterator[list[npt.NDArray[np.float64]]]) -> None:
    """Write blocks of whole seconds as one-second data records, in bounded memory.

    The file appears under its name only when it is complete. Its header has no name, date of birth or device.
    """
    beside = path.with_name(path.name + ".part")
    n_records = 0
    try:
        with beside.open("wb") as file:
            file.write(_header(tracks))
            for signals in blocks:
                records = _records(tracks, signals, n_records)
                file.write(records.tobytes())
                n_records += len(records)
            file.seek(236)
            file.write(f"{n_records:<8}".encode())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


_ANNOTATION_WORDS = 30  # 60 bytes hold the time of the record and one text


def _header(tracks: list[Track]) -> bytes:
    """Compose the main header, then each field for all signals."""
    fields: list[tuple[int, list[str]]] = [
        (16, [t.label for t in tracks] + ["EDF Annotations"]),
        (80, ["" for _ in tracks] + [""]),
        (8, [t.unit for t in tracks] + [""]),
        (8, [f"{t.low:g}" for t in tracks] + ["-1"]),
        (8, [f"{t.high:g}" for t in tracks] + ["1"]),
        (8, ["-32768"] * (len(tracks) + 1)),
        (8, ["32767"] * (len(tracks) + 1)),
        (80, [t.prefilter for t in tracks] + [""]),
        (8, [str(t.sfreq) for t in tracks] + [str(_ANNOTATION_WORDS)]),
        (32, [""] * (len(tracks) + 1)),
    ]
    size = 256 * (len(tracks) + 2)
    main = f"{0:<8}{'X X X X':<80}{'Startdate 01-JAN-2001 X X X':<80}{START:%d.%m.%y%H.%M.%S}"
    main += f"{size:<8}{'EDF+C':<44}{-1:<8}{1:<8}{len(tracks) + 1:<4}"
    return (main + "".join(f"{text:<{width}}" for width, texts in fields for text in texts)).encode("ascii")


def _records(
    tracks: list[Track], signals: list[npt.NDArray[np.float64]], first: int
) -> npt.NDArray[np.int16]:
    n = len(signals[0]) // tracks[0].sfreq
    columns = []
    for track, signal in zip(tracks, signals, strict=True):
        step = (track.high - track.low) / 65535
        digital = np.clip(np.rint((signal - track.low) / step) - 32768, -32768, 32767)
        columns.append(digital.astype("<i2").reshape(n, track.sfreq))
    texts = b"".join(_time_stamp(first + i).ljust(2 * _ANNOTATION_WORDS, b"\0") for i in range(n))
    columns.append(np.frombuffer(texts, "<i2").reshape(n, _ANNOTATION_WORDS))
    return np.concatenate(columns, axis=1)


def _time_stamp(second: int) -> bytes:
    stamp = f"+{second}\x14\x14\0"
    return (stamp + ("+0\x14Recording starts\x14\0" if second == 0 else "")).encode()
