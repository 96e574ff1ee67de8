"""Night findings: architecture against the norms."""

import numpy as np
import pytest
from anomaly_helpers import night_of

from sleeplab.anomalies import Known
from sleeplab.anomalies._ledger import Finding
from sleeplab.anomalies.night import find_night_findings
from sleeplab.norms import read_norms

# 20 min to sleep, cycles with awakenings: an ordinary night of 8 h 05 min
CYCLE = "1" * 10 + "2" * 60 + "3" * 36 + "2" * 44 + "W" * 10 + "1" * 6 + "2" * 20 + "R" * 44
ORDINARY = "W" * 40 + CYCLE * 4 + "W" * 10


def findings_of(stages: str, age: float | None = None, sex: str | None = None) -> list[Finding]:
    return find_night_findings(night_of(stages), Known(age=age, sex=sex))


def kinds(stages: str, age: float | None = None, sex: str | None = None) -> list[str]:
    return [finding.kind for finding in findings_of(stages, age, sex)]


def test_an_ordinary_night_has_no_findings() -> None:
    assert kinds(ORDINARY) == []


def test_a_night_without_rem_or_n3() -> None:
    assert "no REM" in kinds(ORDINARY.replace("R", "2"))
    (finding,) = [f for f in find_night_findings(night_of(ORDINARY.replace("3", "2"))) if f.kind == "no N3"]
    norm = read_norms()["n3_pct"]
    assert finding.score == pytest.approx(norm.mean / norm.sd)
    assert "No N3 in 7 h 20 min of sleep; expected 16.5 %" in finding.evidence


def test_sleep_onset_rem_counts_from_sleep_onset_not_from_the_start() -> None:
    # 60 min awake, then 10 min N2, then REM: 10 min after sleep onset, 70 after the start
    stages = "W" * 120 + "2" * 20 + "R" * 30 + CYCLE * 4
    (finding,) = [f for f in find_night_findings(night_of(stages)) if f.kind == "sleep-onset REM"]
    assert (finding.onset_s, finding.duration_s) == (70 * 60, 15 * 60)
    assert "REM 10.0 min after sleep onset (limit 15 min)" in finding.evidence


def test_the_place_of_sleep_onset_rem_is_right_after_unscored_epochs() -> None:
    stages = "U" * 10 + "W" * 120 + "2" * 20 + "R" * 30 + CYCLE * 4
    (finding,) = [f for f in find_night_findings(night_of(stages)) if f.kind == "sleep-onset REM"]
    assert finding.onset_s == (10 + 120 + 20) * 30


def test_rem_after_20_minutes_is_not_sleep_onset_rem() -> None:
    assert "sleep-onset REM" not in kinds("W" * 40 + "2" * 40 + "R" * 30 + CYCLE * 4)


def test_a_broken_night_is_unusual_and_says_how_far() -> None:
    broken = ORDINARY.replace("2" * 20, "22222W22222W22222W22222W")
    findings = [f for f in find_night_findings(night_of(broken)) if f.kind == "unusual architecture"]
    assert any(f.evidence.startswith("Awakenings per hour of sleep") for f in findings)
    assert all(f.p_value < 0.05 for f in findings)
    assert all(f.score > 2 for f in findings)


@pytest.mark.parametrize("stages", ["U" * 960, "W" * 960, "2" * 400, "U" * 500 + "2" * 470])
def test_less_than_four_hours_or_no_sleep_is_not_judged(stages: str) -> None:
    assert kinds(stages) == []


def test_minutes_are_not_judged_when_much_was_not_staged() -> None:
    # every other epoch unscored: total sleep time is unknown, a long latency too
    holes = "".join(a + "U" for a in "W" * 200 + CYCLE * 3)
    said = " ".join(f.evidence for f in find_night_findings(night_of(holes)))
    assert "otal sleep time" not in said
    assert "onset latency" not in said


def test_healthy_nights_rarely_alarm() -> None:
    """Nights drawn from the norms themselves: at most 5 % may get an unusual architecture by design."""
    from sleeplab.norms import STATISTICS, compare_with_norm

    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        values = {name: rng.normal(norm.mean, norm.sd) for name, norm in read_norms().items()}
        judged = [name for name in STATISTICS if name != "n3_breaks_per_h"]  # a rule decides there
        alarms += any(compare_with_norm(name, values[name])[1] < 0.05 / len(judged) for name in judged)
    assert alarms / 400 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_no_n3_is_usual_in_old_men_and_unusual_in_the_young() -> None:
    without = ORDINARY.replace("3", "2")
    assert "no N3" in kinds(without)  # age not given: as at 35
    assert "no N3" in kinds(without, age=25)
    assert "no N3" not in kinds(without, age=80, sex="male")
    assert "no REM" in kinds(ORDINARY.replace("R", "2"), age=80)


def test_a_finding_says_value_expected_interval_age_and_source() -> None:
    awake = ORDINARY.replace("W" * 10 + "1", "W" * 120 + "1")  # four hours awake in the night
    (finding,) = [f for f in findings_of(awake, age=60) if f.evidence.startswith("Wake after")]
    norm = read_norms()["waso_min"]
    expected = norm.mean + 9.7 * (60 - 35.3) / 10
    assert f"240.0 min; expected {expected:.1f} min, 95 % between 0.0 and " in finding.evidence
    assert "25 healthy nights (DOD-H), moved to 60 years (Boulos et al. 2019) (z +" in finding.evidence
    (finding,) = [f for f in findings_of(awake) if f.evidence.startswith("Wake after")]
    assert "mean age 35; age not given" in finding.evidence


