"""The night on one time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sleeplab import plotting
from sleeplab.report._figures import (
    DPI,
    STYLE,
    Inputs,
    Picture,
    as_picture,
    label_clock,
    new_figure,
    say_in_figure,
)
from sleeplab.report._spectrogram import spectrogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP_IN = 0.14
ALT = (
    "The night on one time axis, from top to bottom: hypnogram, confidence of the staging, "
    "spectrogram of {eeg}, what each channel was fit for, and the findings by kind."
)


class Layout(NamedTuple):
    """Inches: the figure, its margins beside the panels; and how many clock times have room above."""

    width: float
    left: float
    right: float
    most_clocks: int


class Overview(NamedTuple):
    """The picture, and where in it each finding lies, as shares of its width and height.

    `across`: left end and width of the time axis. `rows`: top and height of the row of each kind.
    """

    picture: Picture
    across: tuple[float, float]
    rows: dict[str, tuple[float, float]]


WIDE = Layout(10.8, 1.4, 0.7, 10)
NARROW = Layout(4.2, 1.3, 0.6, 5)


def best_eeg(inputs: Inputs) -> str | None:
    """Choose the EEG channel that was fit for the longest; the first one where several were."""
    kinds = dict(zip(inputs.recording.ch_names, inputs.recording.get_channel_types(), strict=True))
    names = [name for name, kind in kinds.items() if kind == "eeg"]
    fit = inputs.gate.groupby("ch_name")["fit"].sum()
    return max(names, key=lambda name: fit.get(name, 0)) if names else None


def fit_spectrogram(inputs: Inputs, ch_name: str) -> pd.DataFrame:
    """Compute the spectrogram of a channel, empty where the gate finds the channel unfit."""
    power_db = spectrogram(inputs.recording, ch_name)
    gate = inputs.gate
    unfit = gate.loc[(gate["ch_name"] == ch_name) & ~gate["fit"].astype(bool), "epoch"]
    power_db.iloc[unfit[unfit < len(power_db)]] = np.nan
    return power_db


def draw_overview(
    inputs: Inputs, power_db: pd.DataFrame | None, eeg: str | None, *, layout: Layout
) -> Overview:
    """Draw the panels that the night has, one above the other."""
    from matplotlib import rc_context

    heights = _heights(inputs, has_eeg=power_db is not None)
    total = sum(heights.values()) + GAP_IN * len(heights) + 0.6
    with rc_context(STYLE):
        figure = new_figure(layout.width, total)
        axes: dict[str, Axes] = {}
        top = total - 0.25
        for name, height in heights.items():
            across = (layout.width - layout.left - layout.right) / layout.width
            axes[name] = figure.add_axes(
                (layout.left / layout.width, (top - height) / total, across, height / total)
            )
            top -= height + GAP_IN
        _draw_panels(inputs, power_db, axes)
        label_clock(axes["hypnogram"], inputs.recording.info["meas_date"], layout.most_clocks)
        rows = _find_rows(axes["findings"], total * DPI)
        say_in_figure(figure, inputs.language.say)
        picture = as_picture(figure, ALT.format(eeg=eeg or "no channel"), colors=256)
    box = axes["findings"].get_position()
    return Overview(picture, (box.x0, box.width), rows)


def _find_rows(ax: Axes, height_px: float) -> dict[str, tuple[float, float]]:
    """Top and height of each row of findings, as shares of the height of the picture."""
    edges = {label.get_text(): ax.transData.transform([(0, y - 0.5), (0, y + 0.5)])[:, 1]
             for y, label in enumerate(ax.get_yticklabels())}  # fmt: skip
    return {kind: (1 - top / height_px, (top - bottom) / height_px) for kind, (top, bottom) in edges.items()}


def merge_fit_channels(gate: pd.DataFrame) -> pd.DataFrame:
    """Put the channels that were fit throughout into one row, below the others."""
    always_fit = gate.groupby("ch_name")["fit"].transform("all").astype(bool)
    merged = gate[always_fit].drop_duplicates("epoch")
    n_fit = gate.loc[always_fit, "ch_name"].nunique()
    words = f"{n_fit} channels" if always_fit.all() else f"{n_fit} others"
    return pd.concat([gate[~always_fit], merged.assign(ch_name=words)])


def _heights(inputs: Inputs, *, has_eeg: bool) -> dict[str, float]:
    """Height of each panel in inches, top first."""
    n_channels = merge_fit_channels(inputs.gate)["ch_name"].nunique()
    n_kinds = max(inputs.anomalies["kind"].nunique(), 1)
    heights = {"hypnogram": 1.3}
    if inputs.hypnogram.proba is not None:
        heights["confidence"] = 0.5
    if has_eeg:
        heights["spectrogram"] = 1.2
    return heights | {"gate": 0.17 * n_channels + 0.1, "findings": 0.19 * n_kinds + 0.1}


def _draw_panels(inputs: Inputs, power_db: pd.DataFrame | None, axes: dict[str, Axes]) -> None:
    plotting.plot_hypnogram(inputs.hypnogram, ax=axes["hypnogram"]).set_ylabel("")
    if "confidence" in axes:
        plotting.plot_confidence(inputs.hypnogram, ax=axes["confidence"])
    if power_db is not None:
        plotting.plot_spectrogram(power_db, ax=axes["spectrogram"])
    plotting.plot_gate(merge_fit_channels(inputs.gate), ax=axes["gate"])
    plotting.plot_findings(inputs.anomalies, worklist=inputs.worklist, ax=axes["findings"])
    for name, ax in axes.items():
        ax.set_xlim(0, inputs.recording.duration / 3600)
        _label_beside(ax)
        if name != "findings":
            ax.tick_params(axis="x", labelbottom=False)
            ax.set_xlabel("")


def _label_beside(ax: Axes) -> None:
    """Write the name of the y-axis upright into the left margin."""
    from matplotlib.transforms import ScaledTranslation

    inches = ax.get_figure(root=True).dpi_scale_trans  # type: ignore[union-attr]  # it is in one
    ax.set_ylabel(ax.get_ylabel().replace(" (", "\n("), rotation=0, ha="right", va="center")
    beside_ticks = ScaledTranslation(-0.42, 0, inches)
    ax.yaxis.set_label_coords(0, 0.5, transform=ax.transAxes + beside_ticks)
