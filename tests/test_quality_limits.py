"""Every limit of the gate has an edge: a fault just beyond it is refused for it, one just inside is not."""

from collections.abc import Callable

import mne
import numpy as np
import pytest

from sleeplab.quality import LIMITS, Limit, check_quality

SFREQ, N_EPOCH, N_EPOCHS, BAD = 100, 3000, 6, 3
WHERE = slice(BAD * N_EPOCH, (BAD + 1) * N_EPOCH)
T = np.arange(N_EPOCH) / SFREQ
NAMES = {
    **{"eeg": "C4-M1", "eog": "E1-M2", "chin": "Chin", "ecg": "ECG", "leg": "LegL", "emg": "EMG arm"},
    **{"flow": "Flow", "effort": "Thorax", "spo2": "SpO2", "pulse": "Pulse", "snore": "Snore"},
    **{"position": "Position", "other": "Light"},
}
VOLTS = ("eeg", "eog", "chin", "ecg", "leg", "emg")
Signals = dict[str, np.ndarray]


def shaped(power: Callable[[np.ndarray], np.ndarray], seed: int = 0) -> np.ndarray:
    """Noise of one epoch with this power at each frequency, of variance 1."""
    freqs = np.fft.rfftfreq(N_EPOCH, 1 / SFREQ)
    phases = np.exp(2j * np.pi * np.random.default_rng(seed).random(len(freqs)))
    signal = np.fft.irfft(np.sqrt(power(freqs)) * phases, N_EPOCH)
    return signal / signal.std()


def pink(seed: int = 0) -> np.ndarray:
    """Make a resting EEG without what the stager filters out: 1/f² in power from 0.5 to 30 Hz."""
    return shaped(lambda f: ((f >= 0.5) & (f < 30)) / np.maximum(f, 0.5) ** 2, seed)


def white(seed: int = 0) -> np.ndarray:
    """Muscle tone: the same power from 10 to 50 Hz."""
    return shaped(lambda f: 1.0 * ((f >= 10) & (f < 50)), seed)


def sound(role: str) -> np.ndarray:
    """One epoch of a sound channel, in µV where it is a voltage."""
    if role in ("flow", "effort"):
        return np.sin(2 * np.pi * 0.25 * T)
    known = {"eeg": 20 * pink(), "eog": 60 * pink(), "chin": 5 * white(), "spo2": 96 + 0 * T}
    return known.get(role, 100 * pink())


def hum(hz: float, times: float) -> np.ndarray:
    """Make a tone with this many times the variance 1."""
    return np.sqrt(2 * times) * np.sin(2 * np.pi * hz * T)


def decibel(level: float) -> float:
    return 10 ** (level / 10)


def plateaus(x: np.ndarray, share: float) -> np.ndarray:
    """Hold the highest value in ten stretches: pairs of equal neighbours are one less than samples."""
    x, rail = x.copy(), 1.2 * np.abs(x).max()
    n = round(share * N_EPOCH / 10) + 1
    for start in range(150, N_EPOCH, 300):
        x[start : start + n] = rail
    return x


def heart(n_times: int) -> np.ndarray:
    spike = np.exp(-((np.arange(-10, 11) / 2.0) ** 2))
    train = np.zeros(n_times)
    train[50::85] = 1
    return np.convolve(train, spike, mode="same")


def beating(role: str, share: float) -> Signals:
    """Make an EEG of which the heart has this share of the variance around its beats (-0.25 to 0.35 s)."""
    eeg, beat = np.tile(sound(role), N_EPOCHS), heart(N_EPOCHS * N_EPOCH)
    windows = np.arange(50 + 85, len(eeg) - 100, 85)[:, None] + np.arange(-25, 35)
    eeg *= np.sqrt((1 - share) / np.var(eeg[windows], axis=1).mean())
    beat *= np.sqrt(share / np.var(beat[windows], axis=1).mean())
    return {NAMES[role]: 20 * (eeg + beat), "ECG": 1000 * heart(len(eeg))}


def related(role: str, correlation: float) -> Signals:
    """Three channels with as much in common as this."""
    names = [NAMES[role], "F4-M1", "O2-M1"]
    common, *own = (np.concatenate([pink(100 * i + e) for e in range(N_EPOCHS)]) for i in range(4))
    parts = zip(names, own, strict=True)
    return {n: 20 * (np.sqrt(correlation) * common + np.sqrt(1 - correlation) * x) for n, x in parts}


def step(ratio: float) -> np.ndarray:
    """Spectral density below 10 Hz this many times that above."""
    return 20 * shaped(lambda f: np.where(f < 10, ratio, 1.0))


def swamped(role: str, share: float) -> np.ndarray:
    """Add a movement of 2 Hz, in its seconds 20 % larger than the limit of the role."""
    half = {"eeg": 300, "eog": 600}[role]
    return sound(role) + half * np.sin(4 * np.pi * T) * (share * 30 > T)


def in_band(role: str, uv: float) -> np.ndarray:
    return uv * (white() if role == "chin" else pink())


