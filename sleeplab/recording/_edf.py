"""EDF, EDF+ and BDF: the header as it is, and the data records as they are.

Own code instead of edfio, which refuses a header with a decimal comma or a wrong date, replaces letters
that are not ASCII, ignores the gaps of EDF+D and reads a whole BDF file into memory. The tests compare the
two on sound files, sample for sample.

Layout: Kemp et al. 1992 (doi:10.1016/0013-4694(92)90009-7), EDF+ Kemp & Olivan 2003
(doi:10.1016/s1388-2457(03)00123-8).
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from sleeplab.recording._fields import count, exact, number, shown, start_time, text
from sleeplab.recording._onsets import is_continuous, joined, record_onset, segments_of
from sleeplab.recording._records import Records, locate_records, miscounted
from sleeplab.recording._source import LONGEST_S, Segment, Source, Track

_COLUMNS = {
    "label": 16, "transducer": 80, "unit": 8, "physical_min": 8, "physical_max": 8, "digital_min": 8,
    "digital_max": 8, "prefilter": 80, "n_per_record": 8, "reserved": 32,
}  # fmt: skip
_FASTEST_HZ = 100_000


def edf_source(path: Path) -> Source:
    """Read the header of an EDF or BDF file and locate its data.

    Raises
    ------
    ValueError
        If nothing sound can be read: no signal, no whole data record, an unreadable header, times that run
        back.
    """
    fixed, signals = _read_header(path)
    family, sample_bytes = ("BDF", 3) if fixed[:1] == b"\xff" else ("EDF", 2)
    plus = text(fixed[192:236])
    record_s = _record_duration(fixed[244:252])
    records, size_problems = locate_records(
        path, fixed, [count(n) for n in signals["n_per_record"]], sample_bytes
    )
    is_notes = [text(label).lower() in {"edf annotations", "bdf annotations"} for label in signals["label"]]
    rows = [row for row, notes in enumerate(is_notes) if not notes]
    tracks = tuple(_track({name: column[row] for name, column in signals.items()}, record_s) for row in rows)
    _check_some_readable(tracks)
    keeper = is_notes.index(True) if any(is_notes) else None
    segments, onset, time_problems = _timeline(records, keeper, record_s, gapped="+D" in plus)
    start, clock_problems = start_time(fixed[168:184], fixed[88:168], float(onset))
    kind = ("+D" if len(segments) > 1 or "+D" in plus else "+C") if plus[3:4] == "+" else ""
    return Source(
        format=family + kind,
        start=start,
        tracks=tracks,
        segments=segments,
        digital=lambda i, first, last: records.samples(rows[i], first, last),
        problems=(
            *size_problems,
            *miscounted(fixed[236:244], records.n_records, record_s),
            *time_problems,
            *clock_problems,
            *_comma_problems(signals),
        ),
    )


def _read_header(path: Path) -> tuple[bytes, dict[str, list[bytes]]]:
    """Read the 256 bytes of the recording, and the fields of every signal by name."""
    with path.open("rb") as file:
        fixed = file.read(256)
        n = (count(fixed[252:256]) if len(fixed) == 256 else None) or 0
        raw = file.read(256 * min(max(n, 0), path.stat().st_size))
    if n < 1:
        msg = (
            f"A header must count at least one signal, but this one has {shown(fixed[252:256])} "
            f"({len(fixed)} of its first 256 bytes are there). "
            "The file was cut or is no recording: copy it again."
        )
        raise ValueError(msg)
    if len(raw) < 256 * n:
        msg = (
            f"The header announces {n} signals ({256 * n} bytes) but the file ends after {len(raw)} of these "
            "bytes. It was cut or is no recording: copy it again."
        )
        raise ValueError(msg)
    fields: dict[str, list[bytes]] = {}
    begin = 0
    for name, width in _COLUMNS.items():
        fields[name] = [raw[begin + i * width : begin + (i + 1) * width] for i in range(n)]
        begin += n * width
    return fixed, fields


def _record_duration(field: bytes) -> Fraction:
    record_s = exact(field)
    if record_s is None or not 0 < record_s <= LONGEST_S:
        msg = (
            f"A data record must last more than 0 s and less than a week; the header says {shown(field)}. "
            "The file holds annotations only (a scoring?), or its header is damaged."
        )
        raise ValueError(msg)
    return record_s


def _track(field: dict[str, bytes], record_s: Fraction) -> Track:
    """Describe one signal; ``problem`` says why it cannot be read."""
    name, unit = text(field["label"]), text(field["unit"])
    sfreq = (count(field["n_per_record"]) or 0) / record_s
    ends = [number(field[k]) for k in ("physical_min", "physical_max", "digital_min", "digital_max")]
    if not 0 < sfreq <= _FASTEST_HZ:
        return Track(name, sfreq, unit, problem=f"its sampling rate is {float(sfreq):g} Hz")
    if None in ends:
        return Track(name, sfreq, unit, problem="its physical or digital range is no number")
    low, high, digital_low, digital_high = (end for end in ends if end is not None)
    if low == high:
        return Track(name, sfreq, unit, problem=f"its physical minimum equals its maximum ({low:g})")
    if digital_low == digital_high:
        return Track(name, sfreq, unit, problem=f"its digital minimum equals its maximum ({digital_low:g})")
    gain = (high - low) / (digital_high - digital_low)
    return Track(name, sfreq, unit, gain, low - digital_low * gain, min(low, high), max(low, high))


def _check_some_readable(tracks: tuple[Track, ...]) -> None:
    if all(track.problem for track in tracks):
        reasons = (
            "; ".join(f"signal {i}: {t.problem}" for i, t in enumerate(tracks, start=1))
            or "it holds annotations only (a scoring?)"
        )
        msg = f"A recording must hold at least one readable signal, but this file has none: {reasons}."
        raise ValueError(msg)


def _timeline(
    records: Records, keeper: int | None, record_s: Fraction, *, gapped: bool
) -> tuple[tuple[Segment, ...], Fraction, tuple[str, ...]]:
    """Find stretches without a gap, the onset of the first record after the header's time, and what was odd.

    ``keeper`` is the annotation signal that carries the record times. Of a file that says it has no gap
    only the first and last time are read.
    """
    n = records.n_records
    if n * record_s > LONGEST_S:
        msg = (
            f"A recording must last less than a week, but {n} data records of {float(record_s):g} s make "
            f"{float(n * record_s) / 3600:.1f} h. The header is damaged: copy the file again."
        )
        raise ValueError(msg)
    if keeper is None:
        lost = ("The recording may have gaps (EDF+D) but has no record times; it is read as if it had none.",)
        return joined(n, record_s), Fraction(0), lost if gapped else ()

    def onsets(first: int, last: int) -> list[Fraction | None]:
        return [record_onset(row.tobytes()) for row in records.bytes_of(keeper, first, last)]

    (first,), (last,) = onsets(0, 1), onsets(n - 1, n)
    origin = first if first is not None and abs(first) <= LONGEST_S else Fraction(0)
    if not gapped and is_continuous(first, last, (n - 1) * record_s):
        return joined(n, record_s), origin, ()
    segments, problems = segments_of(onsets(0, n), record_s)
    if not gapped and len(segments) > 1:
        problems += ("The header says that the recording has no gap, but its record times have.",)
    return segments, origin, problems


def _comma_problems(signals: dict[str, list[bytes]]) -> tuple[str, ...]:
    ends = zip(signals["physical_min"], signals["physical_max"], strict=True)
    n_commas = sum(b"," in low or b"," in high for low, high in ends)
    return (
        (f"{n_commas} channels give their range with a decimal comma, read as a point.",) if n_commas else ()
    )
