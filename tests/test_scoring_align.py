"""A scoring onto its recording: aligned by the clock, or refused with the numbers."""

from datetime import UTC, datetime, timedelta

import mne
import numpy as np
import pandas as pd
import pytest
import yasa

from sleeplab.scoring import Scoring, align_hypnogram, align_scoring, read_scoring
from sleeplab.scoring._model import events_table

START = datetime(2024, 3, 1, 22, 30, tzinfo=UTC)


def recording(minutes: float, start: datetime | None = START) -> mne.io.RawArray:
    raw = mne.io.RawArray(
        np.zeros((1, round(minutes * 60))), mne.create_info(["C4-M1"], 1.0, "eeg"), verbose="error"
    )
    return raw.set_meas_date(start)


def hypnogram(stages: list[str], offset_s: float | None = None, **kwargs: str) -> yasa.Hypnogram:
    """Start the given seconds after START; None: without a clock."""
    start = None if offset_s is None else START + timedelta(seconds=offset_s)
    return yasa.Hypnogram(stages, start=start, **kwargs)


def aligned(stages: list[str], offset_s: float | None, minutes: float) -> list[str]:
    return align_hypnogram(hypnogram(stages, offset_s), recording(minutes)).hypno.tolist()


@pytest.mark.parametrize("offset_s", [0.0, None])
def test_a_scoring_of_the_same_length_is_unchanged(offset_s):
    assert aligned(["WAKE", "N1", "REM"], offset_s, 1.5) == ["WAKE", "N1", "REM"]


@pytest.mark.parametrize("offset_s", [0.0, None])
def test_a_scoring_that_ends_early_is_padded(offset_s):
    assert aligned(["WAKE", "N1"], offset_s, 2) == ["WAKE", "N1", "UNS", "UNS"]


def test_a_scoring_that_starts_late_is_padded():
    assert aligned(["WAKE", "N1"], 60, 2) == ["UNS", "UNS", "WAKE", "N1"]


def test_the_last_part_of_an_epoch_is_no_epoch():
    assert aligned(["WAKE", "N1"], None, 1.4) == ["WAKE", "N1"]


@pytest.mark.parametrize(
    ("offset_s", "expected"),
    [
        (10, ["WAKE", "N1", "N2", "UNS"]),  # the longer part of each epoch: 20 s
        (15, ["WAKE", "WAKE", "N1", "N2"]),  # equal parts: the earlier stage, the scored one before UNS
        (20, ["UNS", "WAKE", "N1", "N2"]),
        (-10, ["WAKE", "N1", "N2", "UNS"]),
        (-20, ["N1", "N2", "UNS", "UNS"]),
    ],
)
def test_a_clock_between_two_epochs(offset_s, expected):
    assert aligned(["WAKE", "N1", "N2"], offset_s, 2) == expected


def test_the_result_has_the_clock_of_the_recording_and_the_scorer():
    result = align_hypnogram(hypnogram(["WAKE"], 60, scorer="expert"), recording(2))
    assert result.start == pd.Timestamp(START)
    assert result.scorer == "expert"
    assert align_hypnogram(hypnogram(["WAKE"]), recording(2, None)).start is None


def test_clocks_are_wall_clocks_whatever_the_time_zone():
    paris = yasa.Hypnogram(["N1"], start="2024-03-01 22:31", tz="Europe/Paris")
    assert align_hypnogram(paris, recording(2)).hypno.tolist() == ["UNS", "UNS", "N1", "UNS"]
    naive = yasa.Hypnogram(["N1"], start="2024-03-01 22:31")
    assert align_hypnogram(naive, recording(2)).hypno.tolist() == ["UNS", "UNS", "N1", "UNS"]


def test_a_cropped_recording_starts_later_than_its_measurement_date():
    night = align_hypnogram(
        hypnogram(["WAKE", "N1", "N2", "N3"], 0), recording(2).crop(60, include_tmax=False, tmax=120)
    )
    assert night.hypno.tolist() == ["N2", "N3"]


