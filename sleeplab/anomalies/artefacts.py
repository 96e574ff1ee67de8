"""Faults of electrodes and recorder that leave the EEG readable: pops, sweat, heart, hum, polarity, clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import Finding, Inputs, group_by_gap, runs, span
from sleeplab.anomalies._samples import high_peaks, row_medians
from sleeplab.anomalies.signal import Episode, merge_channels
from sleeplab.anomalies.swaps import find_swapped_leads, likeness
from sleeplab.channels import parse_label
from sleeplab.features import EPOCH_S, names_of_role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]
    Spectra = dict[str, NDArray[np.complex64]]

POP_UV, POP_EDGE, POP_SHARED = 100.0, 0.6, 0.3
POP_GAP_S, MIN_POPS = 300.0, 4
SWEAT_HZ, SWEAT_UV, SWEAT_TIMES, SWEAT_MIN_S = (0.1, 0.6), 25.0, 3.0, 120.0
# kind: the band that is missing, and the bands beside it that it is compared with
BANDS_MISSING = {
    "slow waves missing": ((0.5, 1.5), ((2.5, 4.0),)),
    "spindle band missing": ((12.0, 15.0), ((8.5, 10.5), (17.0, 20.0))),
}
MISSING_SHARE = 0.3
HUM_HZ, HUM_UV = 45.0, 10.0
HEART_UV, HEART_REACH_S, BLOCK, MIN_BEATS = 15.0, 0.06, 10, 50  # block in epochs
MAD_TO_SD = 1.4826
POLARITY_HZ, POLARITY_R, MIN_SHARING = (4.0, 15.0), -0.25, 3
CLOCK_Z, CLOCK_ALONE, CLOCK_NEAR_S, CLOCK_STEP_S = 5.0, 0.5, 2.0, 0.1


class Say(NamedTuple):
    """How an episode is written: its kind, a sentence with a place for the value, and the least length."""

    kind: str
    words: str
    min_epochs: int


def find_artefacts(inputs: Inputs) -> list[Finding]:
    """Find faults that the gate lets pass, because the EEG can still be read: one finding per episode.

    - Electrode pops: a jump of 100 µV or more within 30 ms that has not decayed after 0.1 s, and of which no
      other channel shows a third. Four or more of one channel, less than 5 min apart, are one finding.
    - Sweat: 25 µV RMS or more between 0.1 and 0.6 Hz, and 3 times the channel's usual value of that stage,
      for 2 min or more.
    - Heart in the EEG: the average around the R peaks of 5 min is 15 µV high or more.
    - Slow waves or the spindle band missing: the ratio of 0.5–1.5 Hz to 2.5–4 Hz, or of 12–15 Hz to the
      bands on either side, which hardly depend on the stage, is 0.3 of the channel's usual one or less for
      2 min or more, as when a filter is switched.
    - Mains hum: a line above 45 Hz of 10 µV RMS or more. Read at 100 Hz, a night shows it only where the
      recorder had no filter.
    - Inverted lead: an EEG channel against a mastoid whose 4–15 Hz correlate with those of the others by
      −0.25 or less (needs three).
    - Swapped leads: see `sleeplab.anomalies.swaps`.
    - Clock jump: two breathing channels step between the same two samples by 5 times what is usual in that
      epoch, and no other step within 2 s is half as large: something is missing there, or the recorder
      started anew. A movement makes many such steps; at the end of a gap one side stands still.

    The limits are ours, set on simulated nights. The score is log2(1 + epochs × channels), of pops log2(1 +
    pops), of a clock jump 2.
    """
    n = round(len(inputs.stages) * EPOCH_S * float(inputs.recording.info["sfreq"]))
    eeg = {name: x[:n] for name, x in inputs.eeg_uv.items()}
    spectra = {name: _spectra(inputs, x) for name, x in eeg.items()}
    eog = names_of_role(inputs.recording, "eog")
    eyes = {name: _spectra(inputs, inputs.samples_uv(name)[:n]) for name in eog}
    return [
        *_pops(inputs, eeg),
        *_sweat(inputs, spectra),
        *_heart(inputs, eeg),
        *(finding for kind in BANDS_MISSING for finding in _band_missing(inputs, spectra, kind)),
        *_hum(inputs, spectra),
        *_inverted(inputs, spectra),
        *find_swapped_leads(inputs, spectra, eyes),
        *_clock_jumps(inputs),
    ]


def _pops(inputs: Inputs, eeg: dict[str, Array]) -> list[Finding]:
    sfreq = float(inputs.recording.info["sfreq"])
    findings = []
    for name, x in eeg.items():
        at, heights = _jumps(x, sfreq)
        fit = inputs.fit[name][(at / sfreq // EPOCH_S).astype(int).clip(0, len(inputs.stages) - 1)]
        for other in eeg.keys() - {name}:
            near = _step_heights(eeg[other], at[:, None] + np.arange(-5, 6), sfreq)
            fit &= near.max(axis=1) <= POP_SHARED * heights
        times, sizes = at[fit] / sfreq, heights[fit]
        for group in group_by_gap(times, times, POP_GAP_S):
            if len(times[group]) >= MIN_POPS:
                onset, length = float(times[group][0]), float(np.ptp(times[group])) + 1.0
                text = (
                    f"{name}: {len(times[group])} abrupt jumps within {span(length)}, median "
                    f"{np.median(sizes[group]):.0f} µV (limit {POP_UV:.0f} µV), on this channel only."
                )
                score = float(np.log2(1 + len(times[group])))
                findings.append(Finding("electrode pops", onset, length, (name,), score, text))
    return findings


def _jumps(x: Array, sfreq: float) -> tuple[NDArray[np.intp], Array]:
    """Find the steep steps of 100 µV or more: samples, and heights in µV."""
    n, gap = _around_step(sfreq)
    steep = 1 + np.flatnonzero(np.abs(x[gap + 1 :] - x[: -gap - 1]) >= POP_EDGE * POP_UV)
    steep = steep[(steep >= n + gap) & (steep < len(x) - n - gap)]
    step = np.zeros(len(x), dtype=np.float32)
    step[steep] = _step_heights(x, steep, sfreq)
    at = high_peaks(step, POP_UV, round(0.3 * sfreq))
    return at, step[at]


def _around_step(sfreq: float) -> tuple[int, int]:
    """How many samples are 0.1 s, and how many lie within a step on either side."""
    return round(0.1 * sfreq), max(round(0.02 * sfreq), 1)


def _step_heights(x: Array, at: NDArray[np.intp], sfreq: float) -> Array:
    """Height in µV of the step at each sample, 0.1 s after against 0.1 s before; 0 where not steep."""
    n, gap = _around_step(sfreq)
    at = at.clip(n + gap, len(x) - n - gap - 1)
    first = at[..., None] + np.arange(n)
    height = np.abs(x[first + gap].mean(axis=-1, dtype=float) - x[first - gap - n].mean(axis=-1, dtype=float))
    return np.where(np.abs(x[at + gap] - x[at - 1]) >= POP_EDGE * height, height, 0.0)


def _spectra(inputs: Inputs, x: Array) -> NDArray[np.complex64]:
    """Amplitude and phase of each epoch's waves, µV, 1/30 Hz apart: half of their squares is the power."""
    from scipy.fft import rfft

    rows = x.reshape(len(inputs.stages), -1)
    return np.asarray(rfft(rows - rows.mean(axis=1, keepdims=True), axis=1) * np.float32(2 / rows.shape[1]))


