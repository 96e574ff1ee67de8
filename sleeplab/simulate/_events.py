"""When the discrete events of a night happen, and how large each is."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._course import Course
from sleeplab.simulate._subject import Subject, stream

if TYPE_CHECKING:
    import pandas as pd

# kind: events per minute in WAKE, N1, N2, N3, REM; least, typical duration (s) and its spread (log); typical
# amplitude (µV) and its spread (log); frequency range (Hz), (0, 0) when the shape has none.
_RATES: dict[str, tuple[float, float, float, float, float]] = {
    "spindle": (0.0, 0.08, 1.0, 0.45, 0.0),  # × the subject's own density
    "k_complex": (0.0, 0.05, 1.2, 0.6, 0.0),
    "slow_wave": (0.0, 0.1, 2.2, 20.0, 0.0),
    "vertex_wave": (0.0, 1.2, 0.4, 0.0, 0.0),
    "sawtooth": (0.0, 0.0, 0.0, 0.0, 0.7),
    "rapid_eye_movement": (3.0, 0.15, 0.0, 0.0, 6.0),
    "slow_eye_movement": (0.8, 2.0, 0.08, 0.0, 0.1),
    "blink": (9.0, 0.1, 0.0, 0.0, 0.0),
}
_SIZES: dict[str, tuple[float, float, float, float, float]] = {
    "spindle": (0.45, 0.85, 0.35, 18.0, 0.40),
    "k_complex": (0.55, 0.85, 0.20, 85.0, 0.25),
    "slow_wave": (0.6, 1.0, 0.22, 62.0, 0.30),
    "vertex_wave": (0.12, 0.22, 0.20, 45.0, 0.35),
    "sawtooth": (1.5, 2.6, 0.35, 18.0, 0.30),
    "rapid_eye_movement": (0.5, 1.2, 0.30, 95.0, 0.45),
    "slow_eye_movement": (2.0, 4.0, 0.35, 45.0, 0.40),
    "blink": (0.2, 0.32, 0.20, 90.0, 0.35),
    "spike": (0.25, 0.32, 0.15, 75.0, 0.25),
    "spike_wave": (1.5, 3.5, 0.45, 110.0, 0.25),
}
# Discharges gather in NREM sleep: Ng & Pavlova 2013, doi:10.1155/2013/932790
_EPILEPTIFORM = {"spike": (0.1, 0.5, 1.1, 1.4, 0.1), "spike_wave": (0.01, 0.03, 0.07, 0.06, 0.0)}
_HZ = {"sawtooth": (2.0, 5.0), "slow_eye_movement": (0.2, 0.5), "spike_wave": (2.6, 3.6)}
EVENT_COLUMNS = ("onset_s", "duration_s", "kind", "amplitude_uv", "hz")


def draw_events(seed: int, subject: Subject, course: Course) -> "pd.DataFrame":
    """Draw all EEG and EOG events of a night: columns ``EVENT_COLUMNS``, sorted by onset.

    Rates per stage follow Purcell et al. 2017 (spindles, doi:10.1038/ncomms15930), Colrain 2005 (K-complexes,
    doi:10.1093/sleep/28.2.255), Massimini et al. 2004 (slow waves, doi:10.1523/JNEUROSCI.1318-04.2004) and
    Simor et al. 2020 (eye movements, doi:10.1016/j.smrv.2020.101305).
    """
    import pandas as pd

    rates = _RATES | (_EPILEPTIFORM if subject.patient == "epilepsy" else {})
    tables = [_draw_kind(stream(seed, kind), subject, course, kind) for kind in rates]
    return pd.concat(tables, ignore_index=True).sort_values(["onset_s", "kind"], ignore_index=True)


def _draw_kind(rng: np.random.Generator, subject: Subject, course: Course, kind: str) -> "pd.DataFrame":
    import pandas as pd

    least, typical, spread, amplitude, amplitude_spread = _SIZES[kind]
    onset = _draw_onsets(rng, subject, course, kind)
    n = len(onset)
    duration = np.clip(typical * np.exp(rng.normal(0, spread, n)), least, 3 * typical)
    size = amplitude * _gain(subject, kind) * np.exp(rng.normal(0, amplitude_spread, n))
    if kind.endswith("eye_movement"):
        size = size * rng.choice([-1.0, 1.0], n)
    free = _keep_apart(onset, duration)
    hz = _frequency(rng, subject, kind, n)
    values = (onset.round(3), duration.round(3), kind, size.round(2), hz.round(2))
    table = pd.DataFrame(dict(zip(EVENT_COLUMNS, values, strict=True)))
    return table[free & (onset + duration < len(course.state))]


def _draw_onsets(
    rng: np.random.Generator, subject: Subject, course: Course, kind: str
) -> npt.NDArray[np.float64]:
    """Draw Poisson events whose rate follows the stages, waxing and waning over tens of seconds.

    Spindles gather in the 0.02 Hz infraslow rhythm (Lecci et al. 2017, doi:10.1126/sciadv.1602026); eye
    movements come in phasic bursts.
    """
    rates = np.array((_RATES | _EPILEPTIFORM)[kind]) / 60
    per_second = course.weights @ rates
    if kind == "spindle":
        per_second *= subject.spindle_density
    if kind == "slow_wave":
        per_second *= subject.slow_gain
    depth = {"rapid_eye_movement": 1.2, "blink": 0.9, "spike": 0.6}.get(kind, 0.5)
    wave = np.cumsum(rng.normal(0.02 if kind == "spindle" else 0.03, 0.012, len(per_second)))
    per_second *= np.clip(1 + depth * np.sin(2 * np.pi * (wave + rng.random())), 0, None)
    counts = rng.poisson(per_second)
    seconds = np.repeat(np.arange(len(counts)), counts)
    return np.sort(seconds + rng.random(len(seconds)))


def _gain(subject: Subject, kind: str) -> float:
    factor = {"spindle": subject.spindle_gain, "k_complex": subject.slow_gain, "slow_wave": subject.slow_gain}
    return factor.get(kind, 1.0) * subject.eeg_gain


def _frequency(rng: np.random.Generator, subject: Subject, kind: str, n: int) -> npt.NDArray[np.float64]:
    if kind == "spindle":
        return rng.normal(subject.spindle_hz, 0.45, n)
    low, high = _HZ.get(kind, (0.0, 0.0))
    return rng.uniform(low, high, n)


def _keep_apart(onset: npt.NDArray[np.float64], duration: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Mark the events that start after the one before has ended."""
    free = np.ones(len(onset), dtype=bool)
    until = -1.0
    for i, (start, length) in enumerate(zip(onset, duration, strict=True)):
        free[i] = start >= until
        until = start + length if free[i] else until
    return free


def typical_size(events: "pd.DataFrame") -> "pd.Series[float]":
    """Size of each event as a multiple of what is typical of its kind."""
    typical = events["kind"].map({kind: size[3] for kind, size in _SIZES.items()})
    return (events["amplitude_uv"].abs() / typical).astype(float).round(2)