@pytest.mark.parametrize("day", [START, datetime(1985, 1, 1, tzinfo=UTC)])
def test_an_anonymised_date_leaves_the_time_of_day(day):
    result = align_hypnogram(
        yasa.Hypnogram(["N1", "N2"], start="1985-01-01 00:00:30"),
        recording(2, day.replace(hour=23, minute=59)),
    )
    assert result.hypno.tolist() == ["UNS", "UNS", "UNS", "N1"]


def test_stages_that_begin_long_after_the_start_of_their_scoring_stay_there():
    """A day's recording without a date, the night scored 13 h after the first event."""
    evening = datetime(1985, 1, 1, 18, tzinfo=UTC)
    given = scoring(evening.replace(tzinfo=None), 13 * 3600)
    result = align_scoring(given, recording(14 * 60, evening))
    assert result.hypnogram.hypno.tolist().index("N1") == 13 * 120


def test_epochs_of_other_lengths_are_brought_to_30_s():
    ten = yasa.Hypnogram(["WAKE"] * 3 + ["N1", "N2", "N2"], freq="10s")
    assert align_hypnogram(ten, recording(1)).hypno.tolist() == ["WAKE", "N2"]


def test_unscored_ends_do_not_count_as_scoring():
    stages = ["UNS"] * 30 + ["N1", "N2"] + ["UNS"] * 300
    assert aligned(stages, -900, 1) == ["N1", "N2"]
    assert aligned(["N1"] + ["UNS"] * 300, None, 1) == ["N1", "UNS"]
    assert aligned(["UNS"] * 300, 1e6, 1) == ["UNS", "UNS"]


def test_an_excerpt_of_a_scored_night_is_read_by_the_clock():
    stages = ["WAKE"] * 100 + ["N1", "N2"] + ["N3"] * 100
    assert aligned(stages, -3000, 1) == ["N1", "N2"]


def test_a_longer_scoring_without_a_clock_is_refused_with_both_durations():
    with pytest.raises(
        ValueError, match=r"covers 812 epochs \(406\.0 min\) but the recording lasts 400\.0 min"
    ):
        align_hypnogram(hypnogram(["N2"] * 812), recording(400))
    assert (
        len(align_hypnogram(hypnogram(["N2"] * 801), recording(400))) == 800
    )  # one epoch more is a rounded end


@pytest.mark.parametrize("start", [START, None])
def test_one_missing_clock_starts_the_scoring_with_the_recording(start):
    stages = hypnogram(["N1"], None if start else 3600)
    assert align_hypnogram(stages, recording(1, start)).hypno.tolist() == ["N1", "UNS"]


@pytest.mark.parametrize("hours", [-24, 24, 9])
def test_another_night_is_refused(hours):
    first, last = hours * 60, hours * 60 + 480
    with pytest.raises(
        ValueError, match=rf"must overlap, but .* {first}\.0 to {last}\.0 min of a recording of 480\.0"
    ):
        align_hypnogram(hypnogram(["N2"] * 960, 3600 * hours), recording(480))


@pytest.mark.parametrize("hours", [-1, 1, 2])
def test_a_clock_wrong_by_hours_is_refused(hours):
    with pytest.raises(ValueError, match=r"must lie within the recording, but by their clocks"):
        align_hypnogram(hypnogram(["N2"] * 960, 3600 * hours), recording(480))


def test_other_stages_and_too_short_recordings_are_refused():
    with pytest.raises(ValueError, match=r"must have the stages WAKE N1 N2 N3 REM; this one has 2"):
        align_hypnogram(yasa.Hypnogram(["W", "S"], n_stages=2), recording(1))
    with pytest.raises(ValueError, match=r"one epoch of 30 s or more; got 29\.0 s"):
        align_hypnogram(hypnogram(["N1"]), recording(29 / 60))


