"""Night findings: architecture against the norms."""

import numpy as np
import pytest
from anomaly_helpers import night_of

from sleeplab.anomalies.night import find_night_findings
from sleeplab.norms import read_norms

# 20 min to sleep, cycles with awakenings: an ordinary night of 8 h 05 min
CYCLE = "1" * 10 + "2" * 60 + "3" * 36 + "2" * 44 + "W" * 10 + "1" * 6 + "2" * 20 + "R" * 44
ORDINARY = "W" * 40 + CYCLE * 4 + "W" * 10


def kinds(stages: str) -> list[str]:
    return [finding.kind for finding in find_night_findings(night_of(stages))]


def test_an_ordinary_night_has_no_findings() -> None:
    assert kinds(ORDINARY) == []


def test_a_night_without_rem_or_n3() -> None:
    assert "no REM" in kinds(ORDINARY.replace("R", "2"))
    (finding,) = [f for f in find_night_findings(night_of(ORDINARY.replace("3", "2"))) if f.kind == "no N3"]
    norm = read_norms()["%N3"]
    assert finding.score == pytest.approx(norm.mean / norm.sd)
    assert "No N3 in 440 min of sleep" in finding.evidence


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
        alarms += any(
            compare_with_norm(name, values[name])[1] < 0.05 / len(STATISTICS) for name in STATISTICS
        )
    assert alarms / 400 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
