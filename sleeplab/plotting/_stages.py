"""Panels drawn from a hypnogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sleeplab.plotting._style import (
    EPOCH_S,
    GREY,
    HOUR_S,
    INK,
    PALE,
    STAGE_COLORS,
    keep_lines_only,
    label_hours,
    new_axes,
    runs,
)

if TYPE_CHECKING:
    import yasa
    from matplotlib.axes import Axes

ROWS = ("N3", "N2", "N1", "REM", "WAKE")  # deepest at the bottom, as on paper


def _stages(hypnogram: yasa.Hypnogram) -> np.ndarray:
    return np.asarray(hypnogram.hypno.astype(str), dtype=str)


def _shade_unscored(ax: Axes, stages: np.ndarray, bottom: float, top: float) -> None:
    """Hatch what carries no sleep stage: UNS one way, ART the other."""
    for stage, hatch in (("UNS", "////"), ("ART", "\\\\\\\\")):
        spans = [
            (a * EPOCH_S / HOUR_S, (b - a) * EPOCH_S / HOUR_S) for a, b in runs(stages) if stages[a] == stage
        ]
        ax.broken_barh(
            spans,
            (bottom, top - bottom),
            facecolor=PALE,
            edgecolor=GREY,
            linewidth=0,
            hatch=hatch,
            label=stage,
        )


def plot_hypnogram(hypnogram: yasa.Hypnogram, *, ax: Axes | None = None) -> Axes:
    """Draw the stages of a night, one 30-s epoch after the other.

    Parameters
    ----------
    hypnogram : yasa.Hypnogram
        Stages ``WAKE N1 N2 N3 REM ART UNS``, one per 30-s epoch.
    ax : matplotlib.axes.Axes, optional
        Where to draw. A new figure is made when left out.

    Returns
    -------
    matplotlib.axes.Axes
        Hours from the start of the recording against stage. Epochs that nobody could stage (UNS) and
        artefacts (ART) are hatched over the full height.

    Examples
    --------
    >>> import yasa
    >>> ax = plot_hypnogram(yasa.Hypnogram(["WAKE", "N1", "N2", "UNS"]))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['N3', 'N2', 'N1', 'REM', 'WAKE']
    """
    ax = new_axes(ax, 2.2)
    stages = _stages(hypnogram)
    levels = [ROWS.index(s) if s in ROWS else -1 for s in stages]
    for start, stop in runs(stages):
        if levels[start] < 0:
            continue
        left, right = start * EPOCH_S / HOUR_S, stop * EPOCH_S / HOUR_S
        ax.hlines(levels[start], left, right, color=STAGE_COLORS[stages[start]], linewidth=5)
        step = levels[start - 1 : start + 1]
        if start and min(step) >= 0:
            ax.vlines(left, min(step), max(step), color=GREY, linewidth=0.6)
    _shade_unscored(ax, stages, -0.5, len(ROWS) - 0.5)
    ax.set_yticks(range(len(ROWS)), ROWS)
    ax.set_ylim(-0.5, len(ROWS) - 0.5)
    ax.set_ylabel("Stage")
    label_hours(ax, len(stages) * EPOCH_S / HOUR_S)
    keep_lines_only(ax, "left", "bottom")
    return ax


def plot_confidence(hypnogram: yasa.Hypnogram, *, ax: Axes | None = None) -> Axes:
    """Draw how sure the stager is of each epoch: the probability of the stage it chose.

    Parameters
    ----------
    hypnogram : yasa.Hypnogram
        With probabilities (``hypnogram.proba``), as :func:`sleeplab.staging.stage` gives them.
    ax : matplotlib.axes.Axes, optional
        Where to draw. A new figure is made when left out.

    Returns
    -------
    matplotlib.axes.Axes
        Hours from the start of the recording against confidence from 0 to 1; UNS is hatched.

    Raises
    ------
    ValueError
        The hypnogram has no probabilities.

    Examples
    --------
    >>> import pandas as pd, yasa
    >>> proba = pd.DataFrame({"WAKE": [0.9, 0.2], "N1": [0.1, 0.8]})
    >>> ax = plot_confidence(yasa.Hypnogram(["WAKE", "N1"], proba=proba))
    >>> ax.get_ylabel()
    'Confidence'
    """
    from sleeplab.staging import confidence

    stages = _stages(hypnogram)
    chosen = confidence(hypnogram)
    ax = new_axes(ax, 1.4)
    edges_h = np.arange(len(stages) + 1) * EPOCH_S / HOUR_S
    ax.stairs(chosen, edges_h, baseline=0, fill=True, color=GREY)
    ax.axhline(0.5, color=INK, linewidth=0.6, linestyle=":")
    _shade_unscored(ax, stages, 0, 1)
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.5, 1])
    ax.set_ylabel("Confidence")
    label_hours(ax, edges_h[-1])
    keep_lines_only(ax, "left", "bottom")
    return ax


def plot_probabilities(hypnogram: yasa.Hypnogram, *, ax: Axes | None = None) -> Axes:
    """Draw the probability of every stage, stacked to 1.

    Parameters
    ----------
    hypnogram : yasa.Hypnogram
        With probabilities (``hypnogram.proba``), as :func:`sleeplab.staging.stage` gives them.
    ax : matplotlib.axes.Axes, optional
        Where to draw. A new figure is made when left out.

    Returns
    -------
    matplotlib.axes.Axes
        Hours from the start of the recording against probability; the legend follows the stack from
        its top. UNS is hatched.

    Raises
    ------
    ValueError
        The hypnogram has no probabilities.

    Examples
    --------
    >>> import pandas as pd, yasa
    >>> proba = pd.DataFrame({"WAKE": [0.9, 0.2], "N1": [0.1, 0.8]})
    >>> ax = plot_probabilities(yasa.Hypnogram(["WAKE", "N1"], proba=proba))
    >>> ax.get_ylabel()
    'Probability'
    """
    if hypnogram.proba is None:
        msg = "Probabilities cannot be drawn: this hypnogram has none. Take that of sleeplab.stage."
        raise ValueError(msg)
    proba = hypnogram.proba
    stages = _stages(hypnogram)
    ax = new_axes(ax, 2.2)
    edges_h = np.arange(len(stages) + 1) * EPOCH_S / HOUR_S
    floor = np.zeros(len(stages))
    for stage in (row for row in ROWS if row in proba):
        top = floor + proba[stage].to_numpy(float)
        ax.stairs(top, edges_h, baseline=floor, fill=True, color=STAGE_COLORS[stage], label=stage)
        floor = top
    _shade_unscored(ax, stages, 0, 1)
    ax.set_ylim(0, 1)
    ax.set_ylabel("Probability")
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    label_hours(ax, edges_h[-1])
    keep_lines_only(ax, "left", "bottom")
    return ax
