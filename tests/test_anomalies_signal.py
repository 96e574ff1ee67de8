"""Signal findings: the gate's rows become few episodes."""

import mne
import numpy as np
import pytest
from anomaly_helpers import SFREQ, gate_of, pink, raw_of

from sleeplab.anomalies.signal import MEANINGS, find_signal_findings
from sleeplab.quality import LIMITS

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


def test_a_gap_is_said_once() -> None:
    recording = raw()
    recording.set_annotations(mne.Annotations([60.0], [60.0], ["BAD_gap"]))
    rows = {(name, epoch): "gap" for name in NAMES for epoch in (2, 3)}
    assert [f.kind for f in find_signal_findings(recording, gate_of(recording, rows))] == ["gap"]


def test_a_label_that_the_signal_belies_is_found() -> None:
    volts = {"C4-M1": pink(0, 40 * 30 * SFREQ), "SpO2": np.full(40 * 30 * SFREQ, 12.0)}
    recording = raw_of(volts)
    (finding,) = find_signal_findings(recording, gate_of(recording))
    assert (finding.kind, finding.ch_names, finding.onset_s) == ("doubtful label", ("SpO2",), 0.0)
    assert finding.evidence == "The median of SpO2 is 12; an oxygen saturation lies within 50–100 %."


def test_a_label_is_not_doubted_where_the_channel_is_unfit_altogether() -> None:
    recording = raw_of({"C4-M1": pink(0, 40 * 30 * SFREQ), "C3-M2": np.zeros(40 * 30 * SFREQ)})
    rows = unfit("C3-M2", list(range(40)))
    assert [f.kind for f in find_signal_findings(recording, gate_of(recording, rows))] == ["unfit channel"]


def test_units_without_dimension_are_said_in_words() -> None:
    recording = raw()
    gate = gate_of(recording, unfit("C3-M2", [4, 5], "disconnected"))
    bad = ~gate["fit"].astype(bool)
    gate.loc[bad, ["value", "limit"]] = [0.0679, 0.2]
    gate.loc[bad, "unit"] = "correlation"
    (finding,) = find_signal_findings(recording, gate)
    assert finding.evidence.endswith("(median 0.068, limit 0.2: correlation with other channels).")
    assert {limit.unit for limit in LIMITS} - {"µV", "dB", "s"} == set(MEANINGS)
