"""Heart, breathing, oxygen and muscles of the night."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._architecture import STAGES
from sleeplab.simulate._course import Course
from sleeplab.simulate._subject import Subject, stream

Array = npt.NDArray[np.float64]
BodyEvent = tuple[float, float, str, str, float]  # onset_s, duration_s, kind, channel, severity
SLOW_HZ = 4.0  # rate of the courses of breathing, oxygen and muscle tone

# WAKE, N1, N2, N3, REM
_HEART = np.array([1.12, 1.03, 0.99, 1.0, 1.06])  # Somers et al. 1993, doi:10.1056/NEJM199302043280502
_BREATH = np.array([1.08, 1.0, 1.0, 1.0, 1.10])  # Douglas et al. 1982, doi:10.1136/thx.37.11.840
_IRREGULAR = np.array([0.16, 0.09, 0.06, 0.03, 0.18])
_TONE = np.array(
    [1.0, 0.52, 0.40, 0.34, 0.17]
)  # falls with sleep, least in REM: Berry et al. 2017, doi:10.5664/jcsm.6576


class Body(NamedTuple):
    """Courses of the body at ``SLOW_HZ`` and what happens in it.

    Attributes
    ----------
    beats_s : array
        Times of the R peaks.
    phase : array
        Phase of breathing in cycles.
    flow, thorax, abdomen : array
        Amplitudes, 1 = quiet breathing; a negative value is paradoxical.
    spo2 : array
        Oxygen saturation in %.
    tone : array
        Chin tone in µV RMS.
    events : list of BodyEvent
        Apneas, hypopneas, desaturations, leg movements, body movements, muscle activity in REM.
    """

    beats_s: Array
    phase: Array
    flow: Array
    thorax: Array
    abdomen: Array
    spo2: Array
    tone: Array
    events: list[BodyEvent]


def draw_body(seed: int, subject: Subject, course: Course) -> Body:
    """Draw the course of the body over the night."""
    respiratory = _draw_respiratory(stream(seed, "respiratory"), subject, course)
    phase, effort = _breathe(stream(seed, "breathing"), subject, course)
    flow, thorax, abdomen = effort.copy(), effort.copy(), effort.copy()
    spo2, drops = _oxygen(stream(seed, "oxygen"), subject, len(flow), respiratory)
    for onset, duration, kind, _, severity in respiratory:
        inside = slice(int(onset * SLOW_HZ), int((onset + duration) * SLOW_HZ))
        after = slice(inside.stop, inside.stop + int(12 * SLOW_HZ))
        flow[inside] *= 0.04 if kind == "apnea" else 1 - 0.45 * severity
        thorax[inside] *= 0.5
        abdomen[inside] *= -0.5 if kind == "apnea" else 0.7
        for course_of in (flow, thorax, abdomen):
            course_of[after] *= 1.5
    events = respiratory + drops + _draw_legs(stream(seed, "legs"), subject, course)
    events += _draw_movements(stream(seed, "movements"), course)
    tone, bursts = _muscle_tone(stream(seed, "tone"), subject, course)
    beats = _heart(stream(seed, "heart"), subject, course, phase)
    return Body(beats, phase, flow, thorax, abdomen, spo2, tone, events + bursts)


def _slow(per_second: Array) -> Array:
    """Bring a course from 1 Hz to ``SLOW_HZ``."""
    n = len(per_second)
    return np.interp(np.arange(n * SLOW_HZ) / SLOW_HZ, np.arange(n) + 0.5, per_second)


def _breathe(rng: np.random.Generator, subject: Subject, course: Course) -> tuple[Array, Array]:
    from scipy.ndimage import gaussian_filter1d

    n = len(course.state)
    noise = gaussian_filter1d(rng.standard_normal((2, n)), 3.0, axis=1) * np.sqrt(6 * np.sqrt(np.pi))
    irregular = course.weights @ _IRREGULAR
    rate = subject.breath_hz * (course.weights @ _BREATH) * np.exp(0.6 * irregular * noise[0])
    effort = np.exp(1.2 * irregular * noise[1])
    return np.cumsum(_slow(rate)) / SLOW_HZ, _slow(effort)


def _draw_respiratory(rng: np.random.Generator, subject: Subject, course: Course) -> list[BodyEvent]:
    """Draw obstructive events of 10 s to 60 s; in apnea most of them end with an arousal.

    People without complaint have some too (Young et al. 1993, doi:10.1056/NEJM199304293281704).
    """
    ill = subject.patient == "apnea"
    per_hour = rng.uniform(8, 30) if ill else rng.exponential(1.2)
    sleep = np.flatnonzero(course.state > 0)
    ends = list(rng.permutation(sleep)[: rng.poisson(per_hour * len(sleep) / 3600)] + 20.0)
    if ill:
        ends += [onset + 1.0 for onset, _ in course.arousals if rng.random() < 0.85]
    events: list[BodyEvent] = []
    until = 0.0
    for end in sorted(ends):
        onset = float(end - np.clip(rng.gamma(6, 3.5), 10, 60))
        if onset > until + 8 and end + 60 < len(course.state):
            kind = "apnea" if ill and rng.random() < 0.45 else "hypopnea"
            size = round(rng.uniform(0.8, 1.6), 2)
            events.append((round(onset, 2), round(end - onset, 2), kind, "Flow", size))
            until = end
    return events


def _oxygen(
    rng: np.random.Generator,
    subject: Subject,
    n: int,
    respiratory: list[BodyEvent],
) -> tuple[Array, list[BodyEvent]]:
    """Draw saturation, falling after the breath stops (Berry et al. 2012, doi:10.5664/jcsm.2172)."""
    from scipy.ndimage import gaussian_filter1d

    base = rng.normal(96.3 - 0.03 * max(subject.age - 35, 0), 0.7)
    spo2 = base + 0.5 * gaussian_filter1d(rng.standard_normal(n), 240.0) * np.sqrt(480 * np.sqrt(np.pi))
    drops = []
    t = np.arange(n) / SLOW_HZ
    for onset, duration, kind, _, severity in respiratory:
        depth = severity * (3.2 if kind == "hypopnea" else 5.0) * duration / 22
        start, fall, rise = onset + 12, duration + 6, 18.0
        inside = slice(int(start * SLOW_HZ), int((start + fall + rise) * SLOW_HZ))
        spo2[inside] -= np.interp(t[inside], [start, start + fall, start + fall + rise], [0, depth, 0])
        if depth >= 3:
            drops.append(
                (round(start, 2), round(fall + rise, 2), "desaturation", "SpO2", round(depth / 4, 2))
            )
    return np.clip(spo2, 55, 99.5), drops


def _draw_legs(rng: np.random.Generator, subject: Subject, course: Course) -> list[BodyEvent]:
    """Draw leg movements of 0.5 s to 10 s; periodic ones come every 20 s to 40 s.

    Ferri et al. 2006, doi:10.1093/sleep/29.6.759.
    """
    periodic = subject.patient == "plm" or (subject.age > 60 and rng.random() < 0.3)
    onsets = list(rng.uniform(0, len(course.state), rng.poisson(len(course.state) / 3600 * 3)))
    second = rng.exponential(600)
    while periodic and second < len(course.state):
        for _ in range(int(rng.integers(6, 60))):
            second += max(rng.normal(26, 6), 8)
            if second < len(course.state) and course.state[int(second)] in (1, 2, 3):
                onsets.append(second)
        second += rng.exponential(900)
    if periodic:
        onsets += [onset - 0.5 for onset, _ in course.arousals if rng.random() < 0.4]
    events = []
    for onset in sorted(onsets):
        duration = round(float(np.clip(rng.gamma(5, 0.45), 0.6, 9)), 2)
        side = ("LegL", "LegR", "LegL,LegR")[int(rng.choice(3, p=[0.3, 0.3, 0.4]))]
        size = round(float(np.exp(rng.normal(0, 0.4))), 2)
        if onset + duration < len(course.state):
            events.append((round(float(onset), 2), duration, "leg_movement", side, size))
    return events


def _draw_movements(rng: np.random.Generator, course: Course) -> list[BodyEvent]:
    """Draw body movements, at awakenings and in wakefulness.

    Wilde-Frenz & Schulz 1983, doi:10.2466/pms.1983.56.1.275.
    """
    asleep = course.state > 0
    awakenings = np.flatnonzero(asleep[:-1] & ~asleep[1:])
    onsets = [s for s in awakenings if rng.random() < 0.35]
    awake = np.flatnonzero(~asleep)
    onsets += list(rng.permutation(awake)[: rng.poisson(len(awake) / 60 * 0.7)])
    events = []
    until = 0.0
    for onset in np.sort(np.array(onsets, dtype=float)) + rng.random(len(onsets)):
        duration = float(np.clip(rng.gamma(2, 2.2), 1, 18))
        if onset > until and onset + duration < len(course.state):
            size = round(float(np.exp(rng.normal(0, 0.5))), 2)
            events.append((round(float(onset), 2), round(duration, 2), "movement", "", size))
            until = onset + duration
    return events


def _muscle_tone(rng: np.random.Generator, subject: Subject, course: Course) -> tuple[Array, list[BodyEvent]]:
    """Draw chin tone per stage, with twitches in REM; in RBD tone returns to REM.

    Atonia lost: Frauscher et al. 2012, doi:10.5665/sleep.1886. How far tone falls differs between people.
    """
    from scipy.ndimage import gaussian_filter1d

    floor = 1.2 + 0.8 * rng.random()
    fall = rng.uniform(0.75, 1.3)
    drift = gaussian_filter1d(rng.standard_normal(len(course.state)), 40.0) * np.sqrt(80 * np.sqrt(np.pi))
    per_second = subject.tone * (course.weights @ _TONE**fall) * np.exp(0.30 * drift) + floor
    tone = _slow(np.asarray(per_second))
    events = []
    rate, length = (5.0, 3.0) if subject.patient == "rbd" else (0.8, 0.5)
    dreaming = np.flatnonzero(course.state == STAGES.index("REM"))
    for onset in np.sort(rng.permutation(dreaming)[: rng.poisson(rate * len(dreaming) / 60)] + 0.0):
        duration = float(np.clip(rng.exponential(length), 0.25, 12))
        size = float(np.exp(rng.normal(0, 0.4)))
        inside = slice(int(onset * SLOW_HZ), int((onset + duration) * SLOW_HZ) + 1)
        tone[inside] = np.maximum(tone[inside], subject.tone * size)
        kind = "rem_without_atonia" if subject.patient == "rbd" else "chin_twitch"
        events.append((round(float(onset), 2), round(duration, 2), kind, "Chin", round(size, 2)))
    return tone, events


def _heart(rng: np.random.Generator, subject: Subject, course: Course, phase: Array) -> Array:
    """Draw R peaks: rate by stage, breathing and slow waves of rate, faster for 10 s after an arousal.

    Sinus arrhythmia and the 0.1 Hz rhythm: Task Force 1996, doi:10.1161/01.CIR.93.5.1043. Arousals: Trinder
    et al. 2003, doi:10.1093/sleep/26.5.543.
    """
    from scipy.ndimage import gaussian_filter1d

    n = len(course.state)
    rate = subject.heart_hz * (course.weights @ _HEART)
    slow = rng.standard_normal((2, n))
    wave = gaussian_filter1d(slow[0], 2.0) * 2.6 + gaussian_filter1d(slow[1], 60.0) * 14
    rate = rate * np.exp(0.035 * wave * (0.5 + course.weights @ np.array([1.0, 0.8, 0.6, 0.4, 1.2])))
    for onset, duration in course.arousals:
        inside = slice(int(onset), min(int(onset + duration + 10), n))
        rise = np.arange(inside.stop - inside.start)
        rate[inside] *= 1 + 0.12 * np.exp(-(((rise - 5) / 5.0) ** 2))
    fine = _slow(rate) * (1 + 0.03 * np.sin(2 * np.pi * phase))
    turns = np.cumsum(fine) / SLOW_HZ
    beats = np.interp(np.arange(1, int(turns[-1])), turns, np.arange(len(turns)) / SLOW_HZ)
    return np.asarray(beats + rng.normal(0, 0.004, len(beats)))