def _bins(low_hz: float, high_hz: float = np.inf) -> slice:
    return slice(round(low_hz * EPOCH_S), None if high_hz == np.inf else round(high_hz * EPOCH_S) + 1)


def _sweat(inputs: Inputs, spectra: Spectra) -> list[Finding]:
    slow, masks = {}, {}
    for name, own in spectra.items():
        slow[name] = np.sqrt((np.abs(own[:, _bins(*SWEAT_HZ)]) ** 2).sum(axis=1) / 2)
        usual = np.full(len(own), np.inf)
        for stage in np.unique(inputs.stages[inputs.fit[name]]):
            same = inputs.stages == stage
            usual[same] = np.median(slow[name][same & inputs.fit[name]])
        masks[name] = inputs.fit[name] & (slow[name] >= np.maximum(SWEAT_UV, SWEAT_TIMES * usual))
    words = f"drift of {{:.0f}} µV RMS between 0.1 and 0.6 Hz (limit {SWEAT_UV:.0f} µV)"
    return _episodes(slow, masks, Say("sweat-like drift", words, round(SWEAT_MIN_S / EPOCH_S)))


def _band_missing(inputs: Inputs, spectra: Spectra, kind: str) -> list[Finding]:
    band, beside = BANDS_MISSING[kind]
    ratio, masks = {}, {}
    for name, own in spectra.items():
        power, *others = ((np.abs(own[:, _bins(*hz)]) ** 2).mean(axis=1) for hz in (band, *beside))
        value = np.sqrt(power / np.maximum(np.prod(others, axis=0) ** (1 / len(others)), 1e-12))
        usual = np.median(value[inputs.fit[name]]) if inputs.fit[name].any() else 0.0
        ratio[name] = value / max(usual, 1e-12)
        masks[name] = inputs.fit[name] & (ratio[name] <= MISSING_SHARE)
    words = f"waves of {_hz(band)} against those of {' and '.join(map(_hz, beside))} are {{:.2f}} of usual "
    say = Say(kind, f"{words}(limit {MISSING_SHARE})", round(SWEAT_MIN_S / EPOCH_S))
    return _episodes(ratio, masks, say)