# measure: one epoch with this much of it, put among sound ones
EPOCH: dict[str, Callable[[str, float], np.ndarray]] = {
    "not_finite": lambda role, share: np.where(np.arange(N_EPOCH) < share * N_EPOCH, np.nan, sound(role)),
    "tone_db": lambda _, db: 20 * (pink() + hum(12.5, decibel(db))),
    "hum_db": lambda _, db: 5 * (pink() + hum(40, decibel(db))),
    "std_uv": in_band,
    "flat_seconds": lambda role, share: sound(role) * (share * 30 <= T),
    "n_values": lambda role, n: np.round(sound(role) / np.ptp(sound(role)) * (n - 1)) * 3,
    "clipped": lambda role, share: plateaus(sound(role), share),
    "over_500_uv": swamped,
    "over_1000_uv": swamped,
    "slow_to_fast": lambda _, ratio: step(ratio),
    "range_uv": lambda _, uv: uv / 2 * np.sin(2 * np.pi * T),
    "range_share": lambda _, share: 0.5 + share * np.sin(2 * np.pi * 0.25 * T),
    "outside_50_100": lambda _, share: np.where(np.arange(N_EPOCH) < share * N_EPOCH, 12.0, 96.0),
}
# measure: whole recordings with this much of it
WHOLE: dict[str, Callable[[str, float], Signals]] = {
    "off_scale_uv": lambda role, uv: {NAMES[role]: np.tile(in_band(role, uv), N_EPOCHS)},
    "beat_share": beating,
    "shared": related,
}
ALWAYS = {("not_finite", "at most"): (0.0, 1 / N_EPOCH), ("gap_s", "at most"): (0.0, 0.5)}
BRAIN = {
    ("flat_seconds", "at most"): (1 / 30, 2 / 30),
    ("n_values", "at least"): (17, 15),
    ("clipped", "at most"): (0.04, 0.055),
    ("hum_db", "at most"): (19.5, 20.5),
}
HEAD = {
    ("off_scale_uv", "at least"): (1.1, 0.25),  # no unit is off by less than 1000
    ("std_uv", "at least"): (1.1, 0.9),
    ("tone_db", "at most"): (2.7, 3.3),
    ("beat_share", "at most"): (0.4, 0.6),
    ("slow_to_fast", "at least"): (2.3, 1.7),
    ("shared", "at least"): (0.35, 0.05),  # chance: 0.04 to 0.1
}
# role: {(measure, bound): (just inside, just beyond)}
EDGES = {
    "eeg": HEAD
    | BRAIN
    | {
        ("off_scale_uv", "at most"): (290, 1100),
        ("std_uv", "at most"): (290, 310),
        ("over_500_uv", "at most"): (15 / 30, 16 / 30),
    },
    "eog": HEAD
    | BRAIN
    | {
        ("off_scale_uv", "at most"): (580, 1100),
        ("std_uv", "at most"): (580, 620),
        ("over_1000_uv", "at most"): (15 / 30, 16 / 30),
    },
    "chin": BRAIN
    | {
        ("off_scale_uv", "at least"): (0.055, 0.045),
        ("off_scale_uv", "at most"): (290, 310),
        ("std_uv", "at least"): (0.055, 0.045),
        ("std_uv", "at most"): (290, 310),
    },
    "ecg": {("range_uv", "at least"): (21, 19)},
    "leg": {("range_uv", "at least"): (0.55, 0.45)},
    "emg": {("range_uv", "at least"): (0.55, 0.45)},
    "flow": {("range_share", "at least"): (0.0011, 0.0009)},
    "effort": {("range_share", "at least"): (0.0011, 0.0009)},
    "spo2": {("outside_50_100", "at most"): (0.045, 0.055)},
}


def planted(limit: Limit, level: float) -> mne.io.RawArray:
    """Make a recording of some epochs of which one, or all, have this much of what is limited."""
    name, gaps = NAMES[limit.role], mne.Annotations([], [], [])
    if limit.measure in WHOLE:
        signals = WHOLE[limit.measure](limit.role, level)
    else:
        signals = {name: np.tile(sound(limit.role), N_EPOCHS)}
        if limit.measure in EPOCH:
            signals[name][WHERE] = EPOCH[limit.measure](limit.role, level)
        elif level:
            gaps = mne.Annotations(30.0 * BAD + 7, level, "BAD_gap")
    scale = 1e-6 if limit.role in VOLTS else 1.0
    info = mne.create_info(list(signals), SFREQ, "misc", verbose=False)
    raw = mne.io.RawArray(scale * np.stack(list(signals.values())), info, verbose=False)
    return raw.set_annotations(gaps)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda x: f"{x.role}: {x.reason}, {x.measure} {x.bound}")
def test_a_limit_holds_at_its_edge(limit: Limit) -> None:
    inside, beyond = (ALWAYS | EDGES.get(limit.role, {}))[limit.measure, limit.bound]
    for level, refused in ((inside, False), (beyond, True)):
        gate = check_quality(planted(limit, level))
        row = gate[(gate["ch_name"] == NAMES[limit.role]) & (gate["epoch"] == BAD)].iloc[0]
        told = row["reason"] == limit.reason and row["limit"] == limit.value and row["unit"] == limit.unit
        assert told == refused, list(row)
        if limit.measure not in WHOLE:
            others = gate[(gate["ch_name"] == NAMES[limit.role]) & (gate["epoch"] != BAD)]
            assert others["fit"].all()


def test_every_edge_has_its_limit() -> None:
    known = {(role, *edge) for role in NAMES for edge in (ALWAYS | EDGES.get(role, {}))}
    assert known == {(limit.role, limit.measure, limit.bound) for limit in LIMITS}
