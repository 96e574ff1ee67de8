"""From the plan of a night to samples, block by block."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._background import (
    HOP_S,
    eeg_sources,
    overlap_add,
    prepare_background,
    render_background,
)
from sleeplab.simulate._body import SLOW_HZ, Body
from sleeplab.simulate._course import Course
from sleeplab.simulate._subject import Subject, draw_site, stream
from sleeplab.simulate._waveforms import EEG_EOG, SHAPES

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[np.float64]
BLOCK_S = 300
MUSCLES = ("Chin", "LegL", "LegR")
BREATHS = ("Flow", "Thorax", "Abdomen")
CHANNELS = (*EEG_EOG, "Chin", "ECG", "LegL", "LegR", *BREATHS, "SpO2")
# (time from the R peak in s, amplitude in µV, width in s) of P, Q, R, S, T: McSharry et al. 2003,
# doi:10.1109/TBME.2003.808805
_ECG = ((-0.17, 110, 0.024), (-0.035, -120, 0.010), (0, 1050, 0.011), (0.032, -260, 0.011), (0.27, 260, 0.05))


class Plan(NamedTuple):
    """All that is drawn before the first sample: a night is this, whatever the rate it is sampled at."""

    seed: int
    subject: Subject
    course: Course
    events: "pd.DataFrame"
    body: Body


def render(plan: Plan, fast_hz: float, breath_hz: float) -> Iterator[dict[str, Array]]:
    """Yield the signals block by block: µV for EEG to legs, relative for breathing, % for SpO2."""
    sources = eeg_sources(plan.seed)
    background = prepare_background(plan.seed, plan.subject, plan.course, fast_hz)
    muscles = [stream(plan.seed, f"muscle {name}") for name in MUSCLES]
    breaths = [stream(plan.seed, f"noise {name}") for name in BREATHS]
    tail = np.zeros((len(EEG_EOG), int(HOP_S * fast_hz)))
    n_seconds = len(plan.course.state)
    for start in range(0, n_seconds, BLOCK_S):
        stop = min(start + BLOCK_S, n_seconds)
        span = (start, stop, fast_hz)
        frames = render_background(background, slice(start // HOP_S, stop // HOP_S), sources, fast_hz)
        eeg, tail = overlap_add(frames, tail)
        _add_events(eeg, plan.events, span)
        ecg = _render_ecg(plan.body.beats_s, span)
        eeg += np.outer(_ecg_leak(plan), ecg) + _hum(plan, span)
        block = dict(zip(EEG_EOG, eeg, strict=True))
        block |= _render_muscles(plan, muscles, span)
        block["Chin"] += 0.003 * ecg
        block["ECG"] = ecg + 6 * stream(plan.seed, f"ecg {start}").standard_normal(len(ecg))
        _add_movements(block, plan, span)
        yield block | _render_breath(plan, breaths, (start, stop, breath_hz))


def _ecg_leak(plan: Plan) -> Array:
    """Draw how much ECG each derivation shows; it differs between the two mastoids.

    Dirlich et al. 1997, doi:10.1016/S0013-4694(96)96506-2.
    """
    rng = stream(plan.seed, "ecg leak")
    left, right = rng.normal(0, 0.004, 2)
    return np.array([left, right] * 3 + [left, left]) + rng.normal(0, 0.001, len(EEG_EOG))


def _hum(plan: Plan, span: tuple[int, int, float]) -> Array:
    """Mains that an anti-aliasing filter has not taken away."""
    start, stop, sfreq = span
    t = start + np.arange(int((stop - start) * sfreq)) / sfreq
    return np.asarray(draw_site(plan.seed).hum_uv * np.sin(2 * np.pi * 50 * t) * (sfreq > 100))


def _add_events(eeg: Array, events: "pd.DataFrame", span: tuple[int, int, float]) -> None:
    start, stop, sfreq = span
    near = events[(events["onset_s"] + events["duration_s"] > start) & (events["onset_s"] < stop)]
    for onset, duration, kind, amplitude, hz in near.itertuples(index=False):
        shape, gains = SHAPES[kind]
        first = int(np.ceil((onset - start) * sfreq))
        last = int(np.floor((onset + duration - start) * sfreq))
        t = np.clip(np.arange(first, last) / sfreq - (onset - start), 0, duration)
        wave = amplitude * shape(t, duration, hz)
        begin, end = max(first, 0), min(last, eeg.shape[1])
        eeg[:, begin:end] += np.outer(gains, wave[begin - first : end - first])


def _render_ecg(beats: Array, span: tuple[int, int, float]) -> Array:
    start, stop, sfreq = span
    t = start + np.arange(int((stop - start) * sfreq)) / sfreq
    grid = np.arange(-0.35, 0.55, 0.001)
    beat = sum(size * np.exp(-0.5 * ((grid - at) / width) ** 2) for at, size, width in _ECG)
    padded = np.concatenate([[-10.0], beats, [1e9]])
    index = np.searchsorted(padded, t)
    before = np.interp(t - padded[index - 1], grid, beat, left=0, right=0)
    return np.asarray(before + np.interp(t - padded[index], grid, beat, left=0, right=0))


def _render_muscles(
    plan: Plan, streams: "list[np.random.Generator]", span: tuple[int, int, float]
) -> dict[str, Array]:
    """Muscle noise above 10 Hz, as loud as the tone of the chin and the bursts of the legs."""
    start, stop, sfreq = span
    t = start + np.arange(int((stop - start) * sfreq)) / sfreq
    slow = np.arange(len(plan.body.tone)) / SLOW_HZ
    out = {}
    for name, rng in zip(MUSCLES, streams, strict=True):
        level = np.interp(t, slow, plan.body.tone) if name == "Chin" else np.full(len(t), 2.5)
        for onset, duration, kind, channel, size in plan.body.events:
            if kind == "leg_movement" and name in channel and onset < stop and onset + duration > start:
                level += 45 * size * _bump(t, onset, duration)
        out[name] = level * _muscle_noise(rng, len(t), sfreq)
    return out


def _muscle_noise(rng: np.random.Generator, n: int, sfreq: float) -> Array:
    """White noise without what lies below 10 Hz, of variance 1."""
    freqs = np.fft.rfftfreq(n, 1 / sfreq)
    spectrum = np.fft.rfft(rng.standard_normal(n)) / (1 + (10 / np.maximum(freqs, 0.01)) ** 4)
    noise = np.fft.irfft(spectrum, n)
    return np.asarray(noise / noise.std())


def _bump(t: Array, onset: float, duration: float) -> Array:
    """0 outside, 1 inside, with edges of a tenth of a second."""
    return np.asarray(np.clip(np.minimum(t - onset, onset + duration - t) / 0.1, 0, 1))


def _add_movements(block: dict[str, Array], plan: Plan, span: tuple[int, int, float]) -> None:
    """Body movements: slow sway of the electrodes and muscle noise over everything on the skin."""
    start, stop, sfreq = span
    t = start + np.arange(int((stop - start) * sfreq)) / sfreq
    for i, (onset, duration, kind, _, size) in enumerate(plan.body.events):
        if kind != "movement" or onset > stop or onset + duration < start:
            continue
        rng = stream(plan.seed, f"movement {i}")
        inside = slice(*np.searchsorted(t, [onset, onset + duration]))
        envelope = _bump(t[inside], onset, duration)
        for name in (*EEG_EOG, *MUSCLES, "ECG"):
            hz, phase, sway = rng.uniform(0.3, 1.5), rng.uniform(0, 2 * np.pi), rng.uniform(30, 160)
            muscle = 25 * rng.standard_normal(len(envelope))
            wave = sway * np.sin(2 * np.pi * hz * (t[inside] - onset) + phase) + muscle
            block[name][inside] += size * envelope * wave


def _render_breath(
    plan: Plan, streams: "list[np.random.Generator]", span: tuple[int, int, float]
) -> dict[str, Array]:
    start, stop, sfreq = span
    t = start + np.arange(int((stop - start) * sfreq)) / sfreq
    slow = np.arange(len(plan.body.phase)) / SLOW_HZ
    phase = 2 * np.pi * np.interp(t, slow, plan.body.phase)
    out = {}
    for name, rng in zip(BREATHS, streams, strict=True):
        size = np.interp(t, slow, getattr(plan.body, name.lower()))
        shape = np.sin(phase) + 0.25 * np.sin(2 * phase) if name == "Flow" else np.sin(phase - 0.6)
        out[name] = size * shape + 0.03 * rng.standard_normal(len(t))
    seconds = np.arange(start, stop) + 0.5
    return out | {"SpO2": np.round(np.interp(seconds, slow, plan.body.spo2))}
