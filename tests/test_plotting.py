"""Each panel shows what its table says, at the right place, and leaves everything else alone."""

import subprocess
import sys

import matplotlib as mpl
import mne
import numpy as np
import pandas as pd
import pytest
import yasa
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from report_night import make_gate, make_hypnogram, make_ledger, make_recording, make_worklist

from sleeplab import plotting

HOUR = 3600.0


@pytest.fixture
def ax() -> Axes:
    return Figure().add_subplot()


def spans(ax: Axes) -> list[tuple[float, float, float, float]]:
    """Left, right, bottom and top of everything drawn by `broken_barh`."""
    found = []
    for collection in ax.collections:
        for path in collection.get_paths():
            box = path.get_extents()
            if box.width and box.height:
                found.append((box.x0, box.x1, box.y0, box.y1))
    return found


def all_panels() -> list[tuple[str, tuple, dict]]:
    ledger = make_ledger()
    power_db = pd.DataFrame(
        np.arange(12.0).reshape(3, 4), index=[0.0, 30.0, 60.0], columns=[1.0, 2.0, 3.0, 4.0]
    )
    return [
        ("plot_hypnogram", (make_hypnogram(),), {}),
        ("plot_confidence", (make_hypnogram(),), {}),
        ("plot_probabilities", (make_hypnogram(),), {}),
        ("plot_spectrogram", (power_db,), {}),
        ("plot_gate", (make_gate(),), {}),
        ("plot_findings", (ledger,), {"worklist": make_worklist(ledger)}),
        ("plot_excerpt", (make_recording(), 600.0, 30.0), {}),
    ]


@pytest.mark.parametrize(("name", "inputs", "options"), all_panels(), ids=[p[0] for p in all_panels()])
def test_draws_on_the_axes_it_gets_and_changes_nothing_else(name, inputs, options, ax):
    settings = dict(mpl.rcParams)
    before = [table.copy() for table in inputs if isinstance(table, pd.DataFrame)]
    assert getattr(plotting, name)(*inputs, ax=ax, **options) is ax
    ax.figure.canvas.draw()
    assert dict(mpl.rcParams) == settings
    assert plt.get_fignums() == []
    for table, copy in zip((t for t in inputs if isinstance(t, pd.DataFrame)), before, strict=True):
        pd.testing.assert_frame_equal(table, copy)


@pytest.mark.parametrize(("name", "inputs", "options"), all_panels(), ids=[p[0] for p in all_panels()])
def test_makes_a_figure_when_given_none(name, inputs, options):
    made = getattr(plotting, name)(*inputs, **options)
    assert plt.get_fignums() == [made.figure.number]
    plt.close(made.figure)


def test_import_needs_no_matplotlib():
    code = "import sys, sleeplab.plotting; print({'matplotlib', 'mne', 'yasa', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# Hypnogram: 2 epochs WAKE, 1 N3, 1 UNS -------------------------------------------------------------------


def small_hypnogram() -> yasa.Hypnogram:
    proba = pd.DataFrame(
        [[0.9, 0.0, 0.1, 0.0, 0.0], [0.6, 0.4, 0, 0, 0], [0, 0, 0.3, 0.7, 0], [0, 0, 0, 0, 0]],
        columns=["WAKE", "N1", "N2", "N3", "REM"],
    ).assign(UNS=[0.0, 0.0, 0.0, 1.0])
    return yasa.Hypnogram(["WAKE", "WAKE", "N3", "UNS"], proba=proba)


