"""Tables of the report: rows of words and numbers, ready for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sleeplab.anomalies import span
from sleeplab.report._words import LEVELS, say_clock, say_kind, say_p

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from sleeplab.agreement import Agreement
    from sleeplab.report._figures import Inputs

EPOCH_MIN = 0.5
KEY = ["onset_s", "duration_s", "kind", "ch_names"]
CHANNEL_COLUMNS = ("label", "name", "role", "kind", "sfreq", "unit", "reason", "problem")
SHADES = 5
SHORTEST_NIGHT_S = 4 * 3600


def finding_rows(findings: pd.DataFrame, start: datetime | None) -> list[dict[str, Any]]:
    """Say each finding in words, in the order of the table."""
    return [
        {
            "clock": say_clock(row.onset_s, start),
            "hours": f"{row.onset_s / 3600:.2f} h",
            "duration": span(row.duration_s),
            "level": row.level,
            "level_words": LEVELS.get(row.level, row.level),
            "kind": say_kind(row.kind),
            "stage": "not staged" if row.stage == "UNS" else row.stage,
            "channels": [name.strip() for name in row.ch_names.split(",") if name.strip()],
            "evidence": row.evidence,
            "basis": " · ".join(filter(None, (row.reference, say_p(row.p_value)))),
        }
        for row in findings.itertuples()
    ]


def not_in_worklist(anomalies: pd.DataFrame, worklist: pd.DataFrame) -> pd.DataFrame:
    """Find what the worklist left out, in order of time."""
    taken = set(worklist[KEY].itertuples(index=False, name=None))
    left = [row not in taken for row in anomalies[KEY].itertuples(index=False, name=None)]
    return anomalies[np.array(left, dtype=bool)].sort_values("onset_s")


def gate_rows(gate: pd.DataFrame, start: datetime | None) -> list[dict[str, Any]]:
    """Minutes that could not be used, by channel and reason, the longest first."""
    unfit = gate[~gate["fit"].astype(bool)]
    n_epochs = gate.groupby("ch_name")["epoch"].nunique()
    rows = [
        {
            "channel": name,
            "reason": reason,
            "minutes": len(part) * EPOCH_MIN,
            "share": len(part) / n_epochs[name],
            "first": say_clock(part["epoch"].min() * 30.0, start),
            "value": _say_value(part),
        }
        for (name, reason), part in unfit.groupby(["ch_name", "reason"], sort=False)
    ]
    return sorted(rows, key=lambda row: -row["minutes"])


def _say_value(part: pd.DataFrame) -> str:
    """Say the middle measured value beside its limit."""
    value, limit, unit = part["value"].median(), part["limit"].median(), part["unit"].iloc[0]
    if not np.isfinite(value):
        return ""
    beside = f" (limit {limit:.3g} {unit})" if np.isfinite(limit) else ""
    return f"{value:.3g} {unit}{beside}"


def unjudged(inputs: Inputs) -> tuple[float, str]:
    """Share of the night without a stage, and the reasons that the gate gives for its EEG."""
    stages = inputs.hypnogram.hypno.astype(str).to_numpy()
    missing = np.flatnonzero(stages == "UNS")
    kinds = dict(zip(inputs.recording.ch_names, inputs.recording.get_channel_types(), strict=True))
    gate = inputs.gate
    of_eeg = gate["ch_name"].map(kinds).eq("eeg") & gate["epoch"].isin(missing) & ~gate["fit"].astype(bool)
    reasons = gate.loc[of_eeg, "reason"].value_counts().index[:2].tolist()
    return len(missing) / max(len(stages), 1), ", ".join(reasons)


def architecture_rows(inputs: Inputs, age: float | None, sex: str | None) -> list[dict[str, str]]:
    """Statistics of the night beside what is usual at this age; a night of under 4 h is not compared."""
    from sleeplab import norms

    statistics = norms.night_statistics(inputs.hypnogram)
    long_enough = inputs.recording.duration >= SHORTEST_NIGHT_S
    rows = []
    for name, value in statistics.items():
        norm = norms.read_norms()[name]
        unit = norm.unit.replace("1/h", "/h")
        known = np.isfinite(value)
        compared = norms.compare_with_norm(name, value, age=age, sex=sex)[1] if known else np.nan
        usual = norms.usual_night(name, age=age, sex=sex) if age is None or age >= norms.ADULT else None
        rows.append(
            {
                "measure": say_kind(norm.meaning),
                "value": f"{value:.1f} {unit}" if known else "none",
                "usual": f"{usual.low:.0f}–{usual.high:.0f} {unit}" if usual else "no norm",
                "p": say_p(compared if long_enough else np.nan),
            }
        )
    return rows


def stage_minutes(inputs: Inputs) -> dict[str, float]:
    """Minutes in each stage that the night has."""
    counts = inputs.hypnogram.hypno.astype(str).value_counts()
    order = ("WAKE", "N1", "N2", "N3", "REM", "ART", "UNS")
    return {stage: float(counts[stage]) * EPOCH_MIN for stage in order if stage in counts}


def channel_rows(channels: pd.DataFrame, ch_names: list[str]) -> tuple[list[str], list[list[str]]]:
    """Names of the columns that hold something, and the rows as text; what was read comes first."""
    held = channels.replace("", np.nan).notna().any()
    columns = [name for name in CHANNEL_COLUMNS if held.get(name, False)]
    ordered = channels.sort_values("name", key=lambda names: ~names.isin(ch_names), kind="stable")
    rows = [[_cell(value) for value in row] for row in ordered[columns].itertuples(index=False, name=None)]
    return columns, rows


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:g}"
    return str(value)


def agreement_rows(agreement: Agreement) -> list[dict[str, Any]]:
    """One row per stage of the expert: counts with a shade of 0 to 4, and kappa beside that of people."""
    from sleeplab.agreement import HUMAN_KAPPA

    counts = agreement.confusion
    share = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    shades = (share * (SHADES - 1)).round().astype(int)
    return [
        {
            "stage": stage,
            "cells": list(zip(counts.loc[stage], shades.loc[stage], strict=True)),
            "kappa": _two_digits(agreement.stage_kappa[stage]),
            "f1": _two_digits(agreement.f1[stage]),
            "human": _two_digits(HUMAN_KAPPA[stage]),
        }
        for stage in counts.index
    ]


def _two_digits(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "–"
