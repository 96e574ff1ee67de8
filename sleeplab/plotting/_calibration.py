"""The reliability diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sleeplab.plotting._style import GREY, INK, keep_lines_only, new_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_reliability(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how often a stage of a given confidence is right.

    Parameters
    ----------
    curve : pandas.DataFrame
        Table of `sleeplab.agreement.reliability_curve`: ``confidence, accuracy, n``, one row per bin.
    ax : matplotlib.axes.Axes, optional
        Where to draw. A new figure is made when left out. A second curve may be drawn into the same Axes.

    Returns
    -------
    matplotlib.axes.Axes
        Confidence against accuracy; larger dots hold more epochs. On the dashed line confidence is what it
        says; below it the stager is too sure.

    Examples
    --------
    >>> import pandas as pd
    >>> curve = pd.DataFrame({"confidence": [0.5, 0.9], "accuracy": [0.4, 0.9], "n": [50, 100]})
    >>> ax = plot_reliability(curve)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('Confidence', 'Share of epochs that agree')
    """
    ax = new_axes(ax, 5.0)
    ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, zorder=1)
    (line,) = ax.plot(curve["confidence"], curve["accuracy"], linewidth=1.2, zorder=2)
    size = 15 + 60 * curve["n"] / curve["n"].max()
    ax.scatter(
        curve["confidence"],
        curve["accuracy"],
        s=size,
        color=line.get_color(),
        edgecolor=INK,
        linewidth=0.4,
        zorder=3,
    )
    ax.set(xlim=(0.2, 1.02), ylim=(0, 1.02), xlabel="Confidence", ylabel="Share of epochs that agree")
    ax.set_aspect("equal")
    keep_lines_only(ax, "left", "bottom")
    return ax
