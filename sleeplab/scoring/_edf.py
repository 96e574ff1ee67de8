"""Annotations of EDF+ and BDF+ files, Sleep-EDF hypnograms among them.

Only the annotation bytes are read. Written apart from `edfio`, whose messages quote the annotations.
Format: Kemp & Olivan 2003 (DOI 10.1016/S1388-2457(03)00123-8).
"""

import re
from datetime import timedelta
from pathlib import Path

import numpy as np

from sleeplab.recording.edf import start_time
from sleeplab.scoring._clock import wall_clock
from sleeplab.scoring._model import Mark, Source

TAL = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d*(?:\.\d*)?))?\x14([^\x00]*)\x14\x00")
UNREADABLE = "unreadable annotation"
SCORED_BY = "Scored by "  # our own files name their scorer in one annotation
OURS = "sleeplab"  # equipment code of our own files


def is_edf(head: bytes) -> bool:
    """Whether the file starts as EDF or BDF does."""
    return head.startswith((b"0       ", b"\xffBIOSEMI"))


def read_edf(path: Path) -> Source:
    """Annotations, with onsets from the first sample."""
    header = _read_header(path)
    records = _annotation_bytes(path, header)
    tals = [tal for record in records for tal in TAL.findall(record)]
    # The first list of a record keeps time: the fraction of a second after the header's start.
    first_s = float(tals[0][0]) if tals and tals[0][2] == b"" else 0.0
    fraction_s = first_s if 0 <= first_s < 1 else 0.0
    ours = header[88:168].split()[4:5] == [OURS.encode()]
    marks, scorer = _marks(tals, fraction_s, ours=ours)
    marks += [mark for record in records for mark in _unreadable(record)]
    start = wall_clock(start_time(header[168:184], header[88:168], 0.0)[0])
    return Source(marks, start and start + timedelta(seconds=fraction_s), scorer)


def _marks(
    tals: list[tuple[bytes, bytes, bytes]], fraction_s: float, *, ours: bool
) -> tuple[list[Mark], str]:
    marks: list[Mark] = []
    scorer = ""
    for onset, duration, texts in tals:
        onset_s = round(float(onset) - fraction_s, 9) if fraction_s else float(onset)
        duration_s = float(duration) if duration.strip(b".") else float("nan")
        for text in filter(None, map(_decoded, texts.split(b"\x14"))):
            if ours and text.startswith(SCORED_BY):
                scorer = text.removeprefix(SCORED_BY)
            else:
                marks.append(split_text(text, onset_s, duration_s, ours=ours))
    return marks, scorer


def _unreadable(record: bytes) -> list[Mark]:
    """Tell of bytes that are no time-stamped list, at the time of their record; they are not quoted."""
    if not TAL.sub(b"", record).strip(b"\x00 "):
        return []
    first = TAL.search(record)
    return [Mark(float(first[1]) if first else 0.0, 0.0, UNREADABLE)]


def split_text(text: str, onset_s: float, duration_s: float, *, ours: bool) -> Mark:
    """Take an annotation apart: ``words@@channel`` as in EDF+, ``words | scorer@@channel`` in our files."""
    words, _, channel = text.partition("@@")
    scorer = ""
    if ours:
        words, _, scorer = words.partition(" | ")
        return Mark(onset_s, duration_s, words, channel, scorer)
    return Mark(onset_s, duration_s, words.strip(), channel.strip())


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _read_header(path: Path) -> bytes:
    with path.open("rb") as file:
        main = file.read(256)
        n_signals = int(main[252:256]) if main[252:256].strip().isdigit() else 0
        signals = file.read(256 * n_signals)
    if n_signals == 0 or len(signals) < 256 * n_signals:
        msg = (
            f"an EDF header must describe its signals, at least one; this one has "
            f"{len(main) + len(signals)} bytes for {n_signals} signals. Export the file again."
        )
        raise ValueError(msg)
    return main + signals


def _annotation_bytes(path: Path, header: bytes) -> list[bytes]:
    """Return the annotation bytes of each data record, track by track."""
    sizes, tracks = _layout(header)
    record_size = sum(sizes)
    n_records = (path.stat().st_size - len(header)) // record_size if record_size else 0
    declared = header[236:244].strip()
    if declared.isdigit() and int(declared) > n_records:
        msg = (
            f"an EDF file must hold the {int(declared)} data records that its header declares; this one ends "
            f"after {n_records}, so that annotations are missing. Copy or export it again."
        )
        raise ValueError(msg)
    if n_records == 0:
        return []
    table = np.memmap(path, np.uint8, "r", offset=len(header), shape=(n_records, record_size))
    columns = [table[:, sum(sizes[:i]) : sum(sizes[: i + 1])] for i in tracks]
    return [column[record].tobytes() for record in range(n_records) for column in columns]


def _layout(header: bytes) -> tuple[list[int], list[int]]:
    """Bytes per record of each signal, and which signals are annotation tracks."""
    n_signals = len(header) // 256 - 1
    width = 3 if header[0] == 0xFF else 2  # BDF has 24 bits
    labels = [header[256 + 16 * i :][:16].strip() for i in range(n_signals)]
    fields = [header[256 + 216 * n_signals + 8 * i :][:8].strip() for i in range(n_signals)]
    if not all(field.isdigit() for field in fields):
        msg = f"an EDF header must give the samples per record of its {n_signals} signals. Export it again."
        raise ValueError(msg)
    tracks = [i for i, label in enumerate(labels) if label in (b"EDF Annotations", b"BDF Annotations")]
    if not tracks:
        msg = (
            f"a scoring in EDF+ needs an annotation track; this file has {n_signals} signals and none is "
            f"one. Give the file that holds the scoring."
        )
        raise ValueError(msg)
    return [width * int(field) for field in fields], tracks