def test_hypnogram_puts_each_stage_on_its_row_and_hatches_what_was_not_staged(ax):
    plotting.plot_hypnogram(small_hypnogram(), ax=ax)
    rows = {tick.get_text(): tick.get_position()[1] for tick in ax.get_yticklabels()}
    drawn = [
        c.get_segments()[0] for c in ax.collections if hasattr(c, "get_segments") and len(c.get_segments())
    ]
    flat = [
        (s[0][0] * 120, s[1][0] * 120, s[0][1]) for s in drawn if s[0][1] == s[1][1]
    ]  # 120 epochs per hour
    assert flat == [pytest.approx((0, 2, rows["WAKE"])), pytest.approx((2, 3, rows["N3"]))]
    assert list(rows) == ["N3", "N2", "N1", "REM", "WAKE"]
    hatched = [(x0 * 120, x1 * 120) for x0, x1, _, _ in spans(ax)]
    assert hatched == [pytest.approx((3, 4))]
    assert ax.get_xlim() == pytest.approx((0, 4 / 120))


def test_hypnogram_draws_no_step_into_what_was_not_staged(ax):
    plotting.plot_hypnogram(yasa.Hypnogram(["WAKE", "UNS", "N2"]), ax=ax)
    upright = [
        segment
        for collection in ax.collections
        if hasattr(collection, "get_segments")
        for segment in collection.get_segments()
        if segment[0][0] == segment[1][0] and segment[0][1] != segment[1][1]
    ]
    assert upright == []


def test_artefacts_are_hatched_otherwise_than_unstaged_epochs(ax):
    plotting.plot_hypnogram(yasa.Hypnogram(["ART", "UNS"]), ax=ax)
    hatches = {c.get_label(): c.get_hatch() for c in ax.collections if c.get_hatch()}
    assert set(hatches) == {"UNS", "ART"}
    assert hatches["UNS"] != hatches["ART"]


def test_confidence_is_the_probability_of_the_chosen_stage(ax):
    plotting.plot_confidence(small_hypnogram(), ax=ax)
    (steps,) = ax.patches
    np.testing.assert_array_equal(steps.get_data().values, [0.9, 0.6, 0.7, np.nan])


def test_probabilities_stack_to_one_where_the_night_was_staged(ax):
    plotting.plot_probabilities(small_hypnogram(), ax=ax)
    tops = {step.get_label(): step.get_data()[0] for step in ax.patches}
    np.testing.assert_allclose(tops["N3"], [0, 0, 0.7, 0])
    np.testing.assert_allclose(tops["WAKE"], [1, 1, 1, 0])
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert [stage for stage in shown if stage in tops] == ["WAKE", "REM", "N1", "N2", "N3"]


@pytest.mark.parametrize("name", ["plot_confidence", "plot_probabilities"])
def test_a_scoring_without_probabilities_is_refused(name):
    with pytest.raises(ValueError, match=r"none\. Take that of"):
        getattr(plotting, name)(yasa.Hypnogram(["WAKE", "N1"]))


@pytest.mark.parametrize(("n_epochs", "unit", "per_hour"), [(8, "min", 60), (119, "min", 60), (240, "h", 1)])
def test_time_is_labelled_in_the_unit_that_suits_the_recording(n_epochs, unit, per_hour, ax):
    plotting.plot_hypnogram(yasa.Hypnogram(["N2"] * n_epochs), ax=ax)
    ax.figure.canvas.draw()
    assert ax.get_xlabel() == f"Time from the start ({unit})"
    shown = {
        x: tick.get_text() for x, tick in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True) if x >= 0
    }
    assert len(shown) > 3
    for hour, text in shown.items():
        assert float(text) == pytest.approx(hour * per_hour)


# Spectrogram, gate, findings ------------------------------------------------------------------------------


def test_spectrogram_shows_every_value_at_its_time_and_frequency(ax):
    power_db = pd.DataFrame([[1.0, 2.0, 3.0], [4.0, 5.0, np.nan]], index=[0.0, 30.0], columns=[1.0, 2.0, 3.0])
    plotting.plot_spectrogram(power_db, ax=ax)
    (image,) = ax.images
    np.testing.assert_array_equal(np.ma.filled(image.get_array(), np.nan), power_db.to_numpy().T)
    assert image.get_extent() == pytest.approx([0, 60 / HOUR, 1, 3])
    low, high = image.get_clim()
    assert 1 <= low < high <= 5


