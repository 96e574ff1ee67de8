"""The worklist: price, order, diversity, budget; recall against known truth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeplab.anomalies import KINDS, LEDGER_COLUMNS
from sleeplab.anomalies._ledger import Finding, make_ledger
from sleeplab.features import FEATURES
from sleeplab.review import (
    PRICES,
    Price,
    count_found,
    expected_value,
    match_events,
    plan_review,
    recall_curve,
    say_recall,
    score_epochs,
)


def ledger_of(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """Make a ledger from (kind, onset_s, score)."""
    return make_ledger(
        [Finding(kind, onset, 10.0, (), score, "x") for kind, onset, score in rows], ["N2"] * 99
    )


def test_every_kind_has_a_price() -> None:
    assert set(PRICES) == set(KINDS)
    for price in PRICES.values():
        assert price.review_s > 0
        assert 0 < price.worth <= 1
        assert price.half_score > 0


def test_expected_value_by_hand() -> None:
    ledger = ledger_of(("gap", 0, 3.0), ("gap", 1, 0.0), ("gap", 2, 1e9))
    prices = {"gap": Price(5, 0.8, 1.0)}
    assert expected_value(ledger, prices=prices) == pytest.approx([0.6, 0.0, 0.8])
    ledger["p_value"] = [0.5, np.nan, 0.0]
    assert expected_value(ledger, prices=prices) == pytest.approx([0.3, 0.0, 0.8])


def test_value_rises_with_score_for_every_kind() -> None:
    for kind in KINDS:
        assert (np.diff(expected_value(ledger_of(*((kind, i, float(i)) for i in range(9))))) > 0).all()


def test_best_value_per_second_comes_first() -> None:
    prices = {"gap": Price(10, 0.5, 1.0), "low oxygen": Price(5, 0.5, 1.0), "no REM": Price(10, 1.0, 1.0)}
    plan = plan_review(ledger_of(("gap", 0, 1), ("low oxygen", 1, 1), ("no REM", 2, 9)), prices=prices)
    # per second: gap 0.25/10, low oxygen 0.25/5, no REM 0.9/10
    assert plan["kind"].to_list() == ["no REM", "low oxygen", "gap"]
    assert plan["rank"].to_list() == [1, 2, 3]
    assert plan["cumulative_min"].to_list() == pytest.approx([10 / 60, 15 / 60, 25 / 60])


def test_three_of_a_kind_then_the_others_have_their_turn() -> None:
    rows = [("gap", i, 100.0 - i) for i in range(8)] + [("fast heart", 100 + i, 1.0) for i in range(2)]
    plan = plan_review(ledger_of(*rows))
    assert plan["kind"].to_list() == ["gap"] * 3 + ["fast heart"] * 2 + ["gap"] * 5
    assert plan.loc[plan["kind"] == "gap", "onset_s"].is_monotonic_increasing  # highest score first


def test_only_what_fits_and_a_cheap_one_fills_the_rest() -> None:
    prices = {"gap": Price(40, 1.0, 1.0), "no REM": Price(30, 0.1, 1.0), "low oxygen": Price(20, 0.01, 1.0)}
    plan = plan_review(
        ledger_of(("gap", 0, 9), ("no REM", 1, 1), ("low oxygen", 2, 1)), minutes=1, prices=prices
    )
    assert plan["kind"].to_list() == ["gap", "low oxygen"]
    assert plan["cumulative_min"].iloc[-1] == pytest.approx(1.0)


def test_columns_are_the_ledgers_and_three_more() -> None:
    for ledger in (ledger_of(), ledger_of(("gap", 0, 1))):
        plan = plan_review(ledger)
        assert plan.columns.to_list() == [*LEDGER_COLUMNS, "rank", "review_s", "cumulative_min"]
        assert plan["review_s"].dtype == "float64"
        assert plan["cumulative_min"].dtype == "float64"
        assert plan["rank"].dtype == "int64"


def test_no_budget_no_list_and_the_ledger_is_left_alone() -> None:
    ledger = ledger_of(("gap", 0, 1))
    before = ledger.copy()
    assert len(plan_review(ledger, minutes=0)) == 0
    plan_review(ledger)
    pd.testing.assert_frame_equal(ledger, before)


@pytest.mark.parametrize("minutes", [-1.0, float("nan")])
def test_a_negative_budget_is_refused(minutes: float) -> None:
    with pytest.raises(ValueError, match="must be 0 min or more"):
        plan_review(ledger_of(), minutes=minutes)


def test_a_kind_without_a_price_is_refused() -> None:
    with pytest.raises(ValueError, match="there is none for gap"):
        plan_review(ledger_of(("gap", 0, 1)), prices={})


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.floats(0, 900), st.floats(0, 50)), max_size=40),
    st.floats(0, 20),
)
def test_any_plan_keeps_the_budget_and_ranks_what_it_shows(
    rows: list[tuple[str, float, float]], minutes: float
) -> None:
    ledger = ledger_of(*rows)
    plan = plan_review(ledger, minutes=minutes)
    assert plan["review_s"].sum() <= 60 * minutes + 1e-6
    assert plan["rank"].to_list() == list(range(1, len(plan) + 1))
    assert plan["cumulative_min"].is_monotonic_increasing
    left = len(ledger) - len(plan)
    if left:  # nothing that was left out would have fitted as well
        seconds = pd.Series([PRICES[kind].review_s for kind in ledger["kind"]])
        assert plan["review_s"].sum() + seconds.max() > 60 * minutes
    assert plan_review(ledger, minutes=minutes).equals(plan)


def events(*rows: tuple[float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["onset_s", "duration_s", "kind"])


def test_an_event_is_shown_by_an_overlapping_finding_that_goes_with_it() -> None:
    findings = events((0, 10, "arousal-like shift"), (0, 10, "desaturation"), (100, 5, "unusual EEG"))
    truth = events(
        (8, 20, "desaturation"), (5, 1, "arousal"), (102, 1, "spike"), (12.5, 3, "arousal"), (5, 1, "spike")
    )
    assert match_events(findings, truth).tolist() == [1, 0, 2, -1, -1]


def test_tolerance_is_on_both_sides() -> None:
    findings, truth = events((10, 5, "gap")), events((16, 1, "gap"), (7, 2, "gap"))
    assert match_events(findings, truth, tolerance_s=1.0).tolist() == [0, 0]
    assert match_events(findings, truth, tolerance_s=0.5).tolist() == [-1, -1]


def test_a_long_unfit_signal_shows_only_its_first_minute() -> None:
    findings, truth = events((0, 9000, "unfit signal")), events((50, 1, "spike"), (5000, 1, "spike"))
    assert match_events(findings, truth).tolist() == [0, -1]


def test_a_series_shows_all_its_events() -> None:
    findings, truth = events((0, 9000, "sharp transients")), events((50, 1, "spike"), (5000, 1, "spike_wave"))
    assert match_events(findings, truth).tolist() == [0, 0]


def test_no_findings_or_no_truth() -> None:
    one = events((0, 1, "gap"))
    assert match_events(events(), one).tolist() == [-1]
    assert match_events(one, events()).tolist() == []


def test_recall_by_hand() -> None:
    worklist = events((0, 10, "gap"), (100, 10, "gap"), (300, 10, "gap"))
    worklist["cumulative_min"] = [0.1, 0.2, 0.3]
    truth = events((5, 1, "gap"), (301, 1, "gap"), (306, 1, "gap"), (900, 1, "gap"))
    curve = recall_curve(worklist, truth)
    assert curve["minutes"].to_list() == [0.0, 0.1, 0.2, 0.3]
    assert curve["recall"].to_list() == [0.0, 0.25, 0.25, 0.75]
    assert recall_curve(worklist, truth[:0])["recall"].isna().all()


def test_found_is_counted_by_kind() -> None:
    columns = ["onset_s", "duration_s", "kind"]
    truth = pd.DataFrame(
        [[0.0, 9.0, "gap"], [50.0, 9.0, "gap"], [100.0, 1.0, "spike"], [200.0, 1.0, "spike"]], columns=columns
    )
    ledger = pd.DataFrame([[1.0, 5.0, "gap"], [95.0, 10.0, "sharp transients"]], columns=columns)
    counts = count_found(truth, ledger, ledger.tail(1))
    assert counts.to_numpy().tolist() == [["gap", 2, 1, 0], ["spike", 2, 1, 1]]


def test_the_caller_may_say_what_a_finding_shows() -> None:
    findings, truth = events((0, 10, "low oxygen")), events((5, 1, "apnea"))
    shows = {"low oxygen": {"apnea"}}
    assert match_events(findings, truth).tolist() == [-1]
    assert match_events(findings, truth, shows=shows).tolist() == [0]
    assert count_found(truth, findings, findings, shows=shows).to_numpy().tolist() == [["apnea", 1, 1, 1]]
    curve = recall_curve(findings.assign(cumulative_min=0.1), truth, shows=shows)
    assert curve["recall"].to_list() == [0.0, 1.0]


def epochs_of(*eeg: float) -> pd.DataFrame:
    """Feature table whose every EEG column has these values."""
    return pd.DataFrame({name: list(eeg) for name in FEATURES})


def test_an_epoch_is_worth_its_best_finding_and_a_series_is_shared_out() -> None:
    quiet = epochs_of(*[1.0] * 10)
    rows = [("gap", 30.0, 60.0), ("arousal-like shift", 40.0, 5.0), ("arousal-like series", 120.0, 120.0)]
    ledger = make_ledger([Finding(k, a, d, (), 3.0, "x") for k, a, d in rows], ["N2"] * 10)
    gap, shift, series = (expected_value(ledger_of((kind, 0, 3.0)))[0] for kind, *_ in rows)
    by_hand = [0.0, max(gap, shift), gap, 0.0, *[series / 2] * 4, 0.0, 0.0]
    assert score_epochs(ledger, quiet) == pytest.approx(by_hand)


def test_the_rest_is_ordered_by_how_unusual_it_is() -> None:
    # of log10 0, 1, -1, 1, 4 the median is 1; the distances 1 0 2 0 3 have median 1: z = distance / 1.4826
    score = score_epochs(
        ledger_of(), epochs_of(1.0, 10.0, 0.1, 10.0, 1e4)[["eeg_ptp_uv"]].reindex(columns=FEATURES)
    )
    z = np.array([1, 0, 2, 0, 3]) / 1.4826
    assert score == pytest.approx(z / (z + 8))


def test_findings_about_the_night_mark_no_epoch() -> None:
    assert score_epochs(ledger_of(("no REM", 0, 9.0)), epochs_of(1.0, 1.0)).tolist() == [0.0, 0.0]


def test_the_sentence_reads_the_measured_table(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"n_nights": 3, "n_kinds": 5, "hours": 8.0, "minutes": [10.0, 20.0], "recall": [0.5, 0.9]}
    monkeypatch.setattr("sleeplab.review._recall._read", lambda: table | {"false_per_clean_h": 0.5})
    assert say_recall(15.0) == (
        "Measured on known truth, this budget finds 70 % of what was planted in 3 simulated nights; all 5 "
        "kinds count alike; of a healthy night as long as this one about 4 findings are false."
    )
    for minutes, hours, share in ((5.0, 8.0, 25), (5.0, 4.0, 50), (99.0, 8.0, 90)):
        assert f"finds {share} % of" in say_recall(minutes, hours=hours)


def test_the_measured_table_rises_and_stays_below_all() -> None:
    from sleeplab.review._recall import _read

    table = _read()
    assert len(table["minutes"]) == len(table["recall"])
    assert sorted(table["minutes"]) == table["minutes"]
    assert sorted(table["recall"]) == table["recall"]
    assert 0 < table["recall"][0] < table["recall"][-1] <= 1
