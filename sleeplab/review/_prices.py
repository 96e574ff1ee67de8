"""What a look at each kind of finding costs, what it is expected to be worth, and what it shows."""

from __future__ import annotations

from typing import NamedTuple


class Price(NamedTuple):
    """What a look at a finding of one kind costs, and what it is expected to be worth.

    Attributes
    ----------
    review_s
        Seconds to open it, look and decide. A series or a long episode is looked at once, at its start.
    worth
        Chance that a strong finding of this kind is real and matters, 0–1.
    half_score
        Score at which half of `worth` is expected: value = worth × score / (score + half_score).
    """

    review_s: float
    worth: float
    half_score: float


# Set from experience with scoring software, not measured: adjust to one's own laboratory.
PRICES: dict[str, Price] = {
    "unfit channel": Price(5, 0.9, 3.0),
    "unfit signal": Price(8, 0.8, 4.0),
    "gap": Price(5, 0.9, 1.0),
    "doubtful label": Price(15, 0.9, 1.0),
    "electrode pops": Price(8, 0.7, 3.0),
    "sweat-like drift": Price(8, 0.8, 3.0),
    "heart in the EEG": Price(8, 0.7, 3.0),
    "slow waves missing": Price(10, 0.8, 2.0),
    "spindle band missing": Price(10, 0.8, 2.0),
    "mains hum": Price(8, 0.7, 3.0),
    "inverted lead": Price(10, 0.8, 2.0),
    "swapped leads": Price(10, 0.8, 2.0),
    "clock jump": Price(10, 0.8, 1.0),
    "evolving rhythm": Price(20, 0.9, 2.0),
    "unusual EEG": Price(15, 0.6, 6.0),
    "sharp transients": Price(20, 0.9, 4.0),
    "sharp transient": Price(10, 0.2, 1.5),
    "arousal-like shift": Price(12, 0.4, 2.0),
    "arousal-like series": Price(20, 0.6, 4.0),
    "body movements": Price(8, 0.1, 3.0),
    "desaturation": Price(10, 0.4, 3.0),
    "desaturation series": Price(20, 0.9, 3.0),
    "low oxygen": Price(15, 0.9, 1.0),
    "leg movement series": Price(20, 0.7, 3.0),
    "slow heart": Price(15, 0.7, 1.5),
    "fast heart": Price(15, 0.6, 1.5),
    "REM without atonia": Price(25, 0.95, 3.0),
    "unusual architecture": Price(15, 0.7, 3.0),
    "no REM": Price(15, 0.9, 2.0),
    "no N3": Price(15, 0.6, 2.0),
    "sleep-onset REM": Price(25, 0.9, 1.0),
    "fragmented N3": Price(15, 0.6, 1.0),
    "incomplete night": Price(5, 0.8, 1.0),
    "unlike other nights": Price(30, 0.8, 1.0),
    "scored breathing events": Price(10, 0.9, 3.0),
    "scored desaturations": Price(10, 0.9, 3.0),
    "scored arousals": Price(10, 0.7, 3.0),
    "scored leg movements": Price(10, 0.7, 3.0),
    "scored epileptiform activity": Price(20, 0.9, 1.0),
    "scored heart events": Price(10, 0.8, 1.0),
    "doubtful scoring": Price(20, 0.7, 2.0),
    "rare transition": Price(10, 0.5, 2.0),
    "shifted scoring": Price(20, 0.95, 1.0),
    "scoring of another night": Price(20, 0.95, 1.0),
}

# What a person who opens a finding of this kind gets to see, by the kinds of a truth table. Kinds not listed
# show their own kind only; an unusual epoch or an unfit signal shows whatever happens in its first minute.
ANYTHING = frozenset({"unusual EEG", "unfit signal", "unfit channel"})
LOOK_S = 60.0
SHOWS: dict[str, frozenset[str]] = {
    "sharp transients": frozenset({"spike", "spike_wave"}),
    "sharp transient": frozenset({"spike", "spike_wave"}),
    "evolving rhythm": frozenset({"evolving_rhythm", "spike_wave"}),
    "electrode pops": frozenset({"electrode_pop"}),
    "sweat-like drift": frozenset({"sweat"}),
    "heart in the EEG": frozenset({"ecg_leak"}),
    "slow waves missing": frozenset({"slow_wave_loss"}),
    "spindle band missing": frozenset({"spindle_loss"}),
    "mains hum": frozenset({"mains_50hz", "mains_60hz"}),
    "inverted lead": frozenset({"inverted"}),
    "swapped leads": frozenset({"swapped"}),
    "clock jump": frozenset({"clock_gap"}),
    "arousal-like shift": frozenset({"arousal", "movement"}),
    "arousal-like series": frozenset({"arousal", "movement"}),
    "body movements": frozenset({"movement"}),
    "desaturation": frozenset({"desaturation", "apnea", "hypopnea"}),
    "desaturation series": frozenset({"desaturation", "apnea", "hypopnea"}),
    "leg movement series": frozenset({"leg_movement"}),
    "REM without atonia": frozenset({"rem_without_atonia"}),
    "scored breathing events": frozenset({"apnea", "hypopnea"}),
    "scored desaturations": frozenset({"desaturation"}),
    "scored arousals": frozenset({"arousal"}),
    "scored leg movements": frozenset({"leg_movement"}),
    "scored epileptiform activity": frozenset({"spike", "spike_wave"}),
}
