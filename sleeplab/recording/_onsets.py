"""When each data record of an EDF+ or BDF+ file starts: the first time stamp of its annotation track."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from sleeplab.recording._source import Segment

# A time-keeping list: signed onset, byte 20, an empty first text, byte 20.
_TIME_KEEPING = re.compile(rb"([+-]\d{1,12}(?:\.\d{0,12})?)\x14\x14")

TOLERANCE_S = Fraction(1, 100)
"""Records that start within 10 ms of the end of the one before are taken as joined: one sample at 100 Hz."""


LONGEST_GAP_S = 86400


def record_onset(annotations: bytes) -> Fraction | None:
    r"""Onset of a record in s after the header's start time, None when the bytes hold none.

    Examples
    --------
    >>> float(record_onset(b"+30.5\x14\x14\0+31\x14arousal\x14\0"))
    30.5
    """
    found = _TIME_KEEPING.match(annotations)
    return Fraction(found[1].decode("ascii")) if found else None


def is_continuous(first: Fraction | None, last: Fraction | None, span_s: Fraction) -> bool:
    """Whether the last record starts no later than ``span_s`` after the first: no gap lies between."""
    return first is None or last is None or last - first <= span_s + TOLERANCE_S


def joined(n_records: int, record_s: Fraction) -> tuple[Segment, ...]:
    """One segment that holds all records."""
    return (Segment(Fraction(0), n_records * record_s, Fraction(0)),)


def segments_of(
    onsets: Sequence[Fraction | None], record_s: Fraction
) -> tuple[tuple[Segment, ...], tuple[str, ...]]:
    """Group data records into stretches without a gap.

    A record whose onset cannot be read is taken to follow the one before. Times count from the first
    record. A clock that drifts by less than 10 ms per record makes no gap.

    Raises
    ------
    ValueError
        If a record starts before the one before it has ended, or more than a day after it, or if all
        records are equally far apart: such times cannot be trusted.

    Examples
    --------
    >>> segments, problems = segments_of([Fraction(0), Fraction(1), Fraction(7)], Fraction(1))
    >>> [(int(s.onset_s), int(s.duration_s)) for s in segments]
    [(0, 2), (7, 1)]
    """
    jumps = _jumps(onsets, record_s)
    if len(onsets) > 2 and len(jumps) == len(onsets) - 1 and len(set(jumps.values())) == 1:
        raise ValueError(_REGULAR.format(float(record_s), float(record_s + jumps[1])))
    starts = [(Fraction(0), 0)]
    for i, jump in jumps.items():
        onset, first = starts[-1]
        starts.append((onset + (i - first) * record_s + jump, i))
    stops = [i for _, i in starts[1:]] + [len(onsets)]
    segments = tuple(
        Segment(onset, (stop - i) * record_s, i * record_s)
        for (onset, i), stop in zip(starts, stops, strict=True)
    )
    n_lost = sum(onset is None for onset in onsets)
    lost = f"{n_lost} of {len(onsets)} data records hold no readable time; each follows the one before."
    return segments, (lost,) if n_lost else ()


def _jumps(onsets: Sequence[Fraction | None], record_s: Fraction) -> dict[int, Fraction]:
    """Length of the gap before each record that has one, in s."""
    jumps: dict[int, Fraction] = {}
    expected: Fraction | None = None
    for i, onset in enumerate(onsets):
        late = Fraction(0) if onset is None or expected is None else onset - expected
        if expected is not None and late < -TOLERANCE_S:
            raise ValueError(_BACKWARDS.format(i + 1, float(expected + late), float(expected)))
        if late > LONGEST_GAP_S:
            raise ValueError(_TOO_LATE.format(i + 1, float(late) / 3600))
        if late > TOLERANCE_S:
            jumps[i] = late
        following = onset if onset is not None else expected
        expected = None if following is None else following + record_s
    return jumps


_BACKWARDS = (
    "Data records must not overlap in time, but record {} starts at {:.2f} s and the one before ends at "
    "{:.2f} s. The times of this file cannot be trusted: export it again, as EDF+C if possible."
)
_TOO_LATE = (
    "A gap must last less than a day, but data record {} starts {:.1f} h after the one before ends. "
    "The times of this file cannot be trusted: export it again, as EDF+C if possible."
)
_REGULAR = (
    "Data records must last as long as the header says, {:g} s, but each starts {:g} s after the one before. "
    "Which of the two is true cannot be known: export the file again."
)
