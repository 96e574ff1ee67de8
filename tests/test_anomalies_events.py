"""Transients, rhythms and shifts: planted ones are found, what resembles them is not."""

import numpy as np
import pandas as pd
import pytest
from anomaly_helpers import SFREQ, night_of, pink, raw_of

from sleeplab.anomalies._ledger import Finding, Inputs
from sleeplab.anomalies.rhythms import Track, _evolves, find_evolving_rhythms
from sleeplab.anomalies.shifts import find_shifts
from sleeplab.anomalies.transients import _curvature, detect_transients, find_transients
from sleeplab.features import fit_mask

N_EPOCHS = 40
N = N_EPOCHS * 30 * SFREQ


def inputs_of(channels: dict[str, np.ndarray], stages: str = "2" * N_EPOCHS) -> Inputs:
    raw = raw_of(channels)
    return Inputs(
        raw, night_of(stages).hypno.astype(str).to_numpy().astype(str), fit_mask(raw, None), pd.DataFrame()
    )


def wave(times_s: np.ndarray, height_uv: float, sigma_s: float) -> np.ndarray:
    """Gaussian waves at the given times; full width at half height is 2.35 sigma."""
    t, reach = np.arange(N) / SFREQ, round(8 * sigma_s * SFREQ) + 1
    x = np.zeros(N)
    for at in times_s:
        near = slice(max(round(at * SFREQ) - reach, 0), round(at * SFREQ) + reach)
        x[near] += height_uv * np.exp(-0.5 * ((t[near] - at) / sigma_s) ** 2)
    return x


def sharp(channels: dict[str, np.ndarray], **kwargs: str) -> list[Finding]:
    return find_transients(inputs_of(channels, **kwargs))


SPIKES = np.array([100.0, 161.3, 222.8, 401.1, 555.5, 777.7, 900.2, 1111.0])


def test_background_alone_has_no_transients() -> None:
    for seed in range(3):
        assert sharp({"C3-M2": pink(seed, N), "C4-M1": pink(seed + 50, N)}) == []


@pytest.mark.parametrize("sign", [1, -1])
def test_spikes_become_one_cluster_and_three_examples(sign: int) -> None:
    x = pink(0, N) + sign * wave(SPIKES, 120.0, 0.02)
    cluster, *members = sharp({"C3-M2": x})
    assert cluster.kind == "sharp transients"
    assert cluster.onset_s == pytest.approx(SPIKES[0] - 0.1, abs=0.02)
    assert cluster.onset_s + cluster.duration_s == pytest.approx(SPIKES[-1] + 0.1, abs=0.02)
    word = "positive" if sign > 0 else "negative"
    assert f"8 {word} sharp transients, sharpest on C3-M2, 24.0 per hour of sleep (N2 8)" in cluster.evidence
    assert [m.kind for m in members] == ["sharp transient"] * 3
    for member in members:
        assert np.abs(SPIKES - 0.1 - member.onset_s).min() < 0.02


def test_a_field_over_two_channels_is_one_cluster_that_names_both() -> None:
    first, second = wave(SPIKES[:4], 120.0, 0.02), wave(SPIKES[4:], 120.0, 0.02)
    channels = {
        "C3-M2": 1.2 * first + 0.9 * second,
        "C4-M1": 0.9 * first + 1.2 * second,
        "O1-M2": np.zeros(N),
    }
    clusters = sharp({name: pink(k, N) + x for k, (name, x) in enumerate(channels.items())})
    clusters = [f for f in clusters if f.kind == "sharp transients"]
    assert len(clusters) == 1
    assert clusters[0].ch_names == ("C3-M2", "C4-M1")
    assert clusters[0].evidence.startswith("8 positive")


def test_two_sources_are_two_clusters() -> None:
    channels = {
        "C3-M2": pink(0, N) + wave(SPIKES, 120.0, 0.02),
        "O2-M1": pink(1, N) + wave(SPIKES + 20, 120.0, 0.02),
    }
    clusters = [f for f in sharp(channels) if f.kind == "sharp transients"]
    assert sorted(c.ch_names for c in clusters) == [("C3-M2",), ("O2-M1",)]


def test_a_sharper_wave_scores_higher() -> None:
    low = sharp({"C3-M2": pink(0, N) + wave(SPIKES, 110.0, 0.02)})[0]
    high = sharp({"C3-M2": pink(0, N) + wave(SPIKES, 200.0, 0.02)})[0]
    assert high.score > low.score


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("slow waves", wave(SPIKES, 150.0, 0.25)),
        ("K-complexes", wave(SPIKES, 150.0, 0.12) - wave(SPIKES + 0.4, 100.0, 0.2)),
        ("waves in a trough", wave(SPIKES, 120.0, 0.02) - wave(SPIKES, 250.0, 0.2)),
        ("sharp rhythm", sum(wave(SPIKES + k / 11, 120.0, 0.015) for k in range(11))),
        ("tiny", wave(SPIKES, 15.0, 0.02)),
        ("heart beats", wave(np.arange(1, 1190, 0.9), 90.0, 0.015)),
    ],
)
def test_what_resembles_a_spike_is_left_alone(name: str, added: np.ndarray) -> None:
    assert sharp({"C3-M2": pink(0, N) + added}) == [], name


