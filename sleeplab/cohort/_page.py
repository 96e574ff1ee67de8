"""The page of a cohort: which nights to look at first, and what changes with site, device and time.

One HTML file that needs nothing else, made from ``nights.parquet`` and ``failures.parquet``.
"""

from __future__ import annotations

import io
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sleeplab.cohort._reference import fit_reference, read_nights
from sleeplab.cohort._schemas import SUMMARY

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sleeplab.anomalies.cohort import CohortReference
    from sleeplab.report import Report

MOST_ROWS = 15
GROUPS = {"site": "Site", "device": "Device", "montage": "Set of channels", "format": "Format"}
DRIFTS = {
    "unfit_eeg_pct": "EEG unfit, %",
    "confidence": "Confidence of the stages",
    "eeg_delta_power_uv2_n2": "Delta power in N2, µV²",
    "tst_min": "Time asleep, min",
}
_BLUE, _GREY = "#0072b2", "#9aa5b1"


def cohort_page(folder: str | Path, *, reference: CohortReference | None = None) -> Report:
    """Make the page of a cohort.

    Parameters
    ----------
    folder
        The folder that `run_cohort` filled.
    reference
        What the nights are compared with. Without one they are compared with each other, where
        `fit_reference` has enough of them.

    Returns
    -------
    Report
        The page; its ``save`` writes it. Nights have their pseudonyms, and link to ``reports/`` where there
        is a page of the night.

    Raises
    ------
    FileNotFoundError
        If the folder holds no ``nights.parquet``.

    Examples
    --------
    >>> cohort_page("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: There is no nights.parquet in nowhere. ...
    """
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    from sleeplab.report import Report

    nights = read_nights(folder)
    against = "the reference" if reference is not None else "each other"
    if reference is None:
        reference = _own_reference(folder)
    nights = _with_novelty(nights, reference)
    if against == "each other":  # each was among those that it would be compared with: p would be too large
        nights["p_value"] = np.nan
    style = (files("sleeplab.cohort") / "cohort.css").read_text(encoding="utf-8")
    template = (files("sleeplab.cohort") / "cohort.html").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    html = environment.from_string(template).render(
        style=Markup(style),  # noqa: S704  our own file
        style_hash="sha256-" + b64encode(sha256(style.encode()).digest()).decode("ascii"),
        against="" if reference is None else against,
        facts=_facts(nights),
        unusual=[] if reference is None else _unusual(nights, folder, reference),
        unfit=_most(nights, "unstaged_pct", folder),
        groups=_groups(nights),
        failures=_failures(folder),
        pictures=_pictures(nights),
    )
    return Report(html)


def _own_reference(folder: str | Path) -> CohortReference | None:
    try:
        return fit_reference(folder)
    except ValueError:  # too few of them could be staged
        return None


def _with_novelty(nights: pd.DataFrame, reference: CohortReference | None) -> pd.DataFrame:
    """Add ``novelty`` (up = more unusual) and its p-value."""
    if reference is None or nights.empty:
        return nights.assign(novelty=np.nan, p_value=np.nan)
    rows = nights[[str(name) for name in reference.feature_names_in_]].astype(float)
    return nights.assign(novelty=reference.novelty_score(rows), p_value=reference.p_value(rows))


def _because(row: dict[str, Any], reference: CohortReference) -> str:
    """Say in what a night is unlike the others, in the words of the ledger."""
    import pandas as pd

    from sleeplab.anomalies import Known
    from sleeplab.anomalies.cohort import find_cohort_findings

    summary = pd.Series({name: row[name] for name in SUMMARY}, dtype=float)
    age = None if row["age"] is None or np.isnan(row["age"]) else row["age"]
    return " ".join(f.evidence for f in find_cohort_findings(summary, reference, Known(age=age)))


def _facts(nights: pd.DataFrame) -> list[tuple[str, str]]:
    if nights.empty:
        return [("Nights", "0")]
    return [
        ("Nights", f"{len(nights):,}"),
        ("Hours", f"{nights['duration_min'].sum() / 60:,.0f}"),
        ("Not staged at all", str(int((nights["not_staged"] != "").sum()))),
        ("Median share not staged", f"{nights['unstaged_pct'].median():.1f} %"),
        ("Median share of EEG unfit", f"{nights['unfit_eeg_pct'].median():.1f} %"),
        ("Sets of channels", str(nights["montage"].nunique())),
    ]


