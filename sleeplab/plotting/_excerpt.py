"""The signal around one moment, with scale bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sleeplab.plotting._style import INK, PALE, keep_lines_only, new_axes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import mne
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

VOLT_TYPES = {"eeg", "eog", "emg", "ecg"}
SMALLEST_BAR_UV = {"eeg": 50.0, "eog": 50.0, "emg": 20.0, "ecg": 200.0}
OWN_UNITS = {"SpO2": "%", "Pulse": "/min"}
STEPS = np.array([1.0, 2.0, 5.0, 10.0])


def plot_excerpt(
    recording: mne.io.BaseRaw,
    onset_s: float,
    duration_s: float,
    *,
    ch_names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a few seconds or minutes of signal, one row per channel, with scale bars.

    Parameters
    ----------
    recording : mne.io.BaseRaw
        In volts. The signal is drawn as it is: filter a copy first where a filter is wanted.
    onset_s, duration_s : float
        The stretch to draw, in s from the start of the recording. What lies outside it is left out.
    ch_names : sequence of str, optional
        Channels from top to bottom; all of them when left out.
    ax : matplotlib.axes.Axes, optional
        Where to draw. A new figure is made when left out.

    Returns
    -------
    matplotlib.axes.Axes
        Seconds from the start of the recording against channel. Channels of one type share one scale
        (1, 2 or 5 times a power of ten), given by a bar at the first of them: µV, % or none for
        sensors without a unit. Each trace is centred on its middle, positive up, and cut where its row
        ends. The bar at the bottom is the time scale; ticks are clock times where the recording has a
        start.

    Raises
    ------
    ValueError
        The stretch holds no sample of the recording, or a channel is not in it.

    Examples
    --------
    >>> import mne, numpy as np
    >>> info = mne.create_info(["C3-M2", "C4-M1"], sfreq=100.0, ch_types="eeg")
    >>> raw = mne.io.RawArray(np.zeros((2, 3000)), info, verbose="error")
    >>> ax = plot_excerpt(raw, 0.0, 10.0)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['C3-M2', 'C4-M1']
    """
    names = list(recording.ch_names if ch_names is None else ch_names)
    first, last = _sample_range(recording, onset_s, duration_s, names)
    ax = new_axes(ax, 0.6 + 0.45 * len(names))
    times_s = np.arange(first, last) / recording.info["sfreq"]
    groups = [_group(recording, name) for name in names]
    signals = [_signal(recording, name, first, last) for name in names]
    for group in dict.fromkeys(groups):
        rows = [row for row, of_group in enumerate(groups) if of_group == group]
        bar = _bar_length([signals[row] for row in rows], group)
        for row in rows:
            trace = row - np.clip(signals[row] / (2 * bar), -0.62, 0.62)
            ax.plot(times_s, trace, color=INK, linewidth=0.6, label=names[row])
        _draw_bar(ax, rows[0], bar, group)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.3, -0.75)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(times_s[0], times_s[-1])
    _label_time(ax, recording.info["meas_date"])
    return ax


def _sample_range(
    recording: mne.io.BaseRaw, onset_s: float, duration_s: float, names: list[str]
) -> tuple[int, int]:
    missing = [name for name in names if name not in recording.ch_names]
    if missing or not names:
        msg = (
            f"Channels to draw must be in the recording, but {', '.join(missing) or 'none'} was asked for. "
            f"It has: {', '.join(recording.ch_names)}."
        )
        raise ValueError(msg)
    sfreq = recording.info["sfreq"]
    first = max(0, round(onset_s * sfreq))
    last = min(recording.n_times, round((onset_s + duration_s) * sfreq))
    if last - first < 2:
        msg = (
            f"The stretch to draw must lie inside the recording of {recording.n_times / sfreq:.1f} s; "
            f"got onset_s={onset_s:.1f} s, duration_s={duration_s:.1f} s. Choose both inside it."
        )
        raise ValueError(msg)
    return first, last


def _group(recording: mne.io.BaseRaw, name: str) -> tuple[str, str]:
    """Channels of one group share one scale: the type, and the name where the type has no unit."""
    kind = recording.get_channel_types(picks=[name])[0]
    return (kind, "") if kind in VOLT_TYPES else (kind, name)


def _signal(recording: mne.io.BaseRaw, name: str, first: int, last: int) -> NDArray[np.float64]:
    """One channel, centred on its middle: µV where it is a voltage, else its own unit."""
    values: NDArray[np.float64] = np.asarray(recording.get_data(picks=[name], start=first, stop=last))[0]
    if _group(recording, name)[0] in VOLT_TYPES:
        return (values - np.median(values)) * 1e6
    return np.asarray(values - (values.min() + values.max()) / 2)


def _bar_length(signals: list[NDArray[np.float64]], group: tuple[str, str]) -> float:
    """Half a row as a round number: 1, 2 or 5 times a power of ten."""
    spread = float(np.median([np.percentile(np.abs(signal), 99) for signal in signals]))
    smallest = SMALLEST_BAR_UV.get(group[0], 2.0 if group[1] in OWN_UNITS else 0.0)
    wanted = max(spread, smallest) or 1.0
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(power * STEPS[np.searchsorted(STEPS, wanted / power * 0.999)])


def _draw_bar(ax: Axes, row: int, bar: float, group: tuple[str, str]) -> None:
    """Put the amplitude bar and its length to the right of the first row of a group."""
    unit = "µV" if group[0] in VOLT_TYPES else OWN_UNITS.get(group[1], "")
    if not unit:
        return
    to_right = ax.get_yaxis_transform()
    ax.plot(
        [1.008, 1.008], [row - 0.25, row + 0.25], transform=to_right, color=INK, linewidth=1.5, clip_on=False
    )
    ax.text(1.016, row, f"{bar:g} {unit}", transform=to_right, va="center", color=INK, fontsize="small")


def _label_time(ax: Axes, start: datetime | None) -> None:
    """Ticks as clock time (or time from the start), a bar of one tick's length, and faint lines."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    left, right = ax.get_xlim()
    step = next((s for s in (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600) if s * 8 >= right - left), 1800)
    origin_s = start.hour * 3600 + start.minute * 60 + start.second if start else 0

    def clock(x: float, _: int) -> str:
        seconds = (x + origin_s) % 86400 if start else x
        return f"{int(seconds // 3600):02d}:{int(seconds // 60 % 60):02d}:{seconds % 60:02.0f}"

    ax.xaxis.set_major_locator(MultipleLocator(2 * step, offset=-origin_s % (2 * step)))
    ax.xaxis.set_minor_locator(MultipleLocator(step, offset=-origin_s % step))
    ax.xaxis.set_major_formatter(FuncFormatter(clock))
    ax.grid(axis="x", which="both", color=PALE, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(axis="x", which="both", length=0, pad=8)
    _draw_time_bar(ax, right, step)
    keep_lines_only(ax)


def _draw_time_bar(ax: Axes, right: float, step: float) -> None:
    """Put the time bar below the right end, with its length beyond the frame."""
    along = ax.get_xaxis_transform()
    ax.plot([right - step, right], [-0.02, -0.02], transform=along, color=INK, linewidth=2, clip_on=False)
    length = f"{step:g} s" if step < 60 else f"{step / 60:g} min"
    ax.annotate(
        length,
        (right, -0.02),
        (5, 0),
        xycoords=along,
        textcoords="offset points",
        va="center",
        fontsize="small",
    )
