"""FIF and BrainVision, which MNE reads well: one rate for all channels, volts."""

from __future__ import annotations

import warnings
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sleeplab.recording._source import Segment, Source, Track

if TYPE_CHECKING:
    import mne

_VOLT = 107
"""FIFF_UNIT_V, the code of the volt in MNE's channel description."""


def mne_source(path: Path, kind: str) -> Source:
    """Open a FIF or BrainVision (``.vhdr``) recording through MNE, samples still on disk.

    Raises
    ------
    ValueError
        If MNE cannot read the file.
    """
    import mne

    reader = {"FIF": mne.io.read_raw_fif, "BrainVision": mne.io.read_raw_brainvision}[kind]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # file-name conventions, unit guesses: nothing that we do not check
            raw = reader(path, preload=False, verbose="error")
    except Exception as err:  # MNE raises whatever its parser hits
        msg = (
            f"A {kind} recording must be readable by MNE, but it fails ({type(err).__name__}). Export again."
        )
        raise ValueError(msg) from err

    def samples(i: int, start: int, stop: int) -> NDArray[np.floating[Any]]:
        data: NDArray[np.float64] = raw.get_data(picks=[i], start=start, stop=stop, verbose="error")[0]
        return data

    sfreq = Fraction(raw.info["sfreq"]).limit_denominator(10**6)
    tracks = tuple(Track(ch["ch_name"], sfreq, "V" if ch["unit"] == _VOLT else "") for ch in raw.info["chs"])
    start = raw.info["meas_date"]
    return Source(
        format=kind,
        start=None if start is None else start.replace(tzinfo=None),
        tracks=tracks,
        segments=_segments(raw, sfreq),
        digital=samples,
        problems=_joined_problems(raw),
    )


def _segments(raw: mne.io.BaseRaw, sfreq: Fraction) -> tuple[Segment, ...]:
    """Stretches between the skips that MNE marks (``BAD_ACQ_SKIP``) or that we marked (``BAD_gap``)."""
    total_s = raw.n_times / sfreq
    cursor, found = Fraction(0), []
    for note in sorted(raw.annotations, key=lambda a: float(a["onset"])):
        if note["description"] not in {"BAD_ACQ_SKIP", "BAD_gap"}:
            continue
        first = round((note["onset"] - raw.first_time) * sfreq) / sfreq
        last = min(first + round(note["duration"] * sfreq) / sfreq, total_s)
        if first > cursor:
            found.append(Segment(cursor, first - cursor, cursor))
        cursor = max(cursor, last)
    if cursor < total_s:
        found.append(Segment(cursor, total_s - cursor, cursor))
    return tuple(found) or (Segment(Fraction(0), total_s, Fraction(0)),)


def _joined_problems(raw: mne.io.BaseRaw) -> tuple[str, ...]:
    n_segments = sum(a["description"].startswith("New Segment") for a in raw.annotations)
    if n_segments < 2:
        return ()
    return (f"The recording was paused: {n_segments} stretches are joined, later times are too early.",)
