"""Signal findings: the gate's rows become few episodes."""

import mne
import numpy as np
import pytest
from anomaly_helpers import SFREQ, gate_of, pink, raw_of

from sleeplab.anomalies.signal import find_signal_findings

NAMES = ("C3-M2", "C4-M1", "Chin")


def raw(n_epochs: int = 40) -> mne.io.RawArray:
    return raw_of({name: pink(k, n_epochs * 30 * SFREQ) for k, name in enumerate(NAMES)})


def unfit(name: str, epochs: list[int], reason: str = "flat") -> dict[tuple[str, int], str]:
    return {(name, epoch): reason for epoch in epochs}


def found(rows: dict[tuple[str, int], str], n_epochs: int = 40) -> list:
    recording = raw(n_epochs)
    return find_signal_findings(recording, gate_of(recording, rows))


def test_nothing_unfit_nothing_found() -> None:
    assert found({}) == []


def test_rows_become_one_episode_over_a_hole_of_one_epoch() -> None:
    (finding,) = found(unfit("C3-M2", [4, 5, 6, 8, 9]))
    assert (finding.kind, finding.onset_s, finding.duration_s) == ("unfit signal", 120.0, 180.0)
    assert finding.ch_names == ("C3-M2",)
    assert finding.evidence == "C3-M2: flat for 3 min (median 0.1 µV, limit 1 µV)."


def test_a_hole_of_two_epochs_separates() -> None:
    assert [(f.onset_s, f.duration_s) for f in found(unfit("C3-M2", [4, 5, 8, 9]))] == [(120, 60), (240, 60)]


def test_channels_with_the_same_fault_at_the_same_time_are_one_finding() -> None:
    (finding,) = found(unfit("C3-M2", [4, 5, 6, 7]) | unfit("C4-M1", [5, 6, 7, 8]))
    assert finding.ch_names == ("C3-M2", "C4-M1")
    assert (finding.onset_s, finding.duration_s) == (120.0, 150.0)


def test_another_reason_or_time_is_another_finding() -> None:
    rows = unfit("C3-M2", [4, 5]) | unfit("C4-M1", [4, 5], "mains") | unfit("Chin", [20, 21])
    assert len(found(rows)) == 3


def test_a_channel_unfit_altogether_says_so() -> None:
    (finding,) = found(unfit("Chin", list(range(40))))
    assert finding.kind == "unfit channel"
    assert "Chin: flat throughout the recording" in finding.evidence


def test_many_short_episodes_become_one_row_and_long_ones_stay() -> None:
    rows = unfit("C3-M2", [0, 3, 6, 9, 12, 15, *range(20, 30)], "movement")
    findings = found(rows)
    assert len(findings) == 2
    assert "movement in 6 short episodes within 8 min" in findings[0].evidence
    assert (findings[1].onset_s, findings[1].duration_s) == (600.0, 300.0)


def test_more_unfit_scores_higher() -> None:
    short, long = found(unfit("C3-M2", [1, 2]) | unfit("C4-M1", [10, 11, 12, 13, 14]))
    assert short.score == pytest.approx(np.log2(3))
    assert long.score == pytest.approx(np.log2(6))


def test_gaps_are_found_with_onset_and_duration() -> None:
    recording = raw()
    recording.set_annotations(mne.Annotations([61.5, 100.0], [12.0, 3.0], ["BAD_gap", "lights off"]))
    (finding,) = find_signal_findings(recording, gate_of(recording))
    assert (finding.kind, finding.onset_s, finding.duration_s) == ("gap", 61.5, 12.0)
    assert finding.evidence == "Nothing was recorded for 12 s."
