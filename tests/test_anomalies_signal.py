"""Signal findings: the gate's rows become few episodes."""

import mne
import numpy as np
import pandas as pd
import pytest
from anomaly_helpers import SFREQ, gate_of, pink, raw_of

from sleeplab.anomalies._ledger import Inputs
from sleeplab.anomalies.artefacts import _inverted, _step_heights, _step_sizes, find_artefacts
from sleeplab.anomalies.signal import MEANINGS, find_signal_findings
from sleeplab.features import fit_mask
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


EEG = ("F3-M2", "F4-M1", "C3-M2", "C4-M1")
N = 40 * 30 * SFREQ
T = np.arange(N) / SFREQ


def artefacts(
    changes: dict[str, np.ndarray],
    *,
    sign: dict[str, int] | None = None,
    unfit: tuple[str, ...] = (),
    **others: np.ndarray,
) -> list:
    """Four EEG channels that share half of their power, with something added; the findings."""
    common, signs = pink(99, N), sign or {}
    x = {
        name: signs.get(name, 1) * (common + pink(k, N)) / 2**0.5 + changes.get(name, 0.0)
        for k, name in enumerate(EEG)
    }
    recording = raw_of(x | others)
    fit = {name: own & (name not in unfit) for name, own in fit_mask(recording, None).items()}
    return find_artefacts(Inputs(recording, np.array(["N2"] * 40), fit, pd.DataFrame()))


def between(start_s: float, stop_s: float) -> np.ndarray:
    return (start_s <= T) & (stop_s > T)


def decays(times_s: list[float], uv: float, tau_s: float = 0.25) -> np.ndarray:
    return sum(np.where(at <= T, uv * np.exp(-np.maximum(T - at, 0) / tau_s), 0.0) for at in times_s)


def test_eeg_as_it_should_be_has_no_artefacts() -> None:
    assert artefacts({}) == []


def test_what_comes_after_the_last_whole_epoch_is_not_looked_at() -> None:
    recording = raw_of(
        {name: pink(k, N + 1010) for k, name in enumerate(("C3-M2", "E1-M2", "Flow", "Thorax"))}
    )
    assert find_artefacts(Inputs(recording, np.array(["N2"] * 40), fit_mask(recording, None), None)) == []


def test_four_jumps_of_one_channel_are_pops_and_three_are_none() -> None:
    (finding,) = artefacts({"C3-M2": decays([300, 330, 390, 400], 250.0)})
    assert (finding.kind, finding.ch_names) == ("electrode pops", ("C3-M2",))
    assert finding.onset_s == pytest.approx(300, abs=0.05)
    assert finding.evidence.startswith("C3-M2: 4 abrupt jumps within 1.6")
    # mean of exp(-t / 0.25 s) from 0.02 to 0.12 s after the jump: 0.76
    assert float(finding.evidence.split("median ")[1].split()[0]) == pytest.approx(0.76 * 250, rel=0.15)
    assert artefacts({"C3-M2": decays([300, 330, 390], 250.0)}) == []


def test_what_other_channels_show_too_or_is_gone_at_once_is_no_pop() -> None:
    jumps = decays([300, 330, 390, 400], 250.0)
    assert artefacts({"C3-M2": jumps, "C4-M1": jumps}) == []
    assert artefacts({"C3-M2": jumps, "C4-M1": np.roll(jumps, 4)}) == []
    assert artefacts({"C3-M2": decays([300, 330, 390, 400], 250.0, tau_s=0.02)}) == []


def test_a_step_is_measured_on_both_sides_of_its_edge() -> None:
    x = np.zeros(300)
    x[98:102], x[102:200] = [-50, -50, 150, 150], 100.0  # what lies within 20 ms does not count
    assert _step_heights(x, np.array([[0, 100], [150, 299]]), 100.0).tolist() == [[0, 100], [0, 0]]
    assert _step_heights(np.arange(300.0), np.array([100]), 100.0).tolist() == [0]  # 14 µV, but not steep


def test_sweat_on_two_channels_is_one_finding() -> None:
    drift = np.where(between(300, 600), 60 * np.sin(2 * np.pi * 0.3 * T), 0.0)
    (finding,) = artefacts({"F3-M2": drift, "F4-M1": drift})
    assert (finding.kind, set(finding.ch_names)) == ("sweat-like drift", {"F3-M2", "F4-M1"})
    assert (finding.onset_s, finding.duration_s) == (300, 300)
    assert float(finding.evidence.split("drift of ")[1].split()[0]) == pytest.approx(60 / 2**0.5, rel=0.1)
    short = np.where(between(300, 390), 60 * np.sin(2 * np.pi * 0.3 * T), 0.0)
    assert artefacts({"F3-M2": short}) == []


def test_the_heart_in_the_eeg_is_measured() -> None:
    ecg = 1000 * np.exp(-0.5 * ((T % 0.9 - 0.45) / 0.012) ** 2)
    (finding,) = artefacts({"C4-M1": np.where(between(300, 900), 0.04 * ecg, 0.0)}, ECG=ecg)
    assert (finding.kind, finding.ch_names) == ("heart in the EEG", ("C4-M1",))
    assert (finding.onset_s, finding.duration_s) == (300, 600)
    assert float(finding.evidence.split("beats is ")[1].split()[0]) == pytest.approx(40, rel=0.15)
    assert artefacts({"C4-M1": 0.005 * ecg}, ECG=ecg) == []