def test_what_is_unusual_at_25_can_be_usual_at_80() -> None:
    awake = ORDINARY.replace("W" * 10 + "1", "W" * 80 + "1")  # 160 min
    unusual = [f.evidence for f in findings_of(awake, age=25) if f.kind == "unusual architecture"]
    assert any(text.startswith("Wake after sleep onset 160.0 min; expected 33.7 min") for text in unusual)
    assert "unusual architecture" not in kinds(awake, age=80)


def test_children_are_judged_by_rules_only() -> None:
    assert kinds(ORDINARY.replace("R", "2"), age=9) == ["no REM"]
    broken = ORDINARY.replace("2" * 20, "22222W22222W22222W22222W")
    assert kinds(broken, age=9) == []


def test_n3_broken_off_more_than_6_8_times_per_hour() -> None:
    # four runs of 36 epochs of N3 are 72 min; each broken off twice by WAKE: 8 breaks, then 12
    twice = ORDINARY.replace("3" * 36, "3" * 12 + "W" + "3" * 12 + "W" + "3" * 12)
    assert "fragmented N3" not in kinds(twice)  # 8 / 1.2 h = 6.67
    thrice = ORDINARY.replace("3" * 36, ("3" * 9 + "W") * 3 + "3" * 9)
    (finding,) = [f for f in findings_of(thrice) if f.kind == "fragmented N3"]
    assert finding.score == pytest.approx(12 / 1.2 / 6.8)
    assert "10.0 times per hour of N3, in 72 min of it (limit 6.8" in finding.evidence


def test_a_fifth_unscored_is_said_and_times_are_not_judged() -> None:
    # of each ten epochs two were not staged; a night that is wide awake for 200 min
    holes = "W" * 400 + "".join(
        letter if i % 10 < 8 else "U" for i, letter in enumerate((CYCLE * 3).replace("R", "2"))
    )
    findings = findings_of(holes)
    (incomplete,) = [f for f in findings if f.kind == "incomplete night"]
    # 690 epochs, 138 not staged, of which two at the very end were not part of the night
    assert incomplete.score == pytest.approx(10 * 136 / 1088)
    assert incomplete.evidence.startswith("12 % of 9 h 04 min could not be staged")
    (no_rem,) = [f for f in findings if f.kind == "no REM"]
    assert no_rem.evidence.endswith("; 1 h 08 min of this night could not be staged.")
    said = " ".join(f.evidence for f in findings if f.kind == "unusual architecture")
    assert "latency" not in said
    assert "efficiency" not in said.lower()


def test_rem_soon_after_the_recording_began_is_not_sleep_onset_rem() -> None:
    """Electrodes that were put on in the middle of sleep: nobody saw the person fall asleep."""
    assert "sleep-onset REM" not in kinds("U" * 200 + "2" * 10 + "R" * 30 + CYCLE * 4)
    assert "sleep-onset REM" in kinds("U" * 200 + "W" * 4 + "2" * 10 + "R" * 30 + CYCLE * 4)


def test_a_short_recording_is_no_short_sleep() -> None:
    five_hours = "W" * 40 + CYCLE * 2 + "2" * 80 + "W" * 20
    assert not any(f.evidence.startswith("Total sleep time") for f in findings_of(five_hours))


def staged(letters: str, p_rem: float) -> list[str]:
    """Kinds of findings where a machine staged and gave REM this probability."""
    import pandas as pd
    import yasa

    stages = list(night_of(letters).hypno.astype(str))
    proba = pd.DataFrame((1 - p_rem) / 4, index=range(len(stages)), columns=["WAKE", "N1", "N2", "N3", "REM"])
    machine = yasa.Hypnogram(stages, proba=proba.assign(REM=p_rem))
    return [finding.kind for finding in find_night_findings(machine)]


def test_a_machines_rem_is_believed_from_an_expected_two_and_a_half_minutes_on() -> None:
    """Six epochs of 0.9 are 2.7 min, six of 0.8 are 2.4; a human's single epoch is believed."""
    no_rem = ORDINARY.replace("R", "2")
    short = no_rem[:300] + "R" * 6 + no_rem[306:]
    assert "no REM" not in staged(short, 0.9)
    assert "no REM" in staged(short, 0.8)
    assert "no REM" not in kinds(no_rem[:300] + "R" + no_rem[301:])
    (finding,) = [f for f in findings_of(no_rem) if f.kind == "no REM"]
    assert "short or doubtful" not in finding.evidence


def test_a_machines_short_rem_after_falling_asleep_is_no_sleep_onset_rem() -> None:
    early = "W" * 40 + "2" * 10 + "R" * 5 + ORDINARY[55:]
    assert "sleep-onset REM" in kinds(early)
    assert "sleep-onset REM" not in staged(early, 0.9)
    assert "sleep-onset REM" in staged("W" * 40 + "2" * 10 + "R" * 9 + ORDINARY[59:], 0.9)
