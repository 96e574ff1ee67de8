"""Colours and axes that the panels share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EPOCH_S = 30.0
HOUR_S = 3600.0

STAGE_COLORS = {
    "WAKE": "#E69F00",
    "REM": "#D55E00",
    "N1": "#56B4E9",
    "N2": "#0072B2",
    "N3": "#00334D",
}
LEVEL_COLORS = {
    "signal": "#D55E00",
    "event": "#0072B2",
    "night": "#009E73",
    "label": "#CC79A7",
    "cohort": "#E69F00",
}
INK = "#1F2933"
GREY = "#9AA5B1"
PALE = "#E4E7EB"


def new_axes(ax: Axes | None, height: float) -> Axes:
    """Give back `ax`, or the Axes of a new figure 10 inches wide and `height` inches high."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(10, height), layout="constrained")[1]


def runs(values: np.ndarray) -> list[tuple[int, int]]:
    """First index and end (exclusive) of each stretch of equal values.

    Examples
    --------
    >>> runs(np.array(["N1", "N2", "N2"]))
    [(0, 1), (1, 3)]
    """
    edges = np.flatnonzero(values[1:] != values[:-1]) + 1
    stops = [*edges.tolist(), len(values)] if len(values) else []
    return list(zip([0, *edges.tolist()], stops, strict=False))


def label_hours(ax: Axes, last_hour: float) -> None:
    """Set the x-axis to hours from the start of the recording; under one hour the labels are minutes."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    ax.set_xlim(0, last_hour)
    ax.set_xlabel("Time from the start (h)")
    if last_hour < 1:
        step_min = next(step for step in (0.5, 1, 2, 5, 10) if last_hour * 60 / step <= 10)
        ax.xaxis.set_major_locator(MultipleLocator(step_min / 60))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda hour, _: f"{hour * 60:.3g}"))
        ax.set_xlabel("Time from the start (min)")


def keep_lines_only(ax: Axes, *sides: str) -> None:
    """Hide the sides of the box that carry no scale."""
    for side, spine in ax.spines.items():
        spine.set_visible(side in sides)
