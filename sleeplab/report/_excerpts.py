"""The picture of one item of the worklist: the signal around it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from sleeplab import plotting
from sleeplab.anomalies import span
from sleeplab.report._figures import STYLE, Inputs, Picture, as_picture, new_figure, say_in_figure
from sleeplab.report._words import say_clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import mne

    Bands = Mapping[str, tuple[float, float | None]]

WIDTH_IN = 7.6
MOST_OWN_ROWS = 4
ROW_IN, LEAST_IN = 0.38, 1.5  # a single channel is drawn larger
BANDS: Bands = {
    "eeg": (0.3, 35.0),
    "eog": (0.3, 35.0),
    "ecg": (0.3, 35.0),
    "emg": (10.0, None),
}  # Hz, for display
FILTERED = "shown filtered: EEG, EOG, ECG 0.3–35 Hz, EMG above 10 Hz"
UNFILTERED = "as recorded, not filtered"
PAD_S = 10.0
WINDOWS_S = ((1.0, 10.0), (20.0, 30.0), (40.0, 60.0))  # duration up to, width shown
SHADE = "#F0E442"
FAINT = "#7B8794"
COMPANY = {  # roles to show beside a finding, and how many channels of each at most
    "breathing": {"flow": 2, "effort": 2, "spo2": 1, "eeg": 1},
    "heart": {"ecg": 1, "pulse": 1, "spo2": 1, "eeg": 2},
    "legs": {"leg": 2, "chin": 1, "eeg": 2},
    "brain": {"eeg": 4, "eog": 2, "chin": 1},
}
SIDE = {
    "flow": "breathing", "effort": "breathing", "spo2": "breathing", "snore": "breathing",
    "ecg": "heart", "pulse": "heart", "leg": "legs",
}  # fmt: skip


def draw_item(inputs: Inputs, item: Any) -> Picture:
    """Draw an item: the signal around it, or the hypnogram for a finding about the whole night."""
    from matplotlib import rc_context

    with rc_context(STYLE):
        if item.level in ("night", "cohort"):
            return _draw_in_hypnogram(inputs, item)
        return _draw_signal(inputs, item)


def choose_channels(ch_names: Sequence[str], own: Sequence[str]) -> list[str]:
    """Choose what to show, top first: the finding's own channels, then those read together with them.

    Examples
    --------
    >>> choose_channels(["C3-M2", "E1-M2", "Flow", "SpO2"], ["SpO2"])
    ['SpO2', 'Flow', 'C3-M2']
    """
    from sleeplab.channels import parse_label

    roles = {name: parse_label(name).role for name in ch_names}
    shown = [name for name in own if name in roles][:MOST_OWN_ROWS]
    company = COMPANY[SIDE.get(roles[shown[0]], "brain") if shown else "brain"]
    for role, most in company.items():
        of_role = [name for name in ch_names if roles[name] == role and name not in shown]
        shown += of_role[: max(0, most - sum(roles[name] == role for name in shown))]
    return shown or list(ch_names[:MOST_OWN_ROWS])


def choose_window(onset_s: float, duration_s: float, last_s: float) -> tuple[float, float]:
    """Choose what stretch to show: wider for longer findings, the beginning of those that do not fit.

    Examples
    --------
    >>> choose_window(100.0, 4.0, 3600.0), choose_window(100.0, 300.0, 3600.0)
    ((87.0, 30.0), (70.0, 120.0))
    """
    width = next((width for longest, width in WINDOWS_S if duration_s <= longest), 120.0)
    before = (width - duration_s) / 2 if duration_s < 0.8 * width else width / 4
    width = min(width, last_s)
    return float(np.clip(np.floor(onset_s - before), 0, last_s - width)), width


def _draw_signal(inputs: Inputs, item: Any) -> Picture:
    recording = inputs.recording
    own = [name.strip() for name in item.ch_names.split(",")]
    names = choose_channels(recording.ch_names, own)
    left_s, width_s = choose_window(item.onset_s, item.duration_s, recording.duration)
    bands = {} if item.level == "signal" else BANDS  # a filter would hide the fault that was found
    excerpt = cut_out(recording, (left_s, width_s), names, bands=bands)
    height_in = max(ROW_IN * len(names), LEAST_IN) + 0.36
    figure = new_figure(WIDTH_IN, height_in)
    ax = figure.add_axes((0.085, 0.3 / height_in, 0.82, 1 - 0.32 / height_in))
    ax.axvspan(
        item.onset_s - left_s, item.onset_s - left_s + item.duration_s, color=SHADE, alpha=0.35, linewidth=0
    )
    plotting.plot_excerpt(excerpt, 0.0, width_s, ax=ax)
    for line in ax.lines:
        if line.get_label() in names and line.get_label() not in own:
            line.set_color(FAINT)
    for label in ax.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in own else "normal")
    when = say_clock(left_s, recording.info["meas_date"])
    alt = f"{span(width_s)} of {', '.join(names)} from {when}; the finding is shaded."
    caption = f"{span(width_s)} from {when}; {FILTERED if bands else UNFILTERED}"
    say_in_figure(figure, inputs.language.say)
    return as_picture(figure, alt, colors=16, caption=caption)


def cut_out(
    recording: mne.io.BaseRaw, window: tuple[float, float], names: Sequence[str], *, bands: Bands
) -> mne.io.BaseRaw:
    """Cut out a window (start and width in s), filtered both ways so that nothing moves in time."""
    import mne
    from scipy.signal import butter, sosfiltfilt

    left_s, width_s = window
    sfreq = recording.info["sfreq"]
    first, last = max(0.0, left_s - PAD_S), min(recording.duration, left_s + width_s + PAD_S)
    data = recording.get_data(picks=list(names), start=round(first * sfreq), stop=round(last * sfreq))
    types = recording.get_channel_types(picks=list(names))
    for row, kind in enumerate(types):
        low, high = bands.get(kind, (None, None))
        if low is not None:
            edges, shape = (
                (low, "highpass") if high is None or high >= sfreq / 2 else ((low, high), "bandpass")
            )
            data[row] = sosfiltfilt(butter(2, edges, shape, fs=sfreq, output="sos"), data[row])
    kept = slice(round((left_s - first) * sfreq), round((left_s - first + width_s) * sfreq))
    excerpt = mne.io.RawArray(data[:, kept], mne.create_info(list(names), sfreq, types), verbose="error")
    start = recording.info["meas_date"] or datetime(1970, 1, 1, tzinfo=UTC)  # midnight: times from the start
    return excerpt.set_meas_date(start + timedelta(seconds=left_s))


def _draw_in_hypnogram(inputs: Inputs, item: Any) -> Picture:
    figure = new_figure(WIDTH_IN, 1.7)
    ax = figure.add_axes((0.085, 0.24, 0.82, 0.72))
    onset_h, end_h = item.onset_s / 3600, (item.onset_s + item.duration_s) / 3600
    ax.axvspan(onset_h, end_h, color=SHADE, alpha=0.35, linewidth=0)
    plotting.plot_hypnogram(inputs.hypnogram, ax=ax)
    ax.set_ylabel("")
    say_in_figure(figure, inputs.language.say)
    return as_picture(
        figure, "Hypnogram of the night; the finding is shaded.", colors=32, caption="the whole night"
    )
