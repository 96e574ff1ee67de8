"""The shape of every discrete event of EEG and EOG, and how strongly each derivation sees it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

EEG_EOG = ("F3-M2", "F4-M1", "C3-M2", "C4-M1", "O1-M2", "O2-M1", "E1-M2", "E2-M2")


def spindle(t: Array, duration: float, hz: float) -> Array:
    """Waxing, waning, slowing sine (Andrillon et al. 2011, doi:10.1523/JNEUROSCI.2604-11.2011)."""
    phase = 2 * np.pi * (hz * t - 0.25 * t**2)
    return np.asarray(np.hanning(len(t) + 2)[1:-1] ** 0.8 * np.sin(phase))


def k_complex(t: Array, duration: float, hz: float) -> Array:
    """Sharp negative peak, then a larger slow positive one (Colrain 2005, doi:10.1093/sleep/28.2.255)."""
    negative = np.exp(-0.5 * ((t - 0.35 * duration) / (0.085 * duration)) ** 2)
    positive = np.exp(-0.5 * ((t - 0.62 * duration) / (0.13 * duration)) ** 2)
    return np.asarray(0.65 * positive - negative)


def slow_wave(t: Array, duration: float, hz: float) -> Array:
    """One cycle, down state first (Massimini et al. 2004, doi:10.1523/JNEUROSCI.1318-04.2004)."""
    phase = t / duration
    return np.asarray(-np.sin(2 * np.pi * phase**0.9) * np.sin(np.pi * phase) ** 0.5)


def vertex_wave(t: Array, duration: float, hz: float) -> Array:
    """Sharp negative wave of late N1, below 0.5 s (Berry et al. 2017, doi:10.5664/jcsm.6576)."""
    return np.asarray(-(np.sin(np.pi * t / duration) ** 3))


def sawtooth(t: Array, duration: float, hz: float) -> Array:
    """Train of triangles, 2 Hz to 5 Hz (Bernardi et al. 2019, doi:10.1523/JNEUROSCI.2298-18.2019)."""
    return np.asarray(np.sin(np.pi * t / duration) * (2 * ((t * hz) % 1) - 1))


def eye_jump(t: Array, duration: float, hz: float) -> Array:
    """Saccade through an amplifier with a 0.3 Hz high-pass: a fast step that decays."""
    return np.asarray((1 - np.exp(-t / 0.035)) * np.exp(-t / 0.45) * np.clip((duration - t) / 0.2, 0, 1))


def eye_roll(t: Array, duration: float, hz: float) -> Array:
    """Slow pendular movement of drowsiness (Berry et al. 2017, doi:10.5664/jcsm.6576)."""
    return np.asarray(np.sin(2 * np.pi * hz * t) * np.sin(np.pi * t / duration))


def blink(t: Array, duration: float, hz: float) -> Array:
    """Lid blink of a third of a second."""
    return np.asarray(np.sin(np.pi * t / duration) ** 2)


def spike(t: Array, duration: float, hz: float) -> Array:
    """Spike of about 60 ms and the slow wave after it (Kane et al. 2017, doi:10.1016/j.cnp.2017.07.002)."""
    peak = np.exp(-0.5 * ((t - 0.06) / 0.016) ** 2)
    after = np.sin(np.pi * np.clip((t - 0.09) / max(duration - 0.09, 0.05), 0, 1))
    return np.asarray(0.45 * after - peak)


def spike_wave(t: Array, duration: float, hz: float) -> Array:
    """Run of spikes and waves at `hz`, slowing a little towards its end."""
    cycle = (hz * t * (1 - 0.06 * t / duration)) % 1 / hz
    envelope = np.clip(np.minimum(t, duration - t) / 0.3, 0.2, 1)
    return np.asarray(envelope * spike(cycle, 1 / hz, hz))


# kind: (shape, gain in F3 F4 C3 C4 O1 O2 E1 E2). Fast spindles are largest centrally (Dehghani et al. 2010,
# doi:10.1016/j.clinph.2010.06.018); eye movements are opposite in E1-M2 and E2-M2 and leak into frontal EEG.
SHAPES: dict[str, tuple[Callable[[Array, float, float], Array], tuple[float, ...]]] = {
    "spindle": (spindle, (0.85, 0.85, 1.0, 1.0, 0.35, 0.35, 0.3, 0.3)),
    "k_complex": (k_complex, (1.15, 1.15, 1.0, 1.0, 0.45, 0.45, 0.6, 0.6)),
    "slow_wave": (slow_wave, (1.2, 1.2, 1.0, 1.0, 0.55, 0.55, 0.6, 0.6)),
    "vertex_wave": (vertex_wave, (0.7, 0.7, 1.0, 1.0, 0.3, 0.3, 0.25, 0.25)),
    "sawtooth": (sawtooth, (0.9, 0.9, 1.0, 1.0, 0.3, 0.3, 0.3, 0.3)),
    "rapid_eye_movement": (eye_jump, (0.12, -0.12, 0.04, -0.04, 0.0, 0.0, 1.0, -0.9)),
    "slow_eye_movement": (eye_roll, (0.10, -0.10, 0.03, -0.03, 0.0, 0.0, 1.0, -0.9)),
    "blink": (blink, (0.45, 0.45, 0.12, 0.12, 0.0, 0.0, -0.7, 1.0)),
    "spike": (spike, (0.6, 0.25, 1.0, 0.4, 0.3, 0.15, 0.2, 0.1)),
    "spike_wave": (spike_wave, (1.0, 1.0, 0.9, 0.9, 0.6, 0.6, 0.5, 0.5)),
}