def test_spectrogram_of_nothing_but_unfit_epochs_is_drawn_empty(ax):
    plotting.plot_spectrogram(
        pd.DataFrame(np.full((2, 2), np.nan), index=[0.0, 30.0], columns=[1.0, 2.0]), ax=ax
    )
    assert np.ma.getmaskarray(ax.images[0].get_array()).all()


def test_gate_draws_a_block_where_a_channel_was_unfit(ax):
    plotting.plot_gate(make_gate(), ax=ax)
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    blocks = {(names[round((y0 + y1) / 2)], round(x0 * 120), round(x1 * 120)) for x0, x1, y0, y1 in spans(ax)}
    assert ("C3-M2", 20, 30) in blocks
    assert blocks == {("C3-M2", 20, 30)} | {(name, 76, 80) for name in names}
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # first channel on top


def test_gate_writes_a_reason_only_where_it_has_room():
    words = {}
    for width_in in (20, 1):
        ax = Figure(figsize=(width_in, 3)).add_subplot()
        plotting.plot_gate(make_gate(), ax=ax)
        words[width_in] = [text.get_text() for text in ax.texts]
    assert sorted(set(words[20])) == ["flat", "gap"]
    assert words[1] == []


def test_findings_have_a_row_per_kind_ordered_by_level(ax):
    plotting.plot_findings(make_ledger(), ax=ax)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "electrode off", "arousal-like shift", "oxygen desaturation", "unlike its stage", "short sleep",
        "doubtful scoring",
    ]  # fmt: skip


def test_findings_stand_at_their_time_and_those_of_the_worklist_are_taller(ax):
    ledger = make_ledger()
    plotting.plot_findings(ledger, worklist=make_worklist(ledger), ax=ax)
    drawn = [(x0 * HOUR, x1 * HOUR, round(y1 - y0, 6)) for x0, x1, y0, y1 in spans(ax)]
    heights = {}
    for x0, x1, height in drawn:
        key = (round(x0, 3), round(x1 - x0, 3))
        heights[key] = max(height, heights.get(key, 0))
    assert set(heights) == set(zip(ledger["onset_s"], ledger["duration_s"], strict=True))
    by_kind = [heights[key] for key in zip(ledger["onset_s"], ledger["duration_s"], strict=True)]
    assert by_kind[:4] == [0.8] * 4  # in the worklist
    assert by_kind[4:] == [pytest.approx(0.2), 0.5]  # left out: one of 40 min, one of 30 s


def test_no_finding_is_said(ax):
    plotting.plot_findings(make_ledger().iloc[:0], ax=ax)
    assert [text.get_text() for text in ax.texts] == ["no finding"]


# Excerpt --------------------------------------------------------------------------------------------------


def make_sines(amplitudes_uv: list[float], kind: str = "eeg") -> mne.io.RawArray:
    """60 s of 5 Hz at 100 Hz: a period is 20 samples, so that the peak is hit exactly."""
    sine = np.sin(2 * np.pi * 5 * np.arange(6000) / 100)
    names = [f"C{n}" for n in range(len(amplitudes_uv))]
    data = 1e-6 * np.array(amplitudes_uv)[:, None] * sine
    return mne.io.RawArray(data, mne.create_info(names, 100.0, kind), verbose="error")


def traces(ax: Axes) -> dict[str, np.ndarray]:
    return {line.get_label(): line.get_xydata() for line in ax.lines if not line.get_label().startswith("_")}


def test_excerpt_scale_bar_is_a_round_number_and_true_to_the_trace(ax):
    plotting.plot_excerpt(make_sines([80.0, 40.0]), 10.0, 5.0, ax=ax)
    assert [text.get_text() for text in ax.texts] == [
        "100 µV",
        "1 s",
    ]  # median of 80 and 40 is 60, rounded up
    bar = ax.lines[2].get_ydata()  # after the two traces of the group
    uv_per_row = 100.0 / abs(bar[1] - bar[0])
    for row, (name, amplitude) in enumerate({"C0": 80.0, "C1": 40.0}.items()):
        y = traces(ax)[name][:, 1]
        assert (row - y.min()) * uv_per_row == pytest.approx(amplitude)  # up on the page is positive


