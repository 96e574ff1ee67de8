"""What is read for each output channel: which tracks, in what unit, resampled how, and what is left out."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from sleeplab.recording._open import open_source
from sleeplab.recording._source import Source, header_of, table_of
from sleeplab.recording._units import ELECTRIC, shown_unit, volts_per

if TYPE_CHECKING:
    import pandas as pd

_STAGEABLE_HZ = 80
"""EEG and EOG must be sampled above this to be staged; interpolating a slower one would hide it."""
_READINGS = frozenset({"spo2", "pulse", "position"})
_WAVE_HZ = 10
"""A channel slower than this is a row of readings (an envelope, a temperature), not a wave."""
_LOST_UNITS = frozenset({"", "?V", "\ufffdV"})
NO_TRACK = -1


@dataclass(frozen=True)
class Feed:
    """One output channel: the row of its track, that of the track to subtract, and the scale of both."""

    name: str
    role: str
    row: int
    minus: int
    scale: float
    minus_scale: float


@dataclass(frozen=True)
class Plan:
    """An open recording, the channels to make of it, and what was unsound or left out.

    ``readings``: rows of the tracks whose values are held until the next; the others are waves, which are
    filtered.
    """

    source: Source
    sfreq: Fraction
    feeds: tuple[Feed, ...]
    readings: frozenset[int]
    problems: tuple[str, ...]

    @property
    def n_times(self) -> int:
        """One length for all channels."""
        return math.floor(self.source.duration_s * self.sfreq)


def plan_reading(path: str | Path, eeg: Sequence[str], roles: Collection[str] | None, sfreq: float) -> Plan:
    """Open a recording and decide what to read.

    Raises
    ------
    ValueError
        If ``sfreq`` is not positive, a role is unknown, or no channel (or no EEG fast enough) is left.
    """
    if not (math.isfinite(sfreq) and sfreq > 0):
        msg = f"sfreq must be a positive number of Hz, but it is {sfreq}. Leave it out for 100 Hz."
        raise ValueError(msg)
    from sleeplab.channels import plan_channels

    source = open_source(path)
    table = table_of(source)
    wanted = _with_roles(plan_channels(table[table["problem"] == ""], eeg=eeg), roles)
    names = table["name"].tolist()
    feeds: list[Feed] = []
    left_out: list[str] = []
    notes: list[str] = []
    for name, role, *rows in wanted[["name", "role", "track", "minus_track"]].itertuples(index=False):
        refusal = _refusal(source, role, {row: names[row] for row in rows if row != NO_TRACK}, sfreq)
        if refusal:
            left_out.append(f"Channel '{names[rows[0]]}' ({role}) is left out: {refusal}.")
            continue
        notes += [
            f"Channel '{names[row]}' ({role}) names no unit; its values are taken as µV."
            for row in rows
            if row != NO_TRACK and role in ELECTRIC and source.tracks[row].unit in _LOST_UNITS
        ]
        scales = [_scale(source, role, row) for row in rows]
        feeds.append(Feed(name, role, *rows, *scales))
    if not feeds or ("eeg" in set(wanted["role"]) and not any(f.role == "eeg" for f in feeds)):
        raise ValueError(_nothing_left(left_out))
    readings = frozenset(f.row for f in feeds if _is_reading(source, f))
    problems = (*header_of(source).problems, *left_out, *notes)
    return Plan(source, Fraction(str(sfreq)), tuple(feeds), readings, problems)


def _with_roles(wanted: pd.DataFrame, roles: Collection[str] | None) -> pd.DataFrame:
    if roles is None:
        return wanted
    from sleeplab.channels import MNE_TYPES

    unknown = sorted(set(roles) - set(MNE_TYPES))
    if unknown:
        msg = f"roles must be among {', '.join(MNE_TYPES)}, but {', '.join(map(repr, unknown))} is asked for."
        raise ValueError(msg)
    kept = wanted[wanted["role"].isin(list(roles))]
    if kept.empty:
        msg = (
            f"No channel has a role among {', '.join(sorted(roles))}; this recording has "
            f"{', '.join(sorted(set(wanted['role'])))}. Ask for one of these."
        )
        raise ValueError(msg)
    return kept


def _refusal(source: Source, role: str, names: dict[int, str], sfreq: float) -> str:
    """Why a channel cannot be read, ``""`` when it can; ``names``: of the rows that it is made of."""
    for row, name in names.items():
        track, native = source.tracks[row], float(source.tracks[row].sfreq)
        if role in {"eeg", "eog"} and native <= _STAGEABLE_HZ and native < sfreq:
            return f"'{name}' is sampled at {native:g} Hz and staging needs more than {_STAGEABLE_HZ} Hz"
        if role in ELECTRIC and track.unit not in _LOST_UNITS and volts_per(track.unit) is None:
            return f"the unit of '{name}' must be a voltage, and is {shown_unit(track.unit)}"
    return ""


def _scale(source: Source, role: str, row: int) -> float:
    """Volts per stored unit; 1 where the unit is no voltage and is kept (%, cmH2O, bpm)."""
    if row == NO_TRACK:
        return 0.0
    unit = source.tracks[row].unit
    if role in ELECTRIC and unit in _LOST_UNITS:
        return 1e-6
    if role in ELECTRIC or role in {"flow", "effort"}:
        return volts_per(unit) or 1.0
    return 1.0


def _is_reading(source: Source, feed: Feed) -> bool:
    return feed.role in _READINGS or source.tracks[feed.row].sfreq < _WAVE_HZ


def _nothing_left(left_out: list[str]) -> str:
    return (
        "A recording must have at least one EEG channel that can be staged: in volts and sampled above "
        f"{_STAGEABLE_HZ} Hz. {' '.join(left_out)} Export the night at its full rate and with its units, "
        "or name another channel with --eeg LABEL."
    )
