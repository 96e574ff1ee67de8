"""The same night second by second: boundaries inside epochs, intrusions, gradual change."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._architecture import STAGES
from sleeplab.simulate._subject import Subject, stream

_WAKE, _N1, _N2, _N3, _REM = range(5)


class Course(NamedTuple):
    """What the brain does in every second.

    Attributes
    ----------
    state : array of int, shape (n_seconds,)
        Position in ``STAGES`` of the state that rules this second.
    weights : array of float, shape (n_seconds, 5)
        How much of each stage's EEG sounds in this second; rows sum to 1.
    truth : array of int, shape (n_epochs,)
        The state that fills most of each 30-s epoch: the AASM's rule, and the truth of the night.
    arousals : array of float, shape (n_arousals, 2)
        Onset and duration in seconds.
    """

    state: npt.NDArray[np.int8]
    weights: npt.NDArray[np.float64]
    truth: npt.NDArray[np.int8]
    arousals: npt.NDArray[np.float64]


# (while in, slip into, per minute, shortest s, longest s). Alpha breaks into N1 and drowsiness into WAKE
# (Berry et al. 2017, doi:10.5664/jcsm.6576); sleep lightens and deepens for seconds, the cyclic alternating
# pattern (Terzano et al. 2001, doi:10.1016/S1389-9457(01)00149-6).
_SLIPS = (
    (_WAKE, _N1, 0.6, 3, 14),
    (_N1, _WAKE, 1.0, 3, 13),
    (_N1, _N2, 0.5, 3, 13),
    (_N2, _N1, 0.4, 4, 14),
    (_N2, _N3, 0.25, 4, 13),
    (_N3, _N2, 0.6, 4, 14),
    (_REM, _N1, 0.3, 4, 14),
)
# Arousals per hour of each stage in adults (Bonnet & Arand 2007, PMC2564772).
_AROUSALS = {_N1: 24.0, _N2: 13.0, _N3: 4.0, _REM: 11.0}
_AROUSAL_FACTOR = {"apnea": 2.2, "plm": 1.3, "insomnia": 1.3}


def draw_course(seed: int, subject: Subject, stages: npt.NDArray[np.int8]) -> Course:
    """Turn one stage per epoch into one state per second, and the states into smooth weights.

    A boundary between two stages lies anywhere in its epoch; the brain slips for seconds into a neighbouring
    state; N2 and N3 are regions of one continuum. The truth is what fills most of an epoch.
    """
    rng = stream(seed, "course")
    state = _move_boundaries(rng, stages)
    arousals = _draw_arousals(rng, subject, state)
    for source, target, per_min, shortest, longest in _SLIPS:
        _slip(rng, state, (source, target), (per_min, shortest, longest))
    for onset, duration in arousals:
        state[round(onset) : round(onset + duration)] = _WAKE
    counts = np.stack([(state.reshape(-1, 30) == s).sum(axis=1) for s in range(len(STAGES))], axis=1)
    truth = counts.argmax(axis=1).astype(np.int8)
    return Course(state, _blend(rng, state), truth, arousals)


def _move_boundaries(rng: np.random.Generator, stages: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    state = np.repeat(stages, 30)
    edges = np.flatnonzero(np.diff(stages)) + 1
    lengths = np.diff(np.concatenate([[0], edges, [len(stages)]]))
    for edge, before, after in zip(edges, lengths[:-1], lengths[1:], strict=True):
        reach = 14 if min(before, after) > 1 else 7
        shift = int(rng.integers(-reach, reach + 1))
        if shift > 0:
            state[30 * edge : 30 * edge + shift] = stages[edge - 1]
        else:
            state[30 * edge + shift : 30 * edge] = stages[edge]
    return state


def _slip(
    rng: np.random.Generator, state: npt.NDArray[np.int8], pair: tuple[int, int], rate: tuple[float, int, int]
) -> None:
    source, target = pair
    per_min, shortest, longest = rate
    inside = np.flatnonzero(state == source)
    for onset in rng.permutation(inside)[: rng.poisson(per_min * len(inside) / 60)]:
        stop = onset + rng.integers(shortest, longest + 1)
        state[onset:stop][state[onset:stop] == source] = target


def _draw_arousals(
    rng: np.random.Generator, subject: Subject, state: npt.NDArray[np.int8]
) -> npt.NDArray[np.float64]:
    """Draw abrupt shifts of 3 s to 14 s, with at least 10 s of sleep before."""
    factor = _AROUSAL_FACTOR.get(subject.patient, 1.0) * subject.fragmentation**0.5
    hazard = np.zeros(len(state))
    for stage, per_hour in _AROUSALS.items():
        hazard[state == stage] = per_hour * factor / 3600
    found: list[tuple[float, float]] = []
    last = 0.0
    for onset in np.flatnonzero(rng.random(len(state)) < hazard):
        duration = float(np.clip(rng.gamma(3.0, 2.3), 3.0, 14.0))
        if onset - last > 10 and onset + duration < len(state) and (state[onset - 10 : onset] != _WAKE).all():
            found.append((float(onset), round(duration, 2)))
            last = onset + duration
    return np.array(found).reshape(-1, 2)


def _blend(rng: np.random.Generator, state: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    """Smooth the states, then let sleep depth drift between N2 and N3."""
    from scipy.ndimage import gaussian_filter1d

    sharp = np.eye(len(STAGES))[state]
    weights = gaussian_filter1d(sharp, 2.0, axis=0)
    deep = gaussian_filter1d(weights[:, _N2] + weights[:, _N3], 1.0)
    slow = gaussian_filter1d(sharp[:, _N3], 40.0) * 0.55 + weights[:, _N3] * 0.45
    depth = np.clip(slow + 0.10 * _drift(rng, len(state), 45.0), 0.0, 1.0)
    weights[:, _N3] = deep * depth
    weights[:, _N2] = deep * (1 - depth)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _drift(rng: np.random.Generator, n_seconds: int, scale_s: float) -> npt.NDArray[np.float64]:
    """Draw slow unit-variance noise."""
    from scipy.ndimage import gaussian_filter1d

    noise = gaussian_filter1d(rng.standard_normal(n_seconds), scale_s, mode="wrap")
    return np.asarray(noise * np.sqrt(2 * scale_s * np.sqrt(np.pi)))
