"""What the gate tolerates: one row per role and measure, each with where its value comes from."""

from __future__ import annotations

from typing import Literal, NamedTuple

LUNA = "Luna CHEP-MASK, documented example (Purcell 2017, doi:10.1038/ncomms15930)"
ACNS = (
    "ACNS guideline 6: no activity above 2 µV is inactivity (doi:10.1097/WNP.0000000000000322); 1 µV is ours"
)
AASM_BODY = "AASM: more than half of the epoch obscured (doi:10.5664/jcsm.2172); the amplitude is ours"
PREP = "after PREP's channel correlation (doi:10.3389/fninf.2015.00016); the band and the value are ours"
OURS = "ours"


class Limit(NamedTuple):
    """One bound on one measure of a channel-epoch.

    Attributes
    ----------
    role
        Role of the channel (`sleeplab.channels`).
    reason
        Word for the fault, as it stands in the gate table.
    measure
        Name of the measure, see `sleeplab.quality._measures`.
    bound
        "at most": fit while value <= limit. "at least": fit while value >= limit.
    value, unit
        The limit.
    source
        Publication, or "ours".
    """

    role: str
    reason: str
    measure: str
    bound: Literal["at most", "at least"]
    value: float
    unit: str
    source: str


def _always(role: str) -> tuple[Limit, ...]:
    return (
        Limit(
            role, "not finite", "not_finite", "at most", 0.0, "of samples", "one NaN spreads through a filter"
        ),
        Limit(role, "gap", "gap_s", "at most", 0.0, "s", "nothing was recorded"),
    )


def _unit(role: str, low_uv: float, high_uv: float) -> tuple[Limit, ...]:
    return (
        Limit(role, "unit", "off_scale_uv", "at least", low_uv, "µV", "as flat"),
        Limit(role, "unit", "off_scale_uv", "at most", high_uv, "µV", "as amplitude"),
    )


def _brain(role: str, high_uv: float, swamped: str) -> tuple[Limit, ...]:
    return (
        *_always(role),
        *_unit(role, 1.0, high_uv),
        Limit(role, "mains", "tone_db", "at most", 3.0, "dB", OURS),
        Limit(role, "mains", "hum_db", "at most", 20.0, "dB", OURS),
        Limit(role, "flat", "std_uv", "at least", 1.0, "µV", ACNS),
        Limit(role, "flat", "flat_seconds", "at most", 0.05, "of seconds", LUNA),
        Limit(role, "few bits", "n_values", "at least", 16.0, "values", OURS),
        Limit(role, "clipped", "clipped", "at most", 0.05, "of samples", LUNA),
        Limit(role, "ecg", "beat_share", "at most", 0.5, "of variance", OURS),
        Limit(role, "amplitude", "std_uv", "at most", high_uv, "µV", OURS),
        Limit(role, "movement", swamped, "at most", 0.5, "of seconds", AASM_BODY),
        Limit(role, "disconnected", "slow_to_fast", "at least", 2.0, "times", OURS),
        Limit(role, "disconnected", "shared", "at least", 0.2, "correlation", PREP),
    )


def _moving(role: str, measure: str, value: float, unit: str) -> tuple[Limit, ...]:
    return (*_always(role), Limit(role, "flat", measure, "at least", value, unit, OURS))


LIMITS: tuple[Limit, ...] = (
    *_brain("eeg", 300.0, "over_500_uv"),
    *_brain("eog", 600.0, "over_1000_uv"),
    *_always("chin"),
    *_unit("chin", 0.05, 300.0),
    Limit("chin", "mains", "hum_db", "at most", 20.0, "dB", OURS),
    Limit("chin", "flat", "std_uv", "at least", 0.05, "µV", OURS),
    Limit("chin", "flat", "flat_seconds", "at most", 0.05, "of seconds", LUNA),
    Limit("chin", "few bits", "n_values", "at least", 16.0, "values", OURS),
    Limit("chin", "clipped", "clipped", "at most", 0.05, "of samples", LUNA),
    Limit("chin", "amplitude", "std_uv", "at most", 300.0, "µV", OURS),
    *_moving("ecg", "range_uv", 20.0, "µV"),
    *_moving("leg", "range_uv", 0.5, "µV"),
    *_moving("emg", "range_uv", 0.5, "µV"),
    *_moving("flow", "range_share", 0.001, "of its range"),
    *_moving("effort", "range_share", 0.001, "of its range"),
    *_always("spo2"),
    Limit("spo2", "implausible", "outside_50_100", "at most", 0.05, "of samples", OURS),
    *_always("pulse"),
    *_always("snore"),
    *_always("position"),
    *_always("other"),
)
