"""A recording in memory, whole or block by block: canonical names, volts, one rate, no person."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sleeplab.recording._open import open_source
from sleeplab.recording._plan import NO_TRACK, Feed, Plan, plan_reading
from sleeplab.recording._resample import Samples, held, resampled
from sleeplab.recording._source import Header, Segment, header_of, unique_labels

if TYPE_CHECKING:
    import mne

_INNER_BLOCK_S = 300
"""A night is read in pieces that fit the processor's cache; the memory needed is that of the result."""


def read_header(path: str | Path) -> Header:
    """Read what a recording says about itself: clock, channels, gaps, what is unsound. No samples, no person.

    Parameters
    ----------
    path : str or Path
        EDF, EDF+C, EDF+D, BDF, FIF or BrainVision (``.vhdr``); the format is recognised from the content. Or
        a name such as ``simulated:anna``, see `sleeplab.locate`.

    Returns
    -------
    Header
        ``channels`` has one row per signal track, in file order; annotation tracks are not among them.

    Raises
    ------
    FileNotFoundError
        If there is no file at ``path``.
    ValueError
        If it is no recording, or too damaged to be read.

    Examples
    --------
    >>> read_header("nowhere.edf")
    Traceback (most recent call last):
    FileNotFoundError: There is no recording at nowhere.edf. Check the spelling and the folder.
    """
    return header_of(open_source(path))


def read_labels(path: str | Path) -> list[str]:
    """Read the labels of the tracks as they stand in the file: for the screen of whoever opens it, no output.

    Parameters
    ----------
    path : str or Path
        As for `read_header`.

    Returns
    -------
    list of str
        One per row of ``read_header(path).channels``; the second and later bearer of one is numbered.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_header`.

    Examples
    --------
    >>> read_labels("nowhere.edf")
    Traceback (most recent call last):
    FileNotFoundError: There is no recording at nowhere.edf. Check the spelling and the folder.
    """
    return unique_labels([track.label for track in open_source(path).tracks])


def read_recording(
    path: str | Path, *, eeg: Sequence[str] = (), roles: Collection[str] | None = None, sfreq: float = 100.0
) -> mne.io.RawArray:
    """Read the channels that staging and review need, in volts, under their AASM names, at one rate.

    Waves are resampled with a polyphase anti-aliasing filter (`scipy.signal.resample_poly`): flat up to 40
    Hz at 100 Hz. Readings (SpO2, pulse, position, anything below 10 Hz) are held from one value to the
    next. What is not a voltage keeps its unit and is typed ``misc`` or ``resp``. Derivations such as C4 −
    M1 are made where only electrodes were recorded. Gaps hold zeros and are annotated ``BAD_gap``.

    Parameters
    ----------
    path : str or Path
        As for `read_header`.
    eeg : sequence of str
        Labels, as they stand in the file, of the channels to take as EEG; empty: chosen by AASM preference.
    roles : collection of str, optional
        Roles to read, such as ``("eeg", "eog", "chin")``; all by default.
    sfreq : float
        Sampling rate of the result, in Hz.

    Returns
    -------
    mne.io.RawArray
        ``floor(duration_s * sfreq)`` samples per channel. ``info["meas_date"]`` is the clock time of the
        recording, typed UTC as MNE wants it. ``info["temp"]`` holds ``"native"`` (per channel ``sfreq`` in
        Hz, and ``step``, ``low``, ``high``: the digital step and rails in the channel's unit, NaN for a
        derivation made here) and ``"problems"`` (what was unsound and how it was read).

    Raises
    ------
    FileNotFoundError
        If there is no file at ``path``.
    ValueError
        If the file is no recording or too damaged, no EEG is found, all EEG is sampled at 80 Hz or less
        (which cannot be staged, and which interpolation would hide), or an argument is out of range.

    Examples
    --------
    >>> read_recording("nowhere.edf")
    Traceback (most recent call last):
    FileNotFoundError: There is no recording at nowhere.edf. Check the spelling and the folder.
    """
    plan = plan_reading(path, eeg, roles, sfreq)
    return _raw(plan, 0, plan.n_times)


