"""Physical dimensions: what a declared unit is in volts, and whether an amplitude can be an EEG's."""

from __future__ import annotations

_PREFIX = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_MICRO = ("µ", "μ", "micro", "Âµ", "Î¼")

_OTHERS = frozenset({
    "%", "%sat", "bpm", "1/min", "/min", "rpm", "tr/min", "resp/min", "°c", "degc", "celsius", "c", "k",
    "f", "°f", "cmh2o", "mmh2o", "hpa", "mmhg", "mbar", "pa", "kpa", "l", "l/s", "l/min", "ml", "ml/s",
    "ml/min", "kg", "ohm", "ohms", "kohm", "kohms", "mohm", "ω", "kω", "hz", "khz", "g", "mg", "g/s",
    "m/s2", "deg", "degrees", "°", "rad", "°/s", "v/s", "db", "dbfs", "lux", "lx", "w", "h", "min", "s",
    "ms", "au", "a.u.", "arb", "n/a", "none", "bool", "boolean", "counts", "count", "bit", "bits", "index",
    "unitless",
})  # fmt: skip
"""Units that are no voltage, in lower case; any other word could be a name."""

ELECTRIC = frozenset({"eeg", "eog", "chin", "emg", "leg", "ecg"})
"""Roles whose unit must be a voltage."""

LOWEST_V, HIGHEST_V = 1e-6, 5e-3
"""The median peak-to-peak amplitude of 30 s of EEG or EOG lies between these, in V, whatever the stage."""


def volts_per(unit: str) -> float | None:
    """Volts in one of the declared unit, None when it is no voltage.

    Examples
    --------
    >>> volts_per("uV"), volts_per("µV"), volts_per("MV"), volts_per("V"), volts_per("cmH2O")
    (1e-06, 1e-06, 0.001, 1.0, None)
    """
    plain = unit.strip()
    for micro in _MICRO:
        plain = plain.replace(micro, "u")
    plain = {"UV": "uV", "MV": "mV"}.get(plain, plain)
    stem = plain.lower().removesuffix("s").removesuffix("olt")
    return _PREFIX.get(plain[: len(stem) - 1]) if stem.endswith("v") else None


def is_known_unit(unit: str) -> bool:
    """Whether the words are a unit, or nothing.

    Parameters
    ----------
    unit : str
        A unit as it stands in a file.

    Returns
    -------
    bool
        False where the words could be a person's.

    Examples
    --------
    >>> is_known_unit("µV"), is_known_unit("%"), is_known_unit("Smith")
    (True, True, False)
    """
    plain = unit.strip()
    return not plain or volts_per(plain) is not None or plain.casefold() in _OTHERS


def shown_unit(unit: str) -> str:
    """Return a unit as it may be shown.

    Examples
    --------
    >>> shown_unit("mmHg"), shown_unit("Smith")
    ('mmHg', 'an unknown unit')
    """
    return unit if is_known_unit(unit) else "an unknown unit"


def is_plausible(ptp_v: float) -> bool:
    """Whether a median peak-to-peak amplitude of 30 s, in V, can be that of an EEG or EOG."""
    return LOWEST_V <= ptp_v <= HIGHEST_V


def plausible_factor(ptp_v: float) -> float | None:
    """Power of a thousand that would make an implausible amplitude plausible, None when none does.

    Examples
    --------
    >>> plausible_factor(80.0), plausible_factor(8e-11), plausible_factor(80e-6)
    (1e-06, 1000000.0, None)
    """
    if is_plausible(ptp_v):
        return None
    return next((f for f in (1e-6, 1e6, 1e-3, 1e3) if is_plausible(ptp_v * f)), None)