def test_excerpt_draws_positive_up(ax):
    recording = make_sines([0.0])
    recording._data[0, 250] = 20e-6
    plotting.plot_excerpt(recording, 0.0, 5.0, ax=ax)
    trace, bottom_to_top = traces(ax)["C0"], ax.get_ylim()
    assert trace[250, 1] < trace[0, 1]
    assert bottom_to_top[0] > bottom_to_top[1]  # smaller is higher on the page


def test_excerpt_time_bar_has_the_length_it_says(ax):
    plotting.plot_excerpt(make_sines([80.0]), 10.0, 30.0, ax=ax)
    assert ax.texts[-1].get_text() == "5 s"
    left, right = ax.lines[-1].get_xdata()
    assert right - left == pytest.approx(5.0)


def test_excerpt_keeps_the_samples_asked_for(ax):
    plotting.plot_excerpt(make_sines([80.0]), 10.0, 5.0, ax=ax)
    x = traces(ax)["C0"][:, 0]
    np.testing.assert_allclose(x, np.arange(1000, 1500) / 100)


def test_excerpt_cuts_what_leaves_its_row(ax):
    recording = make_sines([40.0, 40.0, 5000.0])
    plotting.plot_excerpt(recording, 0.0, 5.0, ax=ax)
    y = traces(ax)["C2"][:, 1]
    assert np.abs(y - 2).max() < 0.75
    assert ax.texts[0].get_text() == "50 µV"  # the loose electrode does not flatten the others


def test_excerpt_gives_voltage_types_and_sensors_their_own_scale(ax):
    recording = make_recording()
    plotting.plot_excerpt(recording, 1480.0, 60.0, ch_names=["SpO2", "Flow", "F3-M2"], ax=ax)
    said = [text.get_text() for text in ax.texts]
    assert said[:2] == ["5 %", "50 µV"]  # SpO2 falls by 7: half of that, rounded up; flow has no unit
    assert list(traces(ax)) == ["SpO2", "Flow", "F3-M2"]


def test_excerpt_of_a_dead_channel_is_a_straight_line(ax):
    plotting.plot_excerpt(make_sines([0.0]), 0.0, 5.0, ax=ax)
    assert set(traces(ax)["C0"][:, 1]) == {0.0}


def test_excerpt_ticks_are_clock_times_on_round_seconds(ax):
    recording = make_sines([80.0]).set_meas_date(
        pd.Timestamp("2024-03-09 23:59:43", tz="UTC").to_pydatetime()
    )
    plotting.plot_excerpt(recording, 5.0, 30.0, ax=ax)
    ax.figure.canvas.draw()
    shown = [
        tick.get_text() for tick, x in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True) if 5 <= x <= 35
    ]
    assert shown == ["23:59:50", "00:00:00", "00:00:10"]


def test_excerpt_ticks_count_from_the_start_when_there_is_no_clock(ax):
    plotting.plot_excerpt(make_sines([80.0]), 5.0, 30.0, ax=ax)
    ax.figure.canvas.draw()
    assert "00:00:20" in [tick.get_text() for tick in ax.get_xticklabels()]


def test_excerpt_outside_the_recording_is_refused():
    with pytest.raises(
        ValueError, match=r"inside the recording of 60\.0 s; got onset_s=70\.0 s, duration_s=5\.0 s"
    ):
        plotting.plot_excerpt(make_sines([1.0]), 70.0, 5.0)


def test_excerpt_of_an_unknown_channel_is_refused():
    with pytest.raises(ValueError, match=r"but O9 was asked for\. It has: C0\."):
        plotting.plot_excerpt(make_sines([1.0]), 0.0, 5.0, ch_names=["O9"])