def test_missing_slow_waves_are_found_and_their_share_is_said() -> None:
    spectrum = np.fft.rfft((pink(99, N) + pink(2, N)) / 2**0.5)  # of C3-M2
    freqs = np.fft.rfftfreq(N, 1 / SFREQ)
    spectrum[(freqs < 0.4) | (freqs > 1.6)] = 0
    slow = np.fft.irfft(spectrum, N)
    (finding,) = artefacts({"C3-M2": np.where(between(300, 600), -0.8 * slow, 0.0)})
    assert (finding.kind, finding.ch_names) == ("slow waves missing", ("C3-M2",))
    assert (finding.onset_s, finding.duration_s) == (300, 300)
    assert float(finding.evidence.split(" are ")[1].split()[0]) == pytest.approx(0.2, abs=0.05)
    assert artefacts({"C3-M2": np.where(between(300, 600), -0.5 * slow, 0.0)}) == []


def test_hum_is_measured() -> None:
    (finding,) = artefacts({"C4-M1": np.where(between(300, 450), 20 * np.sin(2 * np.pi * 48 * T), 0.0)})
    assert (finding.kind, finding.onset_s, finding.duration_s) == ("mains hum", 300, 150)
    assert float(finding.evidence.split("Hz of ")[1].split()[0]) == pytest.approx(20 / 2**0.5, abs=0.5)


def test_an_inverted_lead_is_named() -> None:
    (finding,) = artefacts({}, sign={"C3-M2": -1})
    assert (finding.kind, finding.ch_names, finding.duration_s) == ("inverted lead", ("C3-M2",), 1200)
    assert float(finding.evidence.split("correlation ")[1].split()[0]) == pytest.approx(-0.5, abs=0.1)


def test_which_half_of_the_leads_is_inverted_cannot_be_known() -> None:
    (finding,) = artefacts({}, sign={"C3-M2": -1, "F3-M2": -1})
    assert set(finding.ch_names) == set(EEG)


def test_leads_are_compared_with_fit_ones_only() -> None:
    (finding,) = artefacts({}, sign={"C3-M2": -1, "F3-M2": -1}, unfit=("F3-M2",))
    assert finding.ch_names == ("C3-M2",)
    wave = np.random.default_rng(0).standard_normal((40, 1501)).astype(np.complex64)
    fit = {name: np.full(40, name != "F3-M2") for name in EEG[::2] + EEG[3:]}
    inputs = Inputs(raw_of({name: pink(0, N) for name in fit}), np.array(["N2"] * 40), fit, pd.DataFrame())
    spectra = {"F3-M2": wave, "C3-M2": wave, "C4-M1": -wave}
    assert _inverted(inputs, spectra) == []  # of two leads either may be wrong


def test_a_missing_spindle_band_is_found() -> None:
    spectrum = np.fft.rfft((pink(99, N) + pink(2, N)) / 2**0.5)  # of C3-M2
    freqs = np.fft.rfftfreq(N, 1 / SFREQ)
    spectrum[(freqs < 11) | (freqs > 16)] = 0
    sigma = np.fft.irfft(spectrum, N)
    (finding,) = artefacts({"C3-M2": np.where(between(300, 600), -0.8 * sigma, 0.0)})
    assert (finding.kind, finding.ch_names) == ("spindle band missing", ("C3-M2",))
    assert (finding.onset_s, finding.duration_s) == (300, 300)
    assert float(finding.evidence.split(" are ")[1].split()[0]) == pytest.approx(0.2, abs=0.05)
    assert artefacts({"C3-M2": np.where(between(300, 600), -0.5 * sigma, 0.0)}) == []


def breathing(phase: float) -> dict[str, np.ndarray]:
    """Two channels of even breathing that go on with another phase after 600 s."""
    x = np.sin(2 * np.pi * 0.25 * T + np.where(T >= 600, phase, 0.0))
    return {name: x + 1e-3 * pink(k, N) for k, name in enumerate(("Flow", "Thorax"))}


def test_breathing_that_steps_on_two_channels_is_a_clock_jump() -> None:
    found = artefacts({}, **breathing(2.0))
    assert [(f.kind, f.onset_s) for f in found] == [("clock jump", pytest.approx(600, abs=0.03))]
    assert artefacts({}, **breathing(0.0)) == []
    assert artefacts({}, Flow=breathing(2.0)["Flow"], Thorax=breathing(0.0)["Thorax"]) == []  # on one only


def test_steps_of_breathing_are_measured_in_usual_steps_of_their_epoch() -> None:
    x = np.cumsum(np.tile([1.0, -1.0], 6000))  # steps of 1
    x[1500:] += 9  # one of 10
    x[9000:] = 5.0  # nothing moves
    recording = raw_of({"Flow": x})
    inputs = Inputs(recording, np.array(["N2"] * 4), {"Flow": np.array([True, True, False, True])}, None)
    sizes = _step_sizes(inputs, "Flow") * 1.4826
    np.testing.assert_allclose(sizes[1490:1510], [1] * 8 + [10] * 3 + [1] * 9, rtol=1e-3)
    assert (sizes[6001:8999] == 0).all()
    assert (sizes[9001:] == 0).all()


def test_a_movement_and_the_end_of_a_pause_are_no_clock_jumps() -> None:
    shaken = np.where(between(598, 602), np.random.default_rng(1).standard_normal(N), 0.0)
    assert artefacts({}, **{name: x + shaken for name, x in breathing(0.0).items()}) == []
    paused = {name: np.where(between(500, 609), 0.0, x) for name, x in breathing(2.0).items()}
    assert artefacts({}, **paused) == []
