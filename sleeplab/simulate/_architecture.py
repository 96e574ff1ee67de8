"""The order of the stages of a night: cycles that are planned, and interruptions that are not."""

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._subject import Subject, stream

STAGES = ("WAKE", "N1", "N2", "N3", "REM")
_WAKE, _N1, _N2, _N3, _REM = range(5)

# Chance per 30-s epoch that a stage is broken off by WAKE or N1, after the transitions of the 25 healthy
# sleepers of DOD-H, five scorers pooled (Guillot et al. 2020, doi:10.1109/TNSRE.2020.3011181).
_INTERRUPTED = {_N2: 0.033, _N3: 0.012, _REM: 0.024}
_FIRST_WAKE = {_N2: 0.50, _N3: 0.75, _REM: 0.60}


def draw_stages(seed: int, subject: Subject, n_epochs: int) -> npt.NDArray[np.int8]:
    """Draw one stage per 30-s epoch, as positions in ``STAGES``.

    Four to six cycles of about 95 min, N3 fading and REM growing from cycle to cycle (Feinberg & Floyd 1979,
    doi:10.1111/j.1469-8986.1979.tb02991.x), are broken by wakefulness of heavy-tailed length (Lo et al. 2004,
    doi:10.1073/pnas.0408242101) after which sleep resumes through N1 and N2.
    """
    rng = stream(seed, "stages")
    stages = _fall_asleep(rng, subject)
    cycle = 0
    while len(stages) < n_epochs:
        plan = _plan_cycle(rng, subject, cycle)
        stages += _live_through(rng, subject, plan)
        cycle += 1
    return np.array(stages[:n_epochs], dtype=np.int8)


def _fall_asleep(rng: np.random.Generator, subject: Subject) -> list[int]:
    """Draw wakefulness with drowsy dips, then N1."""
    stages = [_WAKE] * round(1.4 * subject.latency_min)
    while len(stages) < 2 * subject.latency_min:
        stages += [_WAKE] * int(rng.geometric(0.12))
        if rng.random() < 0.6:
            stages += [_N1] * int(rng.geometric(0.5))
    return stages + [_N1] * int(rng.geometric(0.3))


def _plan_cycle(rng: np.random.Generator, subject: Subject, cycle: int) -> list[int]:
    """Draw one cycle as it would pass if nothing disturbed it."""
    deep = rng.gamma(8, 1 / 8) * subject.n3_scale * (76, 44, 22, 9, 4)[min(cycle, 4)]
    dream = rng.gamma(6, 1 / 6) * subject.rem_scale * (20, 42, 56, 64, 64)[min(cycle, 4)]
    total = max(deep + dream + 40, rng.normal(170 if cycle == 0 else 190, 22))
    light = total - deep - dream
    if subject.patient == "first_night" and cycle == 0:
        light += 50
    if subject.patient == "no_rem":
        light, dream = light + dream, 0
    before = light * rng.uniform(0.25, 0.45)
    plan = [_N2] * round(before)
    while deep >= 1:
        bout = min(deep, 1 + rng.exponential(22))
        pause = rng.geometric(0.3)
        plan += [_N3] * round(bout) + [_N2] * int(pause)
        deep, light = deep - bout, light - pause
    return plan + [_N2] * max(round(light - before), 4) + [_REM] * round(dream)


def _live_through(rng: np.random.Generator, subject: Subject, plan: list[int]) -> list[int]:
    """Break the planned cycle where sleep is interrupted; lost N3 is entered again through N2."""
    stages: list[int] = []
    for planned in plan:
        if rng.random() < _INTERRUPTED[planned] * subject.fragmentation:
            stages += _interruption(rng, subject, planned)
            if planned == _N3:
                stages += [_N2] * int(rng.geometric(0.25))
            elif planned == _REM and rng.random() < 0.3:
                stages += [_N2] * int(rng.geometric(0.4))
        stages.append(planned)
    return stages


def _interruption(rng: np.random.Generator, subject: Subject, broken: int) -> list[int]:
    """Draw an awakening or a lightening of sleep: bouts of WAKE and N1 in turn."""
    heavy = 1.1 if subject.patient == "insomnia" else 1.3
    stages: list[int] = []
    awake = rng.random() < _FIRST_WAKE[broken]
    while True:
        if awake:
            stages += [_WAKE] * min(int(rng.uniform() ** (-1 / heavy)), 50)
            if rng.random() < 0.12:
                return stages
        stages += [_N1] * int(rng.geometric(0.45 if len(stages) < 20 else 0.3))
        awake = rng.random() < 0.2
        if not awake:
            return stages
