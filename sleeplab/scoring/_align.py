"""A scoring onto the epochs of its recording."""

import math
from typing import TYPE_CHECKING

from sleeplab.scoring._clock import offset_s, recording_start, wall_clock
from sleeplab.scoring._grid import EPOCH_S, to_epochs
from sleeplab.scoring._model import Scoring

if TYPE_CHECKING:
    import mne
    import pandas as pd
    import yasa


def align_hypnogram(hypnogram: "yasa.Hypnogram", recording: "mne.io.BaseRaw") -> "yasa.Hypnogram":
    """One stage per whole 30-s epoch of the recording, UNS where nothing is scored.

    With a clock on both sides the clocks decide; otherwise the scoring starts with the recording. An epoch
    of the recording that meets two epochs of the scoring takes the stage of the longer part, of the earlier
    one when both are equal, and UNS only where more than half of it is unscored.

    Parameters
    ----------
    hypnogram : yasa.Hypnogram
        Five stages, epochs of any length. ``start`` is taken as wall clock, whatever its time zone.
    recording : mne.io.BaseRaw
        Its duration, ``meas_date`` and first sample are used.

    Returns
    -------
    yasa.Hypnogram
        ``floor(duration / 30 s)`` epochs, starting with the recording. Probabilities are not carried over.

    Raises
    ------
    ValueError
        Where the scored part goes over an edge of the recording by more than one epoch. By the clock it may
        reach both edges or more: the recording is then an excerpt of the scored night.

    Examples
    --------
    >>> import mne, numpy as np, yasa
    >>> info = mne.create_info(["C4-M1"], 100.0, "eeg")
    >>> recording = mne.io.RawArray(np.zeros((1, 9000)), info, verbose="error")
    >>> align_hypnogram(yasa.Hypnogram(["WAKE", "N1"]), recording).hypno.tolist()
    ['WAKE', 'N1', 'UNS']
    """
    start = recording_start(recording)
    clock = wall_clock(hypnogram.start)
    clocked = clock is not None and start is not None
    return _shifted(hypnogram, recording, offset_s(clock, start), clocked=clocked)


def align_scoring(scoring: Scoring, recording: "mne.io.BaseRaw") -> Scoring:
    r"""Hypnogram by `align_hypnogram`, and events with onsets from the start of the recording.

    Returns
    -------
    Scoring
        ``start`` is that of the recording. Events, or parts of them, that lie outside the recording are left
        out.

    Raises
    ------
    ValueError
        As `align_hypnogram`; where no event of a scoring without stages lies in the recording, or, without
        clocks, one starts more than an epoch after its end.

    Examples
    --------
    The recording starts at 22:13:20, the first stage 30 s later.

    >>> import pathlib, tempfile, mne, numpy as np
    >>> from sleeplab.scoring import read_scoring
    >>> info = mne.create_info(["C4-M1"], 100.0, "eeg")
    >>> recording = mne.io.RawArray(np.zeros((1, 6000)), info, verbose="error").set_meas_date(1_700_000_000)
    >>> lines = ["Start Time,End Time,Event"]
    >>> lines += ["14/11/2023 22:13:50,14/11/2023 22:14:20,N2"]
    >>> lines += ["14/11/2023 22:14:00,14/11/2023 22:14:03,Arousal"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "scoring.csv")
    ...     _ = path.write_text("\n".join(lines))
    ...     aligned = align_scoring(read_scoring(path), recording)
    >>> aligned.hypnogram.hypno.tolist(), aligned.events.onset_s.tolist()
    (['UNS', 'N2'], [40.0])
    """
    start = recording_start(recording)
    shift_s = offset_s(scoring.start, start)
    clocked = scoring.start is not None and start is not None
    unknown = scoring.unknown.assign(first_onset_s=scoring.unknown["first_onset_s"] + shift_s)
    hypnogram = scoring.hypnogram
    if hypnogram is not None:
        first = wall_clock(hypnogram.start)
        later_s = (first - scoring.start).total_seconds() if first and scoring.start else 0.0
        hypnogram = _shifted(hypnogram, recording, shift_s + later_s, clocked=clocked)
    events = _events_within(scoring, shift_s, recording.duration, clocked=clocked)
    return Scoring(hypnogram, events, unknown, start)