def test_an_irregular_heart_in_the_eeg_is_known_from_the_ecg() -> None:
    beats = np.cumsum(np.random.default_rng(0).uniform(0.5, 1.5, 1150))
    beats = beats[beats < 1195]
    eeg = pink(0, N) + wave(beats, 90.0, 0.015)
    ecg = 50 * np.random.default_rng(1).standard_normal(N) + wave(beats, 1000.0, 0.012)
    assert len(sharp({"C3-M2": eeg})) > 0
    assert sharp({"C3-M2": eeg, "ECG": ecg}) == []


def test_muscle_and_waking_are_left_alone() -> None:
    rng = np.random.default_rng(0)
    x = pink(0, N) + wave(SPIKES, 120.0, 0.02)
    for at in SPIKES:
        x[int((at - 1) * SFREQ) : int((at + 1) * SFREQ)] += 16 * rng.standard_normal(2 * SFREQ)
    assert sharp({"C3-M2": x}) == []
    assert sharp({"C3-M2": pink(0, N) + wave(SPIKES, 120.0, 0.02)}, stages="W" * N_EPOCHS) == []


def test_the_seconds_after_the_last_whole_epoch_are_left_out() -> None:
    x = pink(0, N + 1000) + np.append(wave(SPIKES, 120.0, 0.02), wave(np.array([5.0]), 120.0, 0.02)[:1000])
    assert max(t.time_s for t in detect_transients(inputs_of({"C3-M2": x}))) == pytest.approx(
        SPIKES.max(), abs=0.02
    )


def test_only_transients_of_sleep_are_told() -> None:
    inputs = inputs_of({"C3-M2": pink(0, N) + wave(SPIKES, 120.0, 0.02)})
    inputs.stages[:10] = "WAKE"
    found = [t.time_s for t in detect_transients(inputs)]
    assert found == pytest.approx([at for at in SPIKES if at >= 300], abs=0.02)


def test_curvature_is_that_of_scipy_in_robust_standard_deviations() -> None:
    from scipy.ndimage import gaussian_laplace

    x = pink(0, N).reshape(N_EPOCHS, -1)
    known = []
    for scale_s in (0.012, 0.03):
        bend = gaussian_laplace(x.ravel(), scale_s * SFREQ).reshape(x.shape)
        spread = 1.4826 * np.median(np.abs(bend[:, ::4]), axis=1)
        around = np.append(np.append(spread[:1], spread), spread[-1:])
        known.append(bend / ((around[:-2] + around[1:-1] + around[2:]) / 3)[:, None])
    sharper = np.abs(known[0]) >= np.abs(known[1])
    np.testing.assert_allclose(_curvature(x, SFREQ), np.where(sharper, *known), rtol=1e-3, atol=1e-4)


def test_samples_that_are_missing_hide_no_spike_elsewhere() -> None:
    x = pink(0, N) + wave(SPIKES, 120.0, 0.02)
    x[30 * 30 * SFREQ : 31 * 30 * SFREQ] = np.nan
    inputs = inputs_of({"C3-M2": x})
    inputs.fit["C3-M2"][30] = False
    found = [t.time_s for t in detect_transients(inputs)]
    assert found == pytest.approx([at for at in SPIKES if not 900 <= at < 930], abs=0.02)


def test_epochs_that_the_gate_refuses_are_left_alone() -> None:
    inputs = inputs_of({"C3-M2": pink(0, N) + wave(SPIKES, 120.0, 0.02)})
    inputs.fit["C3-M2"][:] = False
    assert find_transients(inputs) == []


def burst(onset_s: float, duration_s: float, hz: float, amplitude_uv: float) -> np.ndarray:
    t = np.arange(N) / SFREQ
    inside = (t >= onset_s) & (t < onset_s + duration_s)
    return np.where(inside, amplitude_uv * np.sin(2 * np.pi * hz * t), 0.0)


def chin_of(*bursts_s: tuple[float, float]) -> np.ndarray:
    x = np.random.default_rng(9).standard_normal(N)
    for onset, duration in bursts_s:
        x[int(onset * SFREQ) : int((onset + duration) * SFREQ)] *= 8
    return x


def shifts(channels: dict[str, np.ndarray], stages: str = "2" * N_EPOCHS) -> list[Finding]:
    return [f for f in find_shifts(inputs_of(channels, stages)) if f.kind != "body movements"]