def _most(nights: pd.DataFrame, column: str, folder: str | Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = nights[nights[column] > 0].nlargest(MOST_ROWS, column).to_dict("records")
    for row in rows:
        page = f"reports/{row['night_id']}.html"
        row["link"] = page if (Path(folder) / page).is_file() else ""
    return rows


def _unusual(nights: pd.DataFrame, folder: str | Path, reference: CohortReference) -> list[dict[str, Any]]:
    """List the most unusual nights and in what they are."""
    return [row | {"because": _because(row, reference)} for row in _most(nights, "novelty", folder)]


def _groups(nights: pd.DataFrame) -> list[tuple[str, list[dict[str, Any]]]]:
    """Medians by what nights have in common, where there are several such groups."""
    found = []
    numbers = ["duration_min", "unstaged_pct", "unfit_eeg_pct", "confidence", "novelty"]
    for column, title in GROUPS.items():
        known = nights[nights[column].fillna("") != ""]
        if len(set(known[column])) < 2:
            continue
        table = known.groupby(column)[numbers].median().assign(n=known[column].value_counts())
        table = table.sort_values("n", ascending=False).head(MOST_ROWS)
        found.append((title, table.reset_index(names="name").to_dict("records")))
    return found


def _failures(folder: str | Path) -> list[dict[str, Any]]:
    import pandas as pd

    path = Path(folder) / "failures.parquet"
    if not path.is_file():
        return []
    table = pd.read_parquet(path)
    counts = table.groupby(["step", "reason"])["position"].agg(["count", "min"]).reset_index()
    rows: list[dict[str, Any]] = (
        counts.sort_values("count", ascending=False).head(MOST_ROWS).to_dict("records")
    )
    return rows


def _pictures(nights: pd.DataFrame) -> list[dict[str, str]]:
    """Draw what can be drawn of these nights."""
    from matplotlib.figure import Figure

    if nights.empty:
        return []
    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    quality, right = figure.subplots(1, 2)
    quality.hist(nights["unstaged_pct"], bins=np.arange(0, 101, 5), color=_BLUE)
    quality.set(xlabel="share of the night that could not be staged, %", ylabel="nights", xlim=(0, 100))
    by_novelty = bool(nights["novelty"].notna().any())
    across = "novelty" if by_novelty else "duration_min"
    right.scatter(nights[across], nights["confidence"], s=10, color=_BLUE, alpha=0.6, linewidths=0)
    right.set(xlabel="novelty (up = more unusual)" if by_novelty else "length, min", ylabel="mean confidence")
    pictures = [_picture(figure, f"Quality and novelty of {len(nights)} nights")]
    dated = nights[nights["month"].fillna("") != ""]
    if len(set(dated["month"])) > 1:
        figure = Figure(figsize=(9.6, 4.8), layout="constrained")
        for axes, (column, label) in zip(figure.subplots(2, 2).flat, DRIFTS.items(), strict=True):
            _plot_drift(axes, dated, column, label)
        pictures.append(_picture(figure, "Medians per month, with the middle half of the nights"))
    return pictures


def _plot_drift(ax: Axes, nights: pd.DataFrame, column: str, label: str) -> None:
    """Draw the median of a column per month, and the middle half of the nights."""
    import pandas as pd

    by_month = nights.groupby("month")[column]
    low, middle, high = (by_month.quantile(share) for share in (0.25, 0.5, 0.75))
    at = pd.to_datetime(middle.index, format="%Y-%m")
    ax.fill_between(at, low, high, color=_GREY, alpha=0.35, linewidth=0)
    ax.plot(at, middle, color=_BLUE, marker="o", markersize=3)
    ax.set_ylabel(label)
    ax.tick_params(axis="x", rotation=30)


def _picture(figure: Figure, alt: str) -> dict[str, str]:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return {"source": "data:image/png;base64," + b64encode(buffer.getvalue()).decode("ascii"), "alt": alt}
