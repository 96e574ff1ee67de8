"""Panels of a whole night that are not stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sleeplab.plotting._style import (
    EPOCH_S,
    GREY,
    HOUR_S,
    INK,
    LEVEL_COLORS,
    PALE,
    keep_lines_only,
    label_hours,
    new_axes,
    runs,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

UNFIT = "#D55E00"
LONG_S = 1800.0
CENTRED: dict[str, Any] = {"ha": "center", "va": "center"}


def plot_spectrogram(spectrogram: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw power against time and frequency.

    Parameters
    ----------
    spectrogram : pandas.DataFrame of shape (n_epochs, n_freqs)
        Power in dB re 1 µV²/Hz. Index: onset of each epoch in s, evenly spaced. Columns: frequency in
        Hz, evenly spaced. NaN is drawn grey: not judged.
    ax : matplotlib.axes.Axes, optional
        Where to draw. A new figure is made when left out.

    Returns
    -------
    matplotlib.axes.Axes
        Hours from the start of the recording against frequency. The colours run from the 2nd to the
        98th percentile of the values shown; the scale stands to the right.

    Examples
    --------
    >>> import pandas as pd
    >>> power_db = pd.DataFrame([[10.0, 0.0], [12.0, 1.0]], index=[0.0, 30.0], columns=[0.5, 1.0])
    >>> ax = plot_spectrogram(power_db)
    >>> ax.get_ylabel()
    'Frequency (Hz)'
    """
    from matplotlib import colormaps

    ax = new_axes(ax, 2.6)
    power_db = spectrogram.to_numpy(float)
    onset_h = spectrogram.index.to_numpy(float) / HOUR_S
    freqs = spectrogram.columns.to_numpy(float)
    low, high = np.nanpercentile(power_db, [2, 98]) if np.isfinite(power_db).any() else (0.0, 1.0)
    last_h = onset_h[-1] + (onset_h[1] - onset_h[0] if len(onset_h) > 1 else EPOCH_S / HOUR_S)
    image = ax.imshow(
        power_db.T,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        extent=(onset_h[0], last_h, freqs[0], freqs[-1]),
        cmap=colormaps["viridis"].with_extremes(bad=PALE),
        clim=(low, high),
    )
    scale = ax.figure.colorbar(image, cax=ax.inset_axes((1.008, 0, 0.01, 1)))
    scale.set_label("dB re 1 µV²/Hz")
    scale.outline.set_visible(False)
    ax.set_ylabel("Frequency (Hz)")
    label_hours(ax, last_h)
    keep_lines_only(ax, "left", "bottom")
    return ax