def test_the_input_is_not_changed():
    given = hypnogram(["N1", "N2"], 10)
    before = given.hypno.copy()
    align_hypnogram(given, recording(2))
    pd.testing.assert_series_equal(given.hypno, before)


def scoring(start: datetime | None, first_stage_s: float) -> Scoring:
    events = events_table([(45.0, 3.0, "arousal", "", ""), (5.0, 0.0, "lights_off", "", "")])
    unknown = pd.DataFrame({"kind": ["cough"], "count": [1], "first_onset_s": [50.0]})
    stages = yasa.Hypnogram(["N1", "N2"], start=start and start + timedelta(seconds=first_stage_s))
    return Scoring(stages, events, unknown, start)


def test_events_move_with_the_clock():
    result = align_scoring(scoring(datetime(2024, 3, 1, 22, 31), 30), recording(3))
    assert result.events["onset_s"].tolist() == [65.0, 105.0]
    assert result.unknown["first_onset_s"].tolist() == [110.0]
    assert result.hypnogram.hypno.tolist() == ["UNS"] * 3 + ["N1", "N2", "UNS"]
    assert result.start == datetime(2024, 3, 1, 22, 30)


def test_without_the_recordings_clock_stages_and_events_stay_together():
    result = align_scoring(scoring(datetime(2024, 3, 1, 22, 31), 30), recording(3, None))
    assert result.events["onset_s"].tolist() == [5.0, 45.0]
    assert result.hypnogram.hypno.tolist() == ["UNS", "N1", "N2", "UNS", "UNS", "UNS"]


def only_events(*spans: tuple[float, float], clock_s: float | None) -> Scoring:
    rows = [(onset_s, duration_s, "apnea", "", "") for onset_s, duration_s in spans]
    start = None if clock_s is None else START.replace(tzinfo=None) + timedelta(seconds=clock_s)
    return Scoring(None, events_table(rows), pd.DataFrame({"kind": [], "first_onset_s": []}), start)


def test_what_was_scored_outside_an_excerpt_is_left_out():
    """The recording begins 100 s into the scored night and lasts 60 s."""
    spans = [(10, 20), (95, 15), (100, 0), (110, 12.3), (150, 30), (160, 5), (500, 10)]
    events = align_scoring(only_events(*spans, clock_s=-100), recording(1)).events
    assert events[["onset_s", "duration_s"]].to_numpy().tolist() == [[0, 10], [0, 0], [10, 12.3], [50, 10]]
    assert events.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("clock_s", "found"), [(86400.0, "1440.2 to 1441.7 min"), (-86400.0, "-1439.8"), (None, "0.2 to 1.7 min")]
)
def test_events_of_another_night_are_refused(clock_s, found):
    with pytest.raises(ValueError, match=rf"events .* must lie within .* start at {found}.* of 1\.0 min"):
        align_scoring(only_events((10, 5), (100, 5), clock_s=clock_s), recording(1))


def test_a_real_night_lies_on_its_own_clock(shared_data):
    """Noxturnal night 2, and a recording that starts with the analysis, 20 s before the first epoch."""
    night = read_scoring(shared_data("nox/scoring_night2.csv"))
    result = align_scoring(night, recording(430, datetime(2018, 7, 25, 23, 45, 40, tzinfo=UTC)))
    assert result.events["onset_s"].tolist() == night.events["onset_s"].tolist()
    assert result.hypnogram.hypno.tolist()[:849] == [
        "UNS",
        *night.hypnogram.hypno.tolist(),
    ]  # 20 of 30 s later
    with pytest.raises(ValueError, match=r"must overlap"):
        align_scoring(night, recording(430, datetime(2018, 7, 26, 23, 45, 40, tzinfo=UTC)))
    with pytest.raises(ValueError, match=r"must overlap"):
        align_scoring(
            read_scoring(shared_data("nox/scoring_night1.csv")),
            recording(430, night.start.replace(tzinfo=UTC)),
        )
