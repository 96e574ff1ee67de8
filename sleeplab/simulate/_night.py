"""Simulated nights with known truth."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._architecture import STAGES, draw_stages
from sleeplab.simulate._body import draw_body
from sleeplab.simulate._course import draw_course
from sleeplab.simulate._edf import START, Track, write_edf
from sleeplab.simulate._events import draw_events, typical_size
from sleeplab.simulate._render import BREATHS, CHANNELS, Plan, render
from sleeplab.simulate._subject import PATIENTS, draw_site, draw_subject
from sleeplab.simulate._waveforms import EEG_EOG

if TYPE_CHECKING:
    import mne
    import pandas as pd
    import yasa

_FAST_HZ, _BREATH_HZ = 256, 32
_LABELS = {
    **{name: f"EEG {name}" for name in EEG_EOG[:6]},
    **{name: f"EOG {name}" for name in EEG_EOG[6:]},
    "Chin": "EMG Chin",
    "ECG": "ECG II",
    "LegL": "EMG Leg L",
    "LegR": "EMG Leg R",
    "Flow": "Resp Flow",
    "Thorax": "Resp Thorax",
    "Abdomen": "Resp Abdomen",
    "SpO2": "SpO2",
}
_MNE_TYPES = ["eeg"] * 6 + ["eog"] * 2 + ["emg", "ecg", "emg", "emg"] + ["resp"] * 3 + ["misc"]


ORDINARY = frozenset(
    {
        "blink",
        "chin_twitch",
        "k_complex",
        "rapid_eye_movement",
        "sawtooth",
        "slow_eye_movement",
        "slow_wave",
        "spindle",
        "vertex_wave",
    }
)
"""Kinds of the truth table that every healthy night is full of: nobody needs to look at them."""


class SimulatedTruth(NamedTuple):
    """What is known about a simulated night: its stages, and the table of all that happens in it."""

    hypnogram: "yasa.Hypnogram"
    truth: "pd.DataFrame"


class SimulatedNight(NamedTuple):
    """A simulated night in memory, and what is known about it."""

    recording: "mne.io.RawArray"
    hypnogram: "yasa.Hypnogram"
    truth: "pd.DataFrame"


def simulate_night(
    seed: int = 0, *, age: float = 35, hours: float = 8.0, patient: str = "healthy"
) -> SimulatedNight:
    """Simulate a night of polysomnography at 100 Hz.

    Parameters
    ----------
    seed : int
        Which person and which night; the same seed gives the same night.
    age : float
        Age in years, 15 to 90.
    hours : float
        Length of the recording.
    patient : str
        ``healthy``, ``insomnia``, ``apnea``, ``rbd`` (REM without atonia), ``plm`` (periodic leg movements),
        ``epilepsy`` (epileptiform discharges), ``no_rem`` or ``first_night``.

    Returns
    -------
    SimulatedNight
        `recording` (16 channels, volts, SpO2 in %), `hypnogram` (one stage per 30 s) and `truth` (``onset_s,
        duration_s, kind, channel, scorer, severity``; severity 1 is the typical size of its kind).

    Raises
    ------
    ValueError
        If `age`, `hours` or `patient` is out of range.

    Examples
    --------
    >>> from sleeplab.simulate import simulate_night
    >>> night = simulate_night(seed=1, hours=0.5)
    >>> int(night.recording.n_times), len(night.hypnogram.hypno)
    (180000, 60)
    """
    import mne

    plan = draw_plan(seed, age, hours, patient)
    blocks = list(render(plan, 100, 100))
    data = np.stack([np.concatenate([_at_100_hz(b[name]) for b in blocks]) for name in CHANNELS])
    data[: CHANNELS.index("Flow")] *= 1e-6
    data[[CHANNELS.index(name) for name in BREATHS]] *= 1e-3
    info = mne.create_info(list(CHANNELS), 100.0, _MNE_TYPES)
    recording = mne.io.RawArray(data, info, verbose="error")
    recording.set_meas_date(_utc_start())
    return SimulatedNight(recording, *plan_truth(plan))


def write_simulated_edf(
    path: str | Path, seed: int = 0, *, age: float = 35, hours: float = 8.0, patient: str = "healthy"
) -> SimulatedTruth:
    """Write the night of `simulate_night` as a hospital would export it: EDF+, each channel at its own rate.

    EEG, EOG, EMG and ECG have 256 Hz, breathing 32 Hz, SpO2 1 Hz. The file is written block by block in
    bounded memory and appears when it is complete. The header holds no personal data.

    Parameters
    ----------
    path : path-like
        File to write.
    seed, age, hours, patient
        As for `simulate_night`.

    Returns
    -------
    SimulatedTruth
        `hypnogram` and `truth` of that night.

    Raises
    ------
    ValueError
        If `age`, `hours` or `patient` is out of range.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sleeplab.simulate import write_simulated_edf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     known = write_simulated_edf(Path(folder) / "night.edf", seed=1, hours=0.1)
    >>> len(known.hypnogram.hypno)
    12
    """
    plan = draw_plan(seed, age, hours, patient)
    write_edf(Path(path), edf_tracks(plan), edf_blocks(plan))
    return plan_truth(plan)


def edf_tracks(plan: Plan) -> list[Track]:
    """List the tracks of the file in the order of ``CHANNELS``."""
    site = draw_site(plan.seed)
    limits = {"ECG": (-3276.8, 3276.7, "uV"), "SpO2": (0, 100, "%")} | dict.fromkeys(BREATHS, (-16, 16, "mV"))
    tracks = []
    for name in CHANNELS:
        low, high, unit = limits.get(name, (-819.2, 819.175, "uV"))
        sfreq = _BREATH_HZ if name in BREATHS else 1 if name == "SpO2" else _FAST_HZ
        prefilter = f"HP:{site.highpass_hz:g}Hz LP:{site.lowpass_hz:g}Hz" if sfreq == _FAST_HZ else ""
        tracks.append(Track(_LABELS[name], sfreq, unit, low, high, prefilter))
    return tracks


def edf_blocks(plan: Plan) -> Iterator[list[npt.NDArray[np.float64]]]:
    """Yield the signals of each block in the order of ``CHANNELS``."""
    for block in render(plan, _FAST_HZ, _BREATH_HZ):
        yield [block[name] for name in CHANNELS]


def draw_plan(seed: int, age: float, hours: float, patient: str) -> Plan:
    if patient not in PATIENTS:
        msg = f"patient must be one of {', '.join(PATIENTS)}, got {patient!r}."
        raise ValueError(msg)
    if not 15 <= age <= 90:
        msg = f"age must lie between 15 and 90 years, got {age:g}. Norms of other ages are not in the model."
        raise ValueError(msg)
    if not 1 / 60 <= hours <= 24:
        msg = f"hours must lie between 1/60 (two epochs) and 24, got {hours:g}."
        raise ValueError(msg)
    subject = draw_subject(seed, age, patient)
    stages = draw_stages(seed, subject, round(hours * 120))
    course = draw_course(seed, subject, stages)
    return Plan(seed, subject, course, draw_events(seed, subject, course), draw_body(seed, subject, course))


def plan_truth(plan: Plan) -> SimulatedTruth:
    import pandas as pd
    import yasa

    columns = ["onset_s", "duration_s", "kind", "channel", "severity"]
    brain = plan.events.assign(channel="", severity=typical_size(plan.events))[columns]
    arousals = pd.DataFrame([(*a, "arousal", "", 1.0) for a in plan.course.arousals], columns=columns)
    body = pd.DataFrame(plan.body.events, columns=columns)
    truth = pd.concat([t for t in (brain, arousals, body) if len(t)], ignore_index=True)
    truth = truth.sort_values(["onset_s", "kind"], ignore_index=True)
    truth.insert(4, "scorer", "truth")
    stages = [STAGES[s] for s in plan.course.truth]
    return SimulatedTruth(yasa.Hypnogram(stages, freq="30s", start=_utc_start(), scorer="truth"), truth)


def _utc_start() -> "dt.datetime":
    return START.replace(tzinfo=dt.UTC)


def _at_100_hz(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Hold the samples of SpO2, the only signal that is slower."""
    return np.repeat(signal, 100) if len(signal) < 100 * 30 else signal
