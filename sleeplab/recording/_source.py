"""What every file format is brought to: tracks, segments and one function that gives samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sleeplab.recording._units import shown_unit

if TYPE_CHECKING:
    import pandas as pd

LONGEST_S = 7 * 86400.0
"""A recording that claims to last longer than a week has a header that lies."""


@dataclass(frozen=True)
class Header:
    """What a recording says about itself, without its samples and without the person.

    Attributes
    ----------
    format : str
        ``"EDF"``, ``"EDF+C"``, ``"EDF+D"``, ``"BDF"``, ``"BDF+C"``, ``"BDF+D"``, ``"FIF"`` or
        ``"BrainVision"``.
    start : datetime or None
        Clock time of the first sample, without a zone; None when the header holds no sound time, dated
        1985-01-01 when it holds no sound date.
    duration_s : float
        From the first sample to the last, gaps included, in s.
    channels : pandas.DataFrame
        One row per track: the columns of :func:`sleeplab.channels.channel_table`, then ``n_samples`` and
        ``problem`` (why the track cannot be read; ``""`` when it can). A label of which not every word is
        known could hold a person's name: the canonical name stands in its place (`read_labels` gives it).
    gaps : tuple of (onset_s, duration_s)
        Times within the recording at which nothing was recorded.
    problems : tuple of str
        What was unsound in the file and how it was read.
    """

    format: str
    start: datetime | None
    duration_s: float
    channels: pd.DataFrame
    gaps: tuple[tuple[float, float], ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Track:
    """One channel as stored: ``physical = digital * gain + offset`` in ``unit``."""

    label: str
    sfreq: Fraction
    unit: str
    gain: float = 1.0
    offset: float = 0.0
    low: float = float("-inf")
    high: float = float("inf")
    problem: str = ""


@dataclass(frozen=True)
class Segment:
    """A stretch without a gap: it begins ``onset_s`` after the start and holds ``duration_s`` of data.

    ``skipped_s`` is the data time that the file holds before this segment.
    """

    onset_s: Fraction
    duration_s: Fraction
    skipped_s: Fraction


@dataclass(frozen=True)
class Source:
    """A recording whose header is read and whose samples are still on disk.

    ``digital(i, start, stop)`` gives the stored samples of track ``i``, counted through the file without
    gaps.
    """

    format: str
    start: datetime | None
    tracks: tuple[Track, ...]
    segments: tuple[Segment, ...]
    digital: Callable[[int, int, int], NDArray[np.floating[Any]]]
    problems: tuple[str, ...] = ()

    @property
    def duration_s(self) -> Fraction:
        """From the first sample to the last, gaps included."""
        return self.segments[-1].onset_s + self.segments[-1].duration_s

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """Onset and duration of each stretch that holds nothing, in s."""
        ends = [s.onset_s + s.duration_s for s in self.segments]
        starts = [s.onset_s for s in self.segments[1:]]
        return tuple((float(a), float(b - a)) for a, b in zip(ends, starts, strict=False))


def table_of(source: Source) -> pd.DataFrame:
    """Return the channel table of a source, its labels as they stand in the file, repeats numbered."""
    from sleeplab.channels import channel_table

    tracks = source.tracks
    table = channel_table(
        [t.label for t in tracks], sfreqs=[float(t.sfreq) for t in tracks], units=[t.unit for t in tracks]
    )
    return table.assign(label=unique_labels([t.label for t in tracks]), problem=[t.problem for t in tracks])


def header_of(source: Source) -> Header:
    """Describe a source: its tracks as a channel table, its gaps, its problems."""
    from sleeplab.channels import is_known_label

    tracks, table = source.tracks, table_of(source)
    recorded_s = sum((s.duration_s for s in source.segments), Fraction(0))
    table = table.assign(
        label=table["label"].where([is_known_label(t.label) for t in tracks], table["name"]),
        n_samples=[int(recorded_s * t.sfreq) for t in tracks],
        unit=[shown_unit(t.unit) for t in tracks],
    )
    unsound = tuple(
        f"Channel '{name}' is left out: {problem}."
        for name, problem in zip(table["name"], table["problem"], strict=True)
        if problem
    )
    problems = source.problems + _duplicate_problems(tracks) + unsound
    return Header(source.format, source.start, float(source.duration_s), table, source.gaps, problems)


def unique_labels(labels: list[str]) -> list[str]:
    """Return labels with the second and later bearer numbered: ``EEG``, ``EEG (2)``, ``EEG (3)``.

    Examples
    --------
    >>> unique_labels(["C3", "C4", "C3"])
    ['C3', 'C4', 'C3 (2)']
    """
    seen: dict[str, int] = {}
    unique: list[str] = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        unique.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return unique


def _duplicate_problems(tracks: tuple[Track, ...]) -> tuple[str, ...]:
    """One line per label that several tracks carry."""
    from sleeplab.channels import parse_label

    labels = [t.label for t in tracks]
    repeated = [(parse_label(x).name, labels.count(x)) for x in dict.fromkeys(labels) if labels.count(x) > 1]
    return tuple(
        f"{n} channels are called '{name}'; the later ones are read as '{name} (2)' …" for name, n in repeated
    )
