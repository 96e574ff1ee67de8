"""The columns of every Parquet table of a cohort and their types: one schema each, whatever a night holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sleeplab.features import FEATURES

if TYPE_CHECKING:
    import pandas as pd

TEXT, INTEGER, NUMBER, TRUTH = "string", "int32", "float64", "bool"
STAGES = ("WAKE", "N1", "N2", "N3", "REM")
ARCHITECTURE = (
    "tst_min", "se_pct", "sol_min", "waso_min", "rem_latency_min", "awakenings_per_h", "shifts_per_h",
    "n3_breaks_per_h", "n1_pct", "n2_pct", "n3_pct", "rem_pct",
)  # fmt: skip
SUMMARY = (*ARCHITECTURE, *(f"{feature}_{stage.lower()}" for stage in STAGES for feature in FEATURES))
"""What `sleeplab.features.night_summary` says of a night."""

MEASURED = ("seconds", "cpu_s", "peak_mb")
"""The columns of ``nights`` that differ from run to run; all others are the same bit for bit."""

LEVELS = ("signal", "event", "night", "label", "cohort")

SCHEMAS: dict[str, dict[str, str]] = {
    "channels": {
        **dict.fromkeys(("night_id", "name", "role", "kind", "modality"), TEXT),
        **dict.fromkeys(("electrode", "reference", "side", "unit", "reason", "problem"), TEXT),
        "sfreq": NUMBER,
        "n_samples": "int64",
    },
    "gate": {
        "night_id": TEXT,
        "epoch": INTEGER,
        "onset_s": NUMBER,
        "ch_name": TEXT,
        "fit": TRUTH,
        "reason": TEXT,
        "value": NUMBER,
        "limit": NUMBER,
        "unit": TEXT,
    },
    "hypnogram": {
        "night_id": TEXT,
        "epoch": INTEGER,
        "onset_s": NUMBER,
        "stage": TEXT,
        **dict.fromkeys((f"proba_{stage.lower()}" for stage in STAGES), NUMBER),
    },
    "features": {
        "night_id": TEXT,
        "epoch": INTEGER,
        "onset_s": NUMBER,
        "stage": TEXT,
        "confidence": NUMBER,
        **dict.fromkeys(FEATURES, NUMBER),
    },
    "ledger": {
        "night_id": TEXT,
        **dict.fromkeys(("onset_s", "duration_s"), NUMBER),
        **dict.fromkeys(("level", "kind", "ch_names", "stage"), TEXT),
        **dict.fromkeys(("score", "p_value"), NUMBER),
        **dict.fromkeys(("evidence", "reference"), TEXT),
    },
    "nights": {
        "night_id": TEXT,
        **dict.fromkeys(("site", "device", "format", "montage", "month"), TEXT),
        "age": NUMBER,
        "sex": TEXT,
        "duration_min": NUMBER,
        "n_epochs": INTEGER,
        "n_channels": INTEGER,
        "n_problems": INTEGER,
        "not_staged": TEXT,
        **dict.fromkeys(("unstaged_pct", "unfit_pct", "unfit_eeg_pct", "confidence"), NUMBER),
        **dict.fromkeys((f"n_{level}" for level in LEVELS), INTEGER),
        **dict.fromkeys(MEASURED, NUMBER),
        **dict.fromkeys(SUMMARY, NUMBER),
    },
    "failures": {"position": INTEGER, "night_id": TEXT, "step": TEXT, "reason": TEXT},
    "index": {
        "position": INTEGER,
        "night_id": TEXT,
        "duplicate_of": INTEGER,
        **dict.fromkeys(("format", "month", "montage"), TEXT),
        **dict.fromkeys(("duration_min", "size_mb"), NUMBER),
        **dict.fromkeys(("n_channels", "n_eeg", "n_gaps", "n_problems"), INTEGER),
        **dict.fromkeys(("channels", "rates_hz", "reason"), TEXT),
    },
}
"""Table, column, Arrow type. ``channels`` to ``ledger`` are data sets in parts, the others one file each."""

DATASETS = ("channels", "gate", "hypnogram", "features", "ledger")


def to_arrow(frame: pd.DataFrame, name: str) -> Any:
    """Return a table as Arrow with exactly the columns and types of its schema.

    Parameters
    ----------
    frame
        At least the columns of the schema.
    name
        A key of `SCHEMAS`.

    Returns
    -------
    pyarrow.Table
        Missing values are null, NaN included.

    Raises
    ------
    KeyError
        If a column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"position": [3], "night_id": [None], "step": ["read"], "reason": ["empty"], "other": [1]}
    >>> to_arrow(pd.DataFrame(row), "failures").to_pylist()
    [{'position': 3, 'night_id': None, 'step': 'read', 'reason': 'empty'}]
    """
    import pyarrow as pa

    return pa.Table.from_pandas(frame[list(SCHEMAS[name])], schema=arrow_schema(name), preserve_index=False)


def arrow_schema(name: str) -> Any:
    """Return the Arrow schema of a table, without pandas' metadata."""
    import pyarrow as pa

    return pa.schema([(column, getattr(pa, _ARROW[kind])()) for column, kind in SCHEMAS[name].items()])


_ARROW = {TEXT: "string", INTEGER: "int32", "int64": "int64", NUMBER: "float64", TRUTH: "bool_"}