def _hz(band: tuple[float, float]) -> str:
    return f"{band[0]:g}–{band[1]:g} Hz"


def _hum(inputs: Inputs, spectra: Spectra) -> list[Finding]:
    hum = {
        name: np.abs(own[:, _bins(HUM_HZ)]).max(axis=1, initial=0) / 2**0.5 for name, own in spectra.items()
    }
    masks = {name: inputs.fit[name] & (value >= HUM_UV) for name, value in hum.items()}
    words = f"a line above {HUM_HZ:.0f} Hz of {{:.0f}} µV RMS (limit {HUM_UV:.0f} µV)"
    return _episodes(hum, masks, Say("mains hum", words, 2))


def _heart(inputs: Inputs, eeg: dict[str, Array]) -> list[Finding]:
    sfreq, beats = float(inputs.recording.info["sfreq"]), inputs.beats
    if len(beats) == 0:
        return []
    around = np.arange(-round(HEART_REACH_S * sfreq), round(HEART_REACH_S * sfreq) + 1)
    block = round(BLOCK * EPOCH_S * sfreq)
    n_blocks = -(-len(inputs.stages) // BLOCK)
    masks, heights = {}, {}
    for name, x in eeg.items():
        inner = beats[(beats > 100) & (beats < len(x) - 100)]
        edges = np.searchsorted(inner, block * np.arange(n_blocks + 1))
        sums = np.cumsum(np.pad(x[inner[:, None] + around], ((1, 0), (0, 0))), axis=0, dtype=float)
        total, n_beats = np.diff(sums[edges], axis=0), np.diff(edges)
        mean = np.where(n_beats > MIN_BEATS, np.ptp(total, axis=1) / np.maximum(n_beats, 1), 0.0)
        heights[name] = np.repeat(mean, BLOCK)[: len(inputs.stages)]
        masks[name] = inputs.fit[name] & (heights[name] >= HEART_UV)
    words = f"the average over heart beats is {{:.0f}} µV high (limit {HEART_UV:.0f} µV)"
    return _episodes(heights, masks, Say("heart in the EEG", words, BLOCK // 2))


def _inverted(inputs: Inputs, spectra: Spectra) -> list[Finding]:
    names = [name for name in spectra if parse_label(name).reference in ("M1", "M2")]
    if len(names) < MIN_SHARING:
        return []
    fit = np.stack([inputs.fit[name] for name in names], axis=1)
    alike = likeness([spectra[name][:, _bins(*POLARITY_HZ)] for name in names]) * fit[:, None]
    judged = fit & (fit.sum(axis=1, keepdims=True) >= MIN_SHARING)
    r = {
        name: np.where(judged[:, i], np.median(np.delete(alike[:, i], i, axis=1), axis=1), 0.0)
        for i, name in enumerate(names)
    }
    masks = {name: value <= POLARITY_R for name, value in r.items()}
    words = f"correlation {{:.2f}} with the other EEG channels (limit {POLARITY_R}): inputs may be exchanged"
    return _episodes(r, masks, Say("inverted lead", words, 2))


def _episodes(values: dict[str, Array], masks: dict[str, NDArray[np.bool_]], say: Say) -> list[Finding]:
    """Write the runs of epochs in which a mask holds; channels at the same time are one finding."""
    episodes = merge_channels(
        Episode(start, stop, (name,))
        for name, mask in masks.items()
        for start, stop in runs(mask, bridge=2)
        if mask[start:stop].sum() >= say.min_epochs
    )
    findings = []
    for start, stop, names in episodes:
        value = float(np.median([np.median(values[name][start:stop]) for name in names]))
        length = (stop - start) * EPOCH_S
        text = f"{', '.join(names)}: {say.words.format(value)}, for {span(length)}."
        score = float(np.log2(1 + (stop - start) * len(names)))
        findings.append(Finding(say.kind, start * EPOCH_S, length, names, score, text))
    return findings


def _clock_jumps(inputs: Inputs) -> list[Finding]:
    breaths = names_of_role(inputs.recording, "flow") + names_of_role(inputs.recording, "effort")
    if len(breaths) < 2:
        return []
    sfreq = float(inputs.recording.info["sfreq"])
    largest = together = np.zeros(1, dtype=np.float32)
    for size in (_step_sizes(inputs, name) for name in breaths):  # together: the second largest
        largest, together = np.maximum(largest, size), np.maximum(together, np.minimum(largest, size))
    near, step = round(CLOCK_NEAR_S * sfreq), round(CLOCK_STEP_S * sfreq)
    findings = []
    for start, stop in runs(together >= CLOCK_Z, bridge=step):
        top = start + int(np.argmax(together[start:stop]))
        before, after = (
            together[max(top - near, 0) : max(top - step, 0)],
            together[top + step + 1 : top + near],
        )
        alone = np.append(before, after).max(initial=0.0) < CLOCK_ALONE * together[top]
        if alone and before.size and after.size and np.median(before) > 0 and np.median(after) > 0:
            text = (
                f"Breathing steps on two channels between the same two samples, {together[top]:.0f} times as "
                f"far as usual (limit {CLOCK_Z:.0f}): data may be missing here, or the recorder started anew."
            )
            findings.append(Finding("clock jump", (top + 1) / sfreq, 1.0, (), 2.0, text))
    return findings


def _step_sizes(inputs: Inputs, name: str) -> Array:
    """Size of the steps around each sample, over the robust spread of its epoch's steps; 0 where unfit."""
    n = round(EPOCH_S * float(inputs.recording.info["sfreq"]))
    x = inputs.recording.get_data(picks=[name], stop=len(inputs.stages) * n)[0].astype(np.float32)
    step = np.abs(np.diff(x, append=x[-1:])).reshape(len(inputs.stages), n)
    usual = MAD_TO_SD * row_medians(step)[:, None]
    step /= np.where((usual > 0) & inputs.fit[name][:, None], usual, np.inf)
    padded = np.pad(step.ravel(), 1)
    return np.asarray(np.maximum(np.maximum(padded[:-2], padded[2:]), padded[1:-1]))
