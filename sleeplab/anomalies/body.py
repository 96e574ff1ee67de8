"""Findings in the channels beside the EEG, each by its published rule: oxygen, legs, heart, chin in REM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sleeplab.anomalies._ledger import (
    SLEEP,
    Finding,
    Inputs,
    group_by_gap,
    runs,
    span,
    stage_at,
    stage_counts,
)
from sleeplab.anomalies._samples import row_medians
from sleeplab.features import EPOCH_S, names_of_role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

FALL_PCT, FALL_MIN_S, BASELINE_S = 3.0, 10.0, 60.0
DESATURATION_GAP_S = 300.0
LOW_PCT, LOW_MIN_S = 88.0, 300.0
RISE_UV, REST_UV, REST_S = 8.0, 2.0, 10.0
LEG_MIN_S, LEG_MAX_S, LEG_JOIN_S = 0.5, 10.0, 0.5
INTERVAL_S = (10.0, 90.0)
MIN_SERIES = 4
SERIES_GAP_S = 900.0
SLOW_BPM, FAST_BPM = 40.0, 90.0
MINI_S = 3.0
CHIN_RATIO, CHIN_SHARE = 2.0, 0.18
MIN_REM = 3  # epochs


def find_body_events(inputs: Inputs) -> list[Finding]:
    """Apply the rules for oxygen, legs, heart and chin to the channels that are there."""
    return [
        *find_desaturations(inputs),
        *find_leg_series(inputs),
        *find_heart_extremes(inputs),
        *find_rem_tone(inputs),
    ]


def find_desaturations(inputs: Inputs) -> list[Finding]:
    """Find falls of the oxygen saturation.

    A desaturation is a fall of 3 % or more below the highest value of the minute before, 10 s or longer from
    where it begins to where two thirds are regained. Falls less than 5 min apart become one series.
    Separately: 88 % or less for 5 min or more. The score is the fall over 3 % (a series: the mean fall, times
    log2(1 + number)).
    """
    findings: list[Finding] = []
    for ch_name in names_of_role(inputs.recording, "spo2")[:1]:
        spo2 = _per_second(inputs, ch_name)
        events = _falls(spo2)
        for group in group_by_gap(events[:, 0], events[:, 0] + events[:, 1], DESATURATION_GAP_S):
            findings.append(_describe_falls(events[group], ch_name, inputs))
        for start, stop in runs(spo2 <= LOW_PCT, bridge=10):
            if stop - start >= LOW_MIN_S:
                low = float(np.nanmean(spo2[start:stop]))
                text = (
                    f"SpO2 {low:.1f} % on average for {span(stop - start)} (limit {LOW_PCT:.0f} % for 5 min)."
                )
                score = float((stop - start) / LOW_MIN_S)
                findings.append(
                    Finding("low oxygen", float(start), float(stop - start), (ch_name,), score, text)
                )
    return findings


def _per_second(inputs: Inputs, ch_name: str) -> Array:
    """SpO2 in %, one value per second; NaN where implausible (outside 50–100 %) or refused by the gate."""
    sfreq = round(float(inputs.recording.info["sfreq"]))
    x = inputs.recording.get_data(picks=[ch_name])[0]
    values = np.median(x[: len(x) // sfreq * sfreq].reshape(-1, sfreq), axis=1)
    fit = np.append(np.repeat(inputs.fit[ch_name], round(EPOCH_S)), [True] * len(values))[: len(values)]
    return np.where(fit & (values >= 50) & (values <= 100.5), values, np.nan)


def _falls(spo2: Array) -> Array:
    """Onset, duration, fall and lowest value of each desaturation, shape (n_events, 4)."""
    from scipy.ndimage import maximum_filter1d

    n = round(BASELINE_S)
    filled = np.nan_to_num(spo2, nan=-1.0)
    baseline = maximum_filter1d(filled, size=n, origin=(n - 1) // 2, mode="nearest")
    fall = np.where(np.isfinite(spo2), baseline - filled, 0.0)
    events, end = [], 0
    for start, stop in runs(fall >= FALL_PCT, bridge=3):
        top, low = baseline[start], np.nanmin(spo2[start:stop])
        before = np.flatnonzero(filled[end:start] >= top - 1)
        onset = end + int(before[-1]) if len(before) else start
        regained = filled[stop - 1 :] >= low + (top - low) * 2 / 3
        stop = max(stop, stop - 1 + int(np.argmax(regained)))
        if start >= end and stop - onset >= FALL_MIN_S:
            events.append((onset, stop - onset, top - low, low))
            end = stop
    return np.array(events, dtype=float).reshape(-1, 4)


def _describe_falls(events: Array, ch_name: str, inputs: Inputs) -> Finding:
    onsets, lengths, falls, lows = events.T
    total = float(onsets[-1] + lengths[-1] - onsets[0])
    score = float(falls.mean() / FALL_PCT * np.log2(1 + len(onsets)))
    if len(onsets) == 1:
        text = (
            f"SpO2 fell by {falls[0]:.1f} % to {lows[0]:.0f} % within {lengths[0]:.0f} s (limits 3 %, 10 s)."
        )
        return Finding("desaturation", float(onsets[0]), total, (ch_name,), score, text)
    text = (
        f"{len(onsets)} desaturations in {span(total)} ({len(onsets) / total * 3600:.0f} per hour; "
        f"{stage_counts(onsets, inputs.stages)}), mean fall {falls.mean():.1f} %, lowest {lows.min():.0f} %."
    )
    return Finding("desaturation series", float(onsets[0]), total, (ch_name,), score, text)


def find_leg_series(inputs: Inputs) -> list[Finding]:
    """Find periodic leg movements of sleep.

    A movement begins where the rectified EMG rises 8 µV over rest and ends where it stays below 2 µV over
    rest for 0.5 s; it lasts 0.5–10 s. Movements of both legs that overlap or follow within 0.5 s are one.
    Four or more in a row with 10–90 s from onset to onset are a series; a shorter or longer interval ends it.
    Here rest is the median of the surrounding minute, and a movement in a short awakening does not end a
    series, but only those in sleep are counted. Series less than 15 min apart are one finding; movements
    outside of a series are not listed, as everybody has them. The score is log2 of the number of movements.
    """
    names = tuple(names_of_role(inputs.recording, "leg"))
    movements = sorted(m for ch_name in names for m in _movements(inputs, ch_name))
    table = np.array(movements, dtype=float).reshape(-1, 2)
    both = [table[group] for group in group_by_gap(table[:, 0], table[:, 1], LEG_JOIN_S)]
    series = _series(np.array([group[0, 0] for group in both]), inputs)
    starts, ends = (np.array([own[i] for own in series]) for i in (0, -1))
    return [
        _describe_legs(series[group], names, inputs) for group in group_by_gap(starts, ends, SERIES_GAP_S)
    ]


def _series(onsets: Array, inputs: Inputs) -> list[Array]:
    """Onsets in sleep of each series, four or more."""
    intervals = np.diff(onsets)
    asleep = np.array([stage_at(onset, inputs.stages) in SLEEP for onset in onsets], dtype=bool)
    found = []
    for start, stop in runs((intervals >= INTERVAL_S[0]) & (intervals <= INTERVAL_S[1])):
        own = onsets[start : stop + 1][asleep[start : stop + 1]]
        if len(own) >= MIN_SERIES:
            found.append(own)
    return found


def _describe_legs(series: list[Array], names: tuple[str, ...], inputs: Inputs) -> Finding:
    own = np.concatenate(series)
    apart = float(np.concatenate([np.diff(one) for one in series]).mean())
    many = f" in {len(series)} series" if len(series) > 1 else ""
    counts = stage_counts(own, inputs.stages)
    text = f"{len(own)} leg movements{many}, {apart:.0f} s apart on average ({counts})."
    total = float(own[-1] - own[0]) + LEG_MIN_S
    return Finding("leg movement series", float(own[0]), total, names, float(np.log2(len(own))), text)


def _movements(inputs: Inputs, ch_name: str) -> list[tuple[float, float]]:
    """Onset and end in seconds of each movement of one leg."""
    from scipy.ndimage import median_filter, uniform_filter1d
    from scipy.signal import butter, sosfiltfilt

    sfreq = float(inputs.recording.info["sfreq"])
    n = round(REST_S * sfreq)
    x = inputs.recording.get_data(picks=[ch_name], stop=len(inputs.stages) * round(EPOCH_S / REST_S) * n)[0]
    sos = butter(2, 10, btype="highpass", fs=sfreq, output="sos")
    level = uniform_filter1d(np.abs(sosfiltfilt(sos, x * 1e6)), round(0.15 * sfreq))
    rows = level.astype(np.float32).reshape(-1, n)
    over = (rows - median_filter(row_medians(rows), size=7, mode="nearest")[:, None]).ravel()
    found = []
    for start, stop in runs(over > REST_UV, bridge=round(LEG_MIN_S * sfreq)):
        risen = np.flatnonzero(over[start:stop] >= RISE_UV)
        if len(risen):
            onset, end = (start + int(risen[0])) / sfreq, stop / sfreq
            if LEG_MIN_S <= end - onset <= LEG_MAX_S and inputs.fit[ch_name][int(onset // EPOCH_S)]:
                found.append((onset, end))
    return found


def find_heart_extremes(inputs: Inputs) -> list[Finding]:
    """Find epochs of sleep with a median heart rate under 40 or over 90 beats per minute; runs are merged.

    The score is the distance to the limit in 10 beats per minute, plus 1.
    """
    rate = inputs.features["ecg_rate_bpm"].to_numpy(dtype=float)
    asleep = np.isin(inputs.stages, SLEEP)
    names = tuple(names_of_role(inputs.recording, "ecg"))
    findings = []
    for kind, mask, limit in (
        ("slow heart", rate < SLOW_BPM, SLOW_BPM),
        ("fast heart", rate > FAST_BPM, FAST_BPM),
    ):
        for start, stop in runs(mask & asleep, bridge=2):
            own = float(np.nanmedian(rate[start:stop]))
            length = (stop - start) * EPOCH_S
            text = f"Heart rate {own:.0f}/min for {span(length)} of sleep (limit {limit:.0f}/min)."
            findings.append(Finding(kind, start * EPOCH_S, length, names, 1 + abs(own - limit) / 10, text))
    return findings


def find_rem_tone(inputs: Inputs) -> list[Finding]:
    """Find REM whose chin is not relaxed.

    The chin is cut into 3-s pieces. A piece is active when its RMS exceeds twice the resting level: the 10th
    percentile over the fit pieces of REM or of all sleep, whichever is lower. Periods of REM shorter than
    1.5 min are left out: such short ones are often waking that was staged wrongly. When more than 18 % of the
    rest is active (cut-off for any chin activity: Frauscher et al. 2012, doi:10.5665/sleep.1886, who scored
    by eye), the night gets one finding, from the first to the last period. The score is the share over 18 %,
    times log2(1 + number of periods).
    """
    for ch_name in names_of_role(inputs.recording, "chin")[:1]:
        rem = (inputs.stages == "REM") & inputs.fit[ch_name]
        periods = [slice(*run) for run in runs(rem, bridge=2) if run[1] - run[0] >= MIN_REM]
        if periods:
            return _judge_tone(ch_name, rem, periods, inputs)
    return []


def _judge_tone(ch_name: str, rem: NDArray[np.bool_], periods: list[slice], inputs: Inputs) -> list[Finding]:
    level = _mini_epochs(inputs, ch_name)
    own = np.zeros(len(rem), dtype=bool)
    for period in periods:
        own[period] = rem[period]
    asleep = np.isin(inputs.stages, SLEEP) & inputs.fit[ch_name]
    limit = CHIN_RATIO * float(min(np.quantile(level[own], 0.1), np.quantile(level[asleep], 0.1)))
    active = (level > limit).mean(axis=1)
    share = float(active[own].mean())
    if share <= CHIN_SHARE:
        return []
    text = (
        f"Chin active in {100 * share:.0f} % of the 3-s pieces of {span(float(own.sum()) * EPOCH_S)} of REM "
        f"(limit 18 %; active: over {limit:.1f} µV, twice the resting level)."
    )
    onset, end = periods[0].start * EPOCH_S, periods[-1].stop * EPOCH_S
    score = share / CHIN_SHARE * float(np.log2(1 + len(periods)))
    return [Finding("REM without atonia", onset, end - onset, (ch_name,), score, text)]


def _mini_epochs(inputs: Inputs, ch_name: str) -> Array:
    """RMS of the chin above 10 Hz in 3-s pieces, µV, shape (n_epochs, 10)."""
    from scipy.signal import butter, sosfiltfilt

    sfreq = float(inputs.recording.info["sfreq"])
    n_epochs, n = len(inputs.stages), round(MINI_S * sfreq)
    sos = butter(2, 10, btype="highpass", fs=sfreq, output="sos")
    x = sosfiltfilt(sos, inputs.recording.get_data(picks=[ch_name])[0] * 1e6)
    return np.asarray(x[: n_epochs * 10 * n].reshape(n_epochs, 10, n).std(axis=2))