@pytest.mark.parametrize("hz", [6, 10, 20])
def test_an_abrupt_burst_is_found_with_onset_and_duration(hz: float) -> None:
    (finding,) = shifts({"C4-M1": pink(3, N, 10.0) + burst(500.0, 6.0, hz, 60.0)})
    assert finding.kind == "arousal-like shift"
    assert finding.onset_s == pytest.approx(500.0, abs=1.0)  # steps of 0.5 s, median of 3 s
    assert finding.duration_s == pytest.approx(6.0, abs=1.5)


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("spindles", burst(500.0, 2.0, 13.5, 40.0) + burst(504.0, 1.5, 12.5, 40.0)),
        ("too short", burst(500.0, 1.0, 20, 60.0)),
        ("a little too short", burst(500.0, 1.9, 20, 60.0)),
        ("slow waves", burst(500.0, 6.0, 1, 150.0)),
    ],
)
def test_other_bursts_are_no_arousals(name: str, added: np.ndarray) -> None:
    assert shifts({"C4-M1": pink(3, N, 10.0) + added}) == [], name


def test_ten_seconds_of_sleep_must_come_before() -> None:
    x = pink(3, N, 10.0) + burst(604.0, 6.0, 20, 60.0)
    assert len(shifts({"C4-M1": x})) == 1
    assert shifts({"C4-M1": x}, "2" * 18 + "WW" + "2" * 20) == []  # 4 s after waking


def test_the_first_epoch_of_waking_is_searched_too_and_the_next_is_not() -> None:
    x = pink(3, N, 10.0) + burst(610.0, 6.0, 20, 60.0)
    assert len(shifts({"C4-M1": x}, "2" * 20 + "W" * 20)) == 1
    assert shifts({"C4-M1": x}, "2" * 19 + "W" * 21) == []


def test_a_faster_heart_makes_a_shift_more_certain() -> None:
    x = pink(3, N, 10.0) + burst(500.0, 6.0, 20, 60.0)
    t = np.arange(N) / SFREQ
    slow = 1000 * np.exp(-0.5 * ((t % 1.0 - 0.5) / 0.012) ** 2)
    fast = slow + wave(np.arange(501.0, 505.0), 1000.0, 0.012)  # twice as many beats for 4 s
    (quiet,) = shifts({"C4-M1": x, "ECG": slow})
    (fast,) = shifts({"C4-M1": x, "ECG": fast})
    assert fast.score > quiet.score
    assert "heart rate +" in fast.evidence
    assert "heart" not in quiet.evidence


def test_arousals_do_not_hide_each_other() -> None:
    # one a minute, the rises and what follows them a fourth of the night: their standard deviation hides all
    onsets = np.arange(15.0, 1190, 58.0)
    x = pink(3, N, 10.0) + sum(burst(at, 6.0, 20, 25.0) for at in onsets)
    (series,) = shifts({"C4-M1": x})
    assert int(series.evidence.split()[0]) >= 0.9 * len(onsets)


def chirp(onset_s: float, duration_s: float, hz: tuple[float, float], uv: tuple[float, float]) -> np.ndarray:
    """Rhythm whose frequency and amplitude (µV) go steadily from the first to the second value."""
    t = np.arange(N) / SFREQ - onset_s
    inside = (t >= 0) & (t < duration_s)
    phase = 2 * np.pi * (hz[0] * t + (hz[1] - hz[0]) * t**2 / (2 * duration_s))
    return np.where(inside, (uv[0] + (uv[1] - uv[0]) * t / duration_s) * np.sin(phase), 0.0)


def rhythms(x: np.ndarray) -> list[Finding]:
    return find_evolving_rhythms(inputs_of({"C3-M2": pink(0, N) + x, "C4-M1": pink(1, N) + x}))


def test_a_rhythm_that_slows_is_found_with_its_course() -> None:
    (finding,) = rhythms(chirp(500.0, 30.0, (7.0, 3.0), (80.0, 80.0)))
    assert finding.kind == "evolving rhythm"
    assert finding.onset_s == pytest.approx(500.0, abs=2.0)  # windows of 2 s, steps of 1 s
    assert finding.duration_s == pytest.approx(30.0, abs=3.0)
    # medians of the first and last third: a sixth from the ends, 6.3 and 3.7 Hz; 80 / sqrt 2 = 57 µV RMS
    hz = [float(finding.evidence.split()[i]) for i in (7, 9)]
    assert hz == pytest.approx([6.3, 3.7], abs=0.5)
    assert [float(finding.evidence.split()[i]) for i in (13, 15)] == pytest.approx([57, 57], rel=0.15)


