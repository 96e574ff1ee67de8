"""Who is asleep: one person is one draw of parameters."""

import zlib
from typing import NamedTuple

import numpy as np

PATIENTS = ("healthy", "insomnia", "apnea", "rbd", "plm", "epilepsy", "no_rem", "first_night")


class Subject(NamedTuple):
    """The traits that make one simulated person differ from another.

    Attributes
    ----------
    age : float
        Age in years.
    patient : str
        One of ``PATIENTS``.
    fragmentation : float
        Multiplies the hazard of every interruption of sleep (1 = typical healthy sleeper).
    n3_scale, rem_scale : float
        Multiply the length of the N3 and REM stretches.
    latency_min : float
        Sleep latency in minutes.
    eeg_gain, slow_gain, spindle_gain, alpha_gain, beta_gain : float
        Amplitude factors (1 = typical).
    alpha_hz, spindle_hz : float
        Peak of the alpha rhythm and of the fast centro-parietal spindles, in Hz.
    spindle_density : float
        Spindles per minute of N2.
    tone : float
        Chin muscle tone of wakefulness in µV (RMS).
    heart_hz, breath_hz : float
        Rates of quiet NREM sleep.
    """

    age: float
    patient: str
    fragmentation: float
    n3_scale: float
    rem_scale: float
    latency_min: float
    eeg_gain: float
    slow_gain: float
    spindle_gain: float
    alpha_gain: float
    beta_gain: float
    alpha_hz: float
    spindle_hz: float
    spindle_density: float
    tone: float
    heart_hz: float
    breath_hz: float


class Site(NamedTuple):
    """The laboratory: its filters (Hz), and the mains that remain in the EEG (µV)."""

    highpass_hz: float
    lowpass_hz: float
    hum_uv: float


def draw_site(seed: int) -> Site:
    """Draw a laboratory; 0.3 Hz to 35 Hz is what the AASM asks for, many record more (Berry et al. 2017)."""
    rng = stream(seed, "site")
    return Site(float(rng.choice([0.16, 0.3])), float(rng.choice([35, 70, 100])), float(rng.exponential(0.5)))


def stream(seed: int, name: str) -> np.random.Generator:
    """Give the random stream of one named ingredient; a new ingredient leaves the others as they were.

    Examples
    --------
    >>> bool(stream(0, "spindles").integers(9) == stream(0, "spindles").integers(9))
    True
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


# What a disorder changes, as factors on the healthy draw.
_DISORDER: dict[str, dict[str, float]] = {
    # Long latency, more wakefulness, less N3: Baglioni et al. 2014, doi:10.1016/j.smrv.2013.04.001
    "insomnia": {"fragmentation": 2.0, "latency_min": 2.5, "n3_scale": 0.8, "beta_gain": 1.25},
    # Light and broken sleep: Bianchi et al. 2010, doi:10.1371/journal.pone.0011356
    "apnea": {"fragmentation": 1.8, "n3_scale": 0.55, "rem_scale": 0.8},
    "plm": {"fragmentation": 1.3, "n3_scale": 0.9},
    # Later and less REM, more wakefulness: Agnew et al. 1966, doi:10.1111/j.1469-8986.1966.tb02650.x
    "first_night": {"fragmentation": 1.4, "latency_min": 2.0, "rem_scale": 0.7},
}


def draw_subject(seed: int, age: float, patient: str) -> Subject:
    """Draw one person of a given age and diagnosis.

    Age acts on sleep architecture as in Ohayon et al. 2004 (doi:10.1093/sleep/27.7.1255), on spindles and
    slow waves as in Carrier et al. 2001 (doi:10.1111/1469-8986.3820232) and Purcell et al. 2017
    (doi:10.1038/ncomms15930). The spread between people of equal age is that of Purcell et al. and of
    De Gennaro et al. 2008 (doi:10.1002/ana.21434): the sleep EEG is a fingerprint.
    """
    rng = stream(seed, "subject")
    decades = (np.clip(age, 15, 90) - 35) / 10

    def around(typical: float, spread: float) -> float:
        return float(typical * np.exp(rng.normal(0, spread)))

    healthy = Subject(
        age=age,
        patient=patient,
        fragmentation=around(1.0 + 0.22 * max(decades, -1.5), 0.30),
        n3_scale=around(max(1.0 - 0.14 * decades, 0.25), 0.25),
        rem_scale=around(max(1.0 - 0.03 * decades, 0.7), 0.12),
        latency_min=around(12 + 1.5 * max(decades, 0), 0.6),
        eeg_gain=around(1.0, 0.18),
        slow_gain=around(max(1.0 - 0.10 * decades, 0.5), 0.15),
        spindle_gain=around(max(1.0 - 0.07 * decades, 0.5), 0.20),
        alpha_gain=around(0.85, 0.50),
        beta_gain=around(1.0, 0.20),
        alpha_hz=float(np.clip(rng.normal(9.9 - 0.12 * max(decades, 0), 0.7), 8.2, 11.6)),
        spindle_hz=float(np.clip(rng.normal(13.5, 0.45), 12.4, 14.8)),
        spindle_density=around(max(2.6 - 0.25 * decades, 0.8), 0.35),
        tone=around(14.0, 0.40),
        heart_hz=float(np.clip(rng.normal(60, 6), 46, 78)) / 60,
        breath_hz=float(np.clip(rng.normal(14.5, 1.5), 11, 19)) / 60,
    )
    changes = {
        trait: getattr(healthy, trait) * factor for trait, factor in _DISORDER.get(patient, {}).items()
    }
    return healthy._replace(**changes)