def _events_within(scoring: Scoring, shift_s: float, duration_s: float, *, clocked: bool) -> "pd.DataFrame":
    """Events, or their parts, that lie in the recording."""
    onsets = scoring.events["onset_s"] + shift_s
    ends = onsets + scoring.events["duration_s"]
    inside = (onsets < duration_s) & ((onsets >= 0) | (ends > 0))
    late = not clocked and bool((onsets > duration_s + EPOCH_S).any())
    if late or (scoring.hypnogram is None and len(onsets) and not inside.any()):
        msg = (
            f"the events of a scoring must lie within its recording, but they start at "
            f"{onsets.min() / 60:.1f} to {onsets.max() / 60:.1f} min of a recording of "
            f"{duration_s / 60:.1f} min. Give the scoring of this recording."
        )
        raise ValueError(msg)
    first_s, last_s = onsets.clip(lower=0), ends.clip(upper=duration_s)
    cut = (first_s > onsets) | (last_s < ends)
    durations = scoring.events["duration_s"].mask(cut, last_s - first_s)
    return scoring.events.assign(onset_s=first_s, duration_s=durations)[inside].reset_index(drop=True)


def _shifted(
    hypnogram: "yasa.Hypnogram", recording: "mne.io.BaseRaw", shift_s: float, *, clocked: bool
) -> "yasa.Hypnogram":
    """Stages on the recording's epochs; the hypnogram starts ``shift_s`` after the recording."""
    import yasa

    if hypnogram.n_stages != 5:
        msg = f"a hypnogram must have the stages WAKE N1 N2 N3 REM; this one has {hypnogram.n_stages}, not 5."
        raise ValueError(msg)
    duration_s = recording.n_times / recording.info["sfreq"]
    n_epochs = math.floor(duration_s / EPOCH_S + 1e-6)
    if n_epochs == 0:
        msg = f"a recording must last one epoch of 30 s or more; got {duration_s:.1f} s. Give a longer one."
        raise ValueError(msg)
    length_s = 1 / hypnogram.sampling_frequency
    stages = hypnogram.hypno.tolist()
    spans = [(shift_s + i * length_s, length_s, stage) for i, stage in enumerate(stages) if stage != "UNS"]
    values = ["UNS"] * n_epochs
    if spans:
        _check_extent(spans[0][0], spans[-1][0] + length_s, duration_s, clocked=clocked)
        values = to_epochs(spans, origin_s=0.0, n_epochs=n_epochs)
    start = recording_start(recording)
    scorer = None if hypnogram.scorer is None else str(hypnogram.scorer)
    return yasa.Hypnogram(values, start=start, tz=None if start is None else "UTC", scorer=scorer)


def _check_extent(first_s: float, last_s: float, duration_s: float, *, clocked: bool) -> None:
    before, after = first_s < -EPOCH_S, last_s > duration_s + EPOCH_S
    n_epochs = round((last_s - first_s) / EPOCH_S)
    if not clocked and after:
        msg = (
            f"hypnogram covers {n_epochs} epochs ({last_s / 60:.1f} min) but the recording lasts "
            f"{duration_s / 60:.1f} min. Crop the hypnogram, or give the scoring of this recording."
        )
        raise ValueError(msg)
    by_clock = (
        f"by their clocks the scoring covers {first_s / 60:.1f} to {last_s / 60:.1f} min of a recording of "
        f"{duration_s / 60:.1f} min"
    )
    if last_s <= 0 or first_s >= duration_s:
        msg = f"scoring and recording must overlap, but {by_clock}. Give the scoring of this night."
        raise ValueError(msg)
    excerpt = first_s <= EPOCH_S and last_s >= duration_s - EPOCH_S
    if clocked and (before or after) and not excerpt:
        msg = f"the scoring must lie within the recording, but {by_clock}. Correct the clock or crop it."
        raise ValueError(msg)