def plot_gate(gate: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what each channel was fit for, one strip per channel.

    Parameters
    ----------
    gate : pandas.DataFrame
        As :func:`sleeplab.quality.check_quality` gives it: one row per channel and 30-s epoch with
        ``epoch, ch_name, fit, reason``.
    ax : matplotlib.axes.Axes, optional
        Where to draw. A new figure is made when left out.

    Returns
    -------
    matplotlib.axes.Axes
        Hours from the start of the recording against channel, in the order of the table. A thin pale
        line is fit, a full block is unfit; the reason is written into blocks that have room for it.

    Examples
    --------
    >>> import pandas as pd
    >>> judged = {"epoch": [0, 1], "fit": [True, False], "reason": ["", "flat"]}
    >>> gate = pd.DataFrame(judged).assign(ch_name="C3-M2")
    >>> ax = plot_gate(gate)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['C3-M2']
    """
    names = list(dict.fromkeys(gate["ch_name"]))
    ax = new_axes(ax, 0.5 + 0.25 * len(names))
    n_epochs = int(gate["epoch"].max()) + 1 if len(gate) else 1
    for row, name in enumerate(names):
        strip = gate[gate["ch_name"] == name].sort_values("epoch")
        ax.hlines(row, 0, n_epochs * EPOCH_S / HOUR_S, color=PALE, linewidth=2, zorder=0)
        _draw_unfit(ax, row, strip, n_epochs)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    label_hours(ax, n_epochs * EPOCH_S / HOUR_S)
    keep_lines_only(ax, "bottom")
    return ax


def _draw_unfit(ax: Axes, row: int, strip: pd.DataFrame, n_epochs: int) -> None:
    """Draw the unfit stretches of one channel, with the reason where it fits in."""
    reasons = np.where(strip["fit"].to_numpy(bool), "", strip["reason"].astype(str))
    epochs = strip["epoch"].to_numpy(int)
    room_pt = ax.get_window_extent().width / ax.figure.dpi * 72
    for start, stop in runs(reasons):
        if not reasons[start]:
            continue
        left, width = epochs[start] * EPOCH_S / HOUR_S, (stop - start) * EPOCH_S / HOUR_S
        ax.broken_barh([(left, width)], (row - 0.36, 0.72), facecolor=UNFIT, linewidth=0)
        if (stop - start) / n_epochs * room_pt > 4.5 * len(reasons[start]):
            ax.text(left + width / 2, row, reasons[start], color="white", fontsize=6, **CENTRED)


def plot_findings(
    findings: pd.DataFrame, *, worklist: pd.DataFrame | None = None, ax: Axes | None = None
) -> Axes:
    """Draw when each finding was, one row per kind, grouped by level.

    Parameters
    ----------
    findings : pandas.DataFrame
        The ledger of the night: ``onset_s, duration_s, level, kind`` are used.
    worklist : pandas.DataFrame, optional
        What was chosen for review (same columns). Drawn in full colour; the rest is pale and lower.
    ax : matplotlib.axes.Axes, optional
        Where to draw. A new figure is made when left out.

    Returns
    -------
    matplotlib.axes.Axes
        Hours from the start of the recording against kind. The colour tells the level. What lasts 30 min
        or longer is drawn as a low bar.

    Examples
    --------
    >>> import pandas as pd
    >>> finding = {"onset_s": 60.0, "duration_s": 9.0, "level": "event", "kind": "arousal-like shift"}
    >>> ledger = pd.DataFrame([finding])
    >>> ax = plot_findings(ledger)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['arousal-like shift']
    """
    levels = list(LEVEL_COLORS)
    rows = sorted(
        set(zip(findings["level"], findings["kind"], strict=True)), key=lambda r: (levels.index(r[0]), r[1])
    )
    ax = new_axes(ax, 0.6 + 0.25 * len(rows))
    chosen = findings if worklist is None else worklist
    for y, (level, kind) in enumerate(rows):
        ax.axhline(y, color=PALE, linewidth=0.6, zorder=0)
        for table, tall, alpha in ((findings, 0.5, 0.35), (chosen, 0.8, 1.0)):
            of_row = table[(table["level"] == level) & (table["kind"] == kind)]
            _draw_findings(ax, y, of_row, {"height": tall, "alpha": alpha, "color": LEVEL_COLORS[level]})
    ax.set_yticks(range(len(rows)), [kind for _, kind in rows])
    ax.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    if not rows:
        ax.text(0.5, 0.5, "no finding", transform=ax.transAxes, color=GREY, **CENTRED)
    ends = (findings["onset_s"] + findings["duration_s"]).to_numpy(float)
    label_hours(ax, max(ends.max(initial=0.0), EPOCH_S) / HOUR_S)
    keep_lines_only(ax, "bottom")
    return ax


def _draw_findings(ax: Axes, y: int, findings: pd.DataFrame, look: dict[str, Any]) -> None:
    """Draw the findings of one row: moments tall, long stretches low so that moments show through."""
    onset_s, duration_s = (findings[name].to_numpy(float) for name in ("onset_s", "duration_s"))
    spans = np.column_stack([onset_s, duration_s]) / HOUR_S
    for which, share in ((duration_s >= LONG_S, 0.4), (duration_s < LONG_S, 1.0)):
        height = look["height"] * share
        ax.broken_barh(
            spans[which], (y - height / 2, height), color=look["color"], alpha=look["alpha"], linewidth=0.9
        )