def iter_blocks(
    path: str | Path,
    *,
    eeg: Sequence[str] = (),
    roles: Collection[str] | None = None,
    sfreq: float = 100.0,
    block_s: float = 1800.0,
) -> Iterator[mne.io.RawArray]:
    """Read a recording block by block, for recordings longer than memory.

    The blocks laid side by side are the samples of `read_recording`: each is resampled with the signal
    around it.

    Parameters
    ----------
    path, eeg, roles, sfreq
        As for `read_recording`.
    block_s : float
        Length of a block in s; the last may be shorter.

    Yields
    ------
    mne.io.RawArray
        ``first_samp`` says where in the night the block begins.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_recording`, when the first block is asked for; ValueError if a block is shorter than a
        sample.

    Examples
    --------
    >>> next(iter_blocks("nowhere.edf"))
    Traceback (most recent call last):
    FileNotFoundError: There is no recording at nowhere.edf. Check the spelling and the folder.
    """
    plan = plan_reading(path, eeg, roles, sfreq)
    n_block = math.floor(block_s * plan.sfreq) if math.isfinite(block_s) else 0
    if n_block < 1:
        msg = f"block_s must be at least one sample ({1 / sfreq:g} s), but it is {block_s}. Take minutes."
        raise ValueError(msg)
    for start in range(0, plan.n_times, n_block):
        yield _raw(plan, start, min(start + n_block, plan.n_times))


def _raw(plan: Plan, start: int, stop: int) -> mne.io.RawArray:
    import mne

    from sleeplab.channels import MNE_TYPES

    data = np.zeros((len(plan.feeds), stop - start))
    n_inner = max(1, math.floor(_INNER_BLOCK_S * plan.sfreq))
    for first in range(start, stop, n_inner):
        last = min(first + n_inner, stop)
        _fill(plan, first, data[:, first - start : last - start])
    info = mne.create_info(
        [f.name for f in plan.feeds],
        float(plan.sfreq),
        [MNE_TYPES[f.role] for f in plan.feeds],
        verbose="error",
    )
    info["temp"] = {"native": {f.name: _native(plan, f) for f in plan.feeds}, "problems": plan.problems}
    raw = mne.io.RawArray(data, info, first_samp=start, verbose="error")
    begin = plan.source.start
    raw.set_meas_date(None if begin is None else begin.replace(tzinfo=UTC))
    return raw.set_annotations(_gap_annotations(plan, start, stop), verbose="error")


def _fill(plan: Plan, first: int, out: NDArray[np.float64]) -> None:
    """Write every channel from sample ``first`` into ``out``, shape (n_channels, n_times), except in gaps."""
    segments = plan.source.segments
    begins = [round(s.onset_s * plan.sfreq) for s in segments] + [plan.n_times]
    for segment, begin, following in zip(segments, begins[:-1], begins[1:], strict=True):
        end = min(math.floor((segment.onset_s + segment.duration_s) * plan.sfreq), following)
        a, b = max(begin, first), min(end, first + out.shape[1])
        if a >= b:
            continue
        span: tuple[int, int] = (a - begin, b - begin)
        made: dict[int, Samples] = {}
        for feed, row in zip(plan.feeds, out, strict=True):
            for track in (feed.row, feed.minus):
                if track not in made and track != NO_TRACK:
                    made[track] = _track_span(plan, track, segment, span)
            row[a - first : b - first] = made[feed.row] * feed.scale
            if feed.minus != NO_TRACK:
                row[a - first : b - first] -= made[feed.minus] * feed.minus_scale


def _track_span(plan: Plan, row: int, segment: Segment, span: tuple[int, int]) -> Samples:
    """Read one track in its own unit at the output rate; ``span`` counts from the start of the segment."""
    track = plan.source.tracks[row]
    skipped = int(segment.skipped_s * track.sfreq)

    def read(start: int, stop: int) -> Samples:
        return plan.source.digital(row, skipped + start, skipped + stop)

    way = held if row in plan.readings else resampled
    found = way(read, int(segment.duration_s * track.sfreq), plan.sfreq / track.sfreq, span)
    return found.astype(np.float64) * track.gain + track.offset


def _native(plan: Plan, feed: Feed) -> dict[str, float]:
    """Rate, digital step and rails of a channel as recorded, in its output unit."""
    track = plan.source.tracks[feed.row]
    if feed.minus != NO_TRACK:
        slowest = min(track.sfreq, plan.source.tracks[feed.minus].sfreq)
        return {"sfreq": float(slowest), "step": math.nan, "low": math.nan, "high": math.nan}
    return {
        "sfreq": float(track.sfreq),
        "step": abs(track.gain) * feed.scale,
        "low": track.low * feed.scale,
        "high": track.high * feed.scale,
    }


def _gap_annotations(plan: Plan, start: int, stop: int) -> mne.Annotations:
    """Gaps within samples ``start`` to ``stop``, onsets counted from the first of these."""
    import mne

    first, last = start / float(plan.sfreq), stop / float(plan.sfreq)
    gaps = [(max(a, first), min(a + length, last)) for a, length in plan.source.gaps]
    inside = [(a, b) for a, b in gaps if a < b]
    return mne.Annotations([a - first for a, _ in inside], [b - a for a, b in inside], "BAD_gap")
