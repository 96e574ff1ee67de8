"""A night among others: p-values keep their promise, a saved reference holds, a wrong one is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomaly_helpers import gate_of, night_of, pink, raw_of
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import parametrize_with_checks

from sleeplab.anomalies import Known, find_anomalies
from sleeplab.anomalies._layout import column_of, layout_of
from sleeplab.anomalies.cohort import CohortReference, find_cohort_findings, load_reference
from sleeplab.features import FEATURES, epoch_features, night_statistics, night_summary

COLUMNS = ["tst_min", "n3_pct", "rem_latency_min", "eeg_delta_power_uv2_n2", "eeg_delta_power_uv2_n3"]
COLUMNS += ["chin_rms_uv_n2", "chin_rms_uv_rem", "spo2_min_pct_n2", "age"]


@parametrize_with_checks([CohortReference()])
def test_scikit_learn_contract(estimator: CohortReference, check: Callable[[CohortReference], None]) -> None:
    check(estimator)


def nights(n: int, seed: int = 0) -> pd.DataFrame:
    """Invented people: gains that all their signals share, N3 that falls with age, a tenth without REM."""
    rng = np.random.default_rng(seed)
    gain, tone, age = rng.normal(0, 0.4, n), rng.normal(0, 0.4, n), rng.uniform(20, 80, n)
    table = {
        "tst_min": rng.normal(420, 40, n),
        "n3_pct": 30 - 0.3 * (age - 20) + rng.normal(0, 2, n),
        "rem_latency_min": np.exp(rng.normal(4.5, 0.3, n)),
        "eeg_delta_power_uv2_n2": np.exp(5 + gain + rng.normal(0, 0.05, n)),
        "eeg_delta_power_uv2_n3": np.exp(6.5 + gain + rng.normal(0, 0.05, n)),
        "chin_rms_uv_n2": np.exp(2 + tone + rng.normal(0, 0.05, n)),
        "chin_rms_uv_rem": np.exp(1.2 + tone + rng.normal(0, 0.05, n)),
        "spo2_min_pct_n2": rng.normal(95, 1, n),
        "age": age,
    }
    frame = pd.DataFrame(table)
    frame.loc[rng.random(n) < 0.1, ["rem_latency_min", "chin_rms_uv_rem"]] = np.nan
    return frame


@pytest.fixture(scope="module")
def reference() -> CohortReference:
    return CohortReference().fit(nights(100), description="100 invented nights")


def test_p_values_of_nights_like_the_others_are_uniform() -> None:
    """Forty references of forty nights; 100 new nights each."""
    p_values = np.array(
        [CohortReference().fit(nights(40, seed)).p_value(nights(100, 1000 + seed)) for seed in range(40)]
    )
    # at most 5 % by design; a reference of 40 nights has 5 % ± √(0.05 · 0.95 / 40) itself, the mean of 40
    # such has ± 0.55 %, three times that is allowed
    assert (p_values <= 0.05).mean() < 0.05 + 0.017
    assert (p_values <= 0.05).mean() > 0.02  # and it is not merely deaf
    assert p_values.mean() == pytest.approx(0.5, abs=0.03)
    assert p_values.min() == pytest.approx(1 / 41)


def test_under_20_nights_nothing_can_be_said_at_5_percent() -> None:
    reference = CohortReference().fit(nights(19))
    odd = nights(1, 5).assign(tst_min=0.0, n3_pct=90.0, spo2_min_pct_n2=10.0)
    assert reference.p_value(odd)[0] == pytest.approx(1 / 20)
    assert CohortReference().fit(nights(18)).p_value(odd)[0] > 0.05


def test_z_by_hand() -> None:
    table = pd.DataFrame({"n3_pct": [10.0, 18.0, 20.0, 22.0, 60.0]})
    reference = CohortReference().fit(table)
    # median 20; distances 10, 2, 0, 2, 40: their median is 2
    assert reference.z_values(pd.DataFrame({"n3_pct": [22.0]}))[0, 0] == pytest.approx(2 / (1.4826 * 2))
    assert reference.z_values(pd.DataFrame({"n3_pct": [1e9]}))[0, 0] == 10  # cut


def test_a_signal_is_compared_with_n2_of_the_same_night(reference: CohortReference) -> None:
    """Ten times larger signals in all stages change N2 only; in REM alone they change REM only."""
    usual = nights(1, 7).assign(chin_rms_uv_n2=8.0, chin_rms_uv_rem=3.6)
    names = [column.name for column in reference.layout_.columns]
    rem = names.index("chin_rms_uv_rem")
    before = reference.z_values(usual)[0]
    louder = usual.assign(**{name: 10 * usual[name] for name in ("chin_rms_uv_n2", "chin_rms_uv_rem")})
    assert reference.z_values(louder)[0, rem] == pytest.approx(before[rem])
    assert (
        reference.z_values(louder)[0, names.index("chin_rms_uv_n2")]
        > before[names.index("chin_rms_uv_n2")] + 1
    )
    assert abs(before[rem]) < 2
    assert reference.z_values(usual.assign(chin_rms_uv_rem=50.0))[0, rem] == 10


def test_age_moves_what_is_expected(reference: CohortReference) -> None:
    old = nights(1, 3).assign(age=78.0, n3_pct=30 - 0.3 * 58)
    young = old.assign(age=22.0)
    n3 = [column.name for column in reference.layout_.columns].index("n3_pct")
    assert abs(reference.z_values(old)[0, n3]) < 2
    assert reference.z_values(young)[0, n3] < -4
    assert reference.usual_.slope[n3] == pytest.approx(-0.3, abs=0.05)


def test_columns_and_scales() -> None:
    assert column_of("eeg_delta_rel_n3")[2:] == ("eeg_delta_rel", "n3", "log10")
    assert column_of("eeg_slope_wake")[1:] == ("1", "eeg_slope", "wake", "linear")
    assert {column_of(name).scale for name in ("tst_min", "sol_min", "shifts_per_h", "rem_pct")} == {"linear"}
    layout = layout_of(COLUMNS)
    assert layout.age == 8
    assert layout.blocks.tolist() == ["architecture"] * 3 + ["eeg"] * 2 + ["chin"] * 2 + ["spo2"]


def test_a_night_unlike_the_others_says_in_what(reference: CohortReference) -> None:
    odd = nights(1, 11).iloc[0].drop("age")
    odd["chin_rms_uv_n2"], odd["chin_rms_uv_rem"] = 8.0, 30.0
    (finding,) = find_cohort_findings(odd, reference, Known(age=50))
    assert finding.kind == "unlike other nights"
    assert finding.p_value == pytest.approx(1 / 101)
    # the chin in REM is e^(1.2 − 2) times that in N2; the median of 100 nights with sd 0.07 has ± 0.9 %
    start = "Unlike 100 other nights (100 invented nights), most in chin: chin_rms_uv in REM 30 µV, expected "
    assert finding.evidence.startswith(start)
    assert float(finding.evidence.removeprefix(start).split()[0]) == pytest.approx(8 * np.exp(-0.8), rel=0.03)
    assert "tst_min" not in finding.evidence  # of another block
    assert "Age not given" not in finding.evidence
    (finding,) = find_cohort_findings(odd, reference)
    assert "Age not given: taken as 5" in finding.evidence  # mean of 20 to 80


def test_a_usual_or_an_almost_empty_night_gives_no_finding(reference: CohortReference) -> None:
    middle = nights(1000).median()
    assert find_cohort_findings(middle.drop("age"), reference, Known(age=50)) == []
    empty = middle.where(middle.index == "tst_min").fillna({"tst_min": 0.0})
    assert find_cohort_findings(empty.drop("age"), reference, Known(age=50)) == []


def test_a_reference_of_other_numbers_is_refused(reference: CohortReference) -> None:
    with pytest.raises(ValueError, match="1 of its 9 are not"):
        find_cohort_findings(nights(1).iloc[0].drop(["age", "tst_min"]), reference)


def test_words_in_the_table_are_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="every column of the nights must hold numbers, but 'who'") as caught:
        CohortReference().fit(nights(30).assign(who="Jeanne Martin"))
    assert "Jeanne" not in str(caught.value)


def test_night_summary_by_hand() -> None:
    raw = raw_of({"C4-M1": np.repeat([1.0, 2.0, 3.0, 9.0], 3000) * np.tile([1.0, -1.0], 6000)})
    night = night_of("2223")
    table = epoch_features(raw, night, gate_of(raw, {("C4-M1", 1): "flat"}))
    summary = night_summary(table, night)
    # half of peak to peak is 1, (unfit), 3 µV in N2 and 9 µV in N3
    assert summary["eeg_ptp_uv_n2"] == pytest.approx((2 + 6) / 2)
    assert summary["eeg_ptp_uv_n3"] == pytest.approx(18)
    assert np.isnan(summary[["eeg_ptp_uv_rem", "chin_rms_uv_n2"]]).all()
    assert summary["tst_min"] == 2
    assert len(summary) == len(night_statistics(night)) + 5 * len(FEATURES)
    with pytest.raises(ValueError, match="3 rows, 4 epochs"):
        night_summary(table[:3], night)


def test_the_ledger_of_a_night_with_a_reference() -> None:
    stages = "W" * 2 + "2" * 6
    raw, night = raw_of({"C4-M1": pink(0, 30 * 8 * 100)}), night_of(stages)
    features = epoch_features(raw, night)
    rng = np.random.default_rng(0)
    summary = night_summary(features, night).dropna()
    others = pd.DataFrame([summary * rng.normal(1, 0.05, len(summary)) for _ in range(60)])
    known = Known(reference=CohortReference().fit(others + 100 * others))
    ledger = find_anomalies(raw, gate_of(raw), night, features, known=known)
    found = ledger[ledger["level"] == "cohort"]
    assert found[["onset_s", "duration_s", "stage"]].to_numpy().tolist() == [[0.0, 240.0, ""]]


def test_a_reference_comes_back_as_it_was_saved(reference: CohortReference, tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    reference.save(path)
    again = load_reference(path)
    new = nights(50, 99)
    assert again.p_value(new).tolist() == reference.p_value(new).tolist()
    assert again.novelty_score(new).tolist() == reference.novelty_score(new).tolist()
    assert again.predict(new).tolist() == reference.predict(new).tolist()
    assert (again.description_, len(again.scores_)) == ("100 invented nights", 100)
    assert [p.name for p in tmp_path.iterdir()] == ["reference.json"]
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["columns"][0] == {"name": "tst_min", "unit": "min"}
    assert content["version"] == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="searched here and not found"):
        load_reference(tmp_path / "none.json")


def test_a_bare_array_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fitted on a bare array"):
        CohortReference().fit(np.random.default_rng(0).normal(size=(30, 2))).save(tmp_path / "x.json")
    assert list(tmp_path.iterdir()) == []


def test_a_description_that_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at most 500 printable characters"):
        CohortReference().fit(nights(30), description="two\nlines").save(tmp_path / "x.json")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def content(reference: CohortReference, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("saved") / "reference.json"
    reference.save(path)
    return json.loads(path.read_text(encoding="utf-8"))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "format": ({"format": "another"}, "say that its format"),
    "version": ({"version": 1}, "be of version 2"),
    "version as truth": ({"version": True}, "be of version 2"),
    "more": ({"code": "import os"}, "0 are missing and 1 unknown"),
    "no columns": ({"columns": []}, "1 to 2000 columns"),
    "column name": ({"columns": [{"name": "__import__('os')", "unit": ""}]}, "letters, digits and _"),
    "unit": ({"columns": [{"name": "tst_min", "unit": "h"}]}, "1 of 1 are in others"),
    "age only": ({"columns": [{"name": "age", "unit": "years"}]}, "one to judge"),
    "twice": ({"columns": [{"name": "tst_min", "unit": "min"}] * 2}, "every column once"),
    "too few numbers": ({"center": [1.0]}, "hold 8 numbers as 'center'"),
    "words for numbers": ({"slope": ["0"] * 8}, "hold 8 numbers as 'slope'"),
    "truth for numbers": ({"slope": [True] * 8}, "hold 8 numbers as 'slope'"),
    "huge numbers": ({"slope": [10**400] * 8}, "of ordinary size"),
    "nan": ({"center": [float("nan")] * 8}, "of ordinary size"),
    "infinity": ({"age": float("inf")}, "of ordinary size"),
    "negative spread": ({"scale": [-1.0] * 8}, "spreads of 0 or more"),
    "scores out of order": ({"scores": [2.0, 1.0]}, "scores in order"),
    "one score": ({"scores": [1.0]}, "two nights or more"),
    "alpha": ({"alpha": 1.5}, "alpha between 0 and 1"),
    "description": ({"description": "<b>" * 500}, "at most 500 printable"),
    "description as list": ({"description": []}, "at most 500 printable"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_reference_is_refused(
    content: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = tmp_path / "reference.json"
    path.write_text(json.dumps(content | change), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        load_reference(path)


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"age": NaN}', '{"age": Infinity}', "9" * 5000, "\x00", '"\ud800'],
    ids=["empty", "half", "deep", "nan", "infinity", "long", "zero", "surrogate"],
)  # fmt: skip
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "reference.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ValueError, match=r"must be a JSON file|say that its format"):
        load_reference(path)


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    with path.open("wb") as file:
        file.truncate(20_000_001)
    with pytest.raises(ValueError, match="have 20 MB or less, got 20 MB"):
        load_reference(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(data=st.data())
def test_any_damage_is_refused_or_harmless(
    content: dict[str, Any], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any value in the place of any entry, or of one of its numbers: ValueError, or it works."""
    key, value = data.draw(st.sampled_from(sorted(content))), data.draw(JSON)
    damaged = json.loads(json.dumps(content))
    if isinstance(damaged[key], list) and data.draw(st.booleans()):
        damaged[key][data.draw(st.integers(0, len(damaged[key]) - 1))] = value
    else:
        damaged[key] = value
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_text(json.dumps(damaged), encoding="utf-8")
    said, loaded = _load(path)
    if loaded is None:
        assert said.startswith("a reference must")
        return
    with np.errstate(over="ignore"):
        assert np.isin(loaded.predict(nights(2)), [-1, 1]).all()


def _load(path: Path) -> tuple[str, CohortReference | None]:
    """Load a reference, or give what its refusal says."""
    try:
        return "", load_reference(path)
    except ValueError as error:
        return str(error), None


@given(junk=st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.json"
    path.write_bytes(junk)
    with pytest.raises(ValueError, match="a reference must"):
        load_reference(path)