def test_a_rhythm_that_only_grows_is_found() -> None:
    assert len(rhythms(chirp(500.0, 30.0, (5.0, 5.0), (15.0, 120.0)))) == 1


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("steady", chirp(500.0, 30.0, (5.0, 5.0), (80.0, 80.0))),
        ("growing alpha", chirp(500.0, 30.0, (9.0, 9.5), (15.0, 120.0))),
        (
            "two rhythms",
            chirp(500.0, 13.0, (5.0, 5.0), (80.0, 80.0)) + chirp(513.0, 13.0, (8.0, 8.0), (80.0, 80.0)),
        ),
        ("too short", chirp(500.0, 7.0, (7.0, 3.0), (80.0, 80.0))),
        ("sway", chirp(500.0, 30.0, (1.4, 0.4), (150.0, 150.0))),
        ("small", chirp(500.0, 30.0, (7.0, 3.0), (12.0, 12.0))),
    ],
)
def test_other_rhythms_do_not_evolve(name: str, added: np.ndarray) -> None:
    assert rhythms(added) == [], name


@pytest.mark.parametrize("values", [(4.0, 8.0, 5.0), (20.0, 80.0, 40.0)])
def test_a_change_that_is_not_steady_is_no_evolution(values: tuple[float, float, float]) -> None:
    there_and_back, steady = (
        np.repeat(values, 10),
        np.repeat(sorted(values), 10),
    )  # rank correlation 0.5 and 1
    one, same = np.ones(30), np.full(30, 5.0)
    for course, evolves in ((there_and_back, False), (steady, True)):
        hz, uv = (course, 50 * one) if values[0] == 4 else (same, course)
        assert _evolves(Track(hz, one, one, uv)) is evolves


def test_a_rhythm_of_a_channel_that_the_gate_refuses_is_none() -> None:
    inputs = inputs_of(
        {"C3-M2": pink(0, N) + chirp(500.0, 30.0, (7.0, 3.0), (160.0, 160.0)), "C4-M1": pink(1, N)}
    )
    assert len(find_evolving_rhythms(inputs)) == 1
    inputs.fit["C3-M2"][15:19] = False
    assert find_evolving_rhythms(inputs) == []


def test_spikes_and_waves_at_3_hz_are_kept() -> None:
    runs_of_spikes = sum((wave(SPIKES + k / 3, 120.0, 0.02) for k in range(5)), np.zeros(N))
    cluster = sharp({"C3-M2": pink(0, N) + runs_of_spikes})[0]
    # 40 waves; the middle one of five has one before and after, as regular as heart beats two waves away
    assert int(cluster.evidence.split()[0]) >= 4 * len(SPIKES)


def test_the_chin_is_needed_in_rem_and_only_there() -> None:
    x = pink(3, N, 10.0) + burst(500.0, 6.0, 20, 60.0)
    still, moved = chin_of(), chin_of((500.0, 6.0))
    assert len(shifts({"C4-M1": x, "Chin": still})) == 1
    assert shifts({"C4-M1": x, "Chin": still}, "R" * N_EPOCHS) == []
    assert len(shifts({"C4-M1": x, "Chin": moved}, "R" * N_EPOCHS)) == 1


def test_the_chin_alone_is_not_enough() -> None:
    assert shifts({"C4-M1": pink(3, N, 10.0), "Chin": chin_of((500.0, 6.0))}) == []


def test_shifts_close_together_are_one_series() -> None:
    x = pink(3, N, 10.0) + sum(burst(at, 5.0, 20, 60.0) for at in (300.0, 360.0, 420.0, 900.0))
    series, single = shifts({"C4-M1": x})
    assert (series.kind, single.kind) == ("arousal-like series", "arousal-like shift")
    assert "3 arousal-like shifts in 2.0" in series.evidence
    assert "(N2 3)" in series.evidence
    assert series.onset_s + series.duration_s == pytest.approx(425.0, abs=1.5)
    assert series.score > single.score


def test_movements_are_counted_and_single_channels_are_not() -> None:
    muscle = 40 * np.random.default_rng(3).standard_normal(N)
    t = np.arange(N) / SFREQ
    inside = np.zeros(N, bool)
    for onset in (100.0, 400.0, 700.0):
        inside |= (t >= onset) & (t < onset + 5)
    names = ("C3-M2", "C4-M1", "O2-M1")
    x = {name: pink(k, N, 15.0) for k, name in enumerate(names)}
    moved = {name: own + np.where(inside, muscle, 0.0) for name, own in x.items()}
    (finding,) = [f for f in find_shifts(inputs_of(moved)) if f.kind == "body movements"]
    assert finding.evidence.startswith("Body movements in the EEG: 3 in 10.")
    assert finding.onset_s == pytest.approx(100, abs=1)
    assert finding.onset_s + finding.duration_s == pytest.approx(705, abs=1)
    assert finding.score == pytest.approx(2.0)  # log2(1 + 3)
    alone = find_shifts(inputs_of(x | {"O2-M1": moved["O2-M1"]}))
    assert not any(f.kind == "body movements" for f in alone)
