"""Staging behind the gate, against plain YASA: the same where all is well, honest where something is not."""

import itertools
import warnings
from collections.abc import Callable
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest
import yasa
from scipy.signal import resample_poly

from sleeplab.quality import check_quality
from sleeplab.simulate import simulate_night
from sleeplab.staging import STAGES, confidence, stage, unstaged

SFREQ, N_EPOCH = 100.0, 3000
# The filter makes the first and the last sample zero: rounding decides if they count as a zero crossing.
ATOL = 0.01


def to_raw(volts: dict[str, np.ndarray]) -> mne.io.RawArray:
    info = mne.create_info(list(volts), SFREQ, "eeg", verbose=False)
    return mne.io.RawArray(np.stack(list(volts.values())), info, verbose=False)


def changed(recording: mne.io.BaseRaw, change: Callable[[np.ndarray, list[str]], None]) -> mne.io.RawArray:
    """Copy a recording; `change` works on its samples in place."""
    data = recording.get_data().copy()
    change(data, recording.ch_names)
    return mne.io.RawArray(data, recording.info.copy(), verbose=False)


def all_fit(recording: mne.io.BaseRaw) -> pd.DataFrame:
    epochs = range(recording.n_times // N_EPOCH)
    gate = pd.DataFrame(itertools.product(epochs, recording.ch_names), columns=["epoch", "ch_name"])
    return gate.assign(fit=True, reason="")


def plain(recording: mne.io.BaseRaw, *names: str | None) -> yasa.Hypnogram:
    """Stage with YASA alone, as its tutorial does."""
    eeg, eog, emg = (*names, None, None)[:3]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return yasa.SleepStaging(recording, eeg, eog_name=eog, emg_name=emg).predict()


def stages(hypnogram: yasa.Hypnogram) -> np.ndarray:
    return hypnogram.hypno.to_numpy().astype(str)


@pytest.fixture(autouse=True)
def _yasas_own_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare before calibration, which has tests of its own and never changes a stage."""
    monkeypatch.setattr("sleeplab.staging.calibrate", lambda proba, *_: proba)


@pytest.fixture(scope="module")
def night() -> mne.io.BaseRaw:
    """Two simulated hours with two derivations, EOG and chin."""
    return simulate_night(3, hours=2.0).recording.copy().pick(["C4-M1", "C3-M2", "E1-M2", "Chin"])


@pytest.fixture
def excerpt(shared_data: Callable[[str], Path]) -> Callable[[int], mne.io.RawArray]:
    """Read 30 min of one real central channel."""

    def read(n: int) -> mne.io.RawArray:
        signal = np.loadtxt(shared_data(f"dreams/excerpt{n}.txt"), skiprows=1) * 1e-6
        return to_raw({"Cz-M1": resample_poly(signal, 1, len(signal) // 180_000)})

    return read


def test_all_fit_is_plain_yasa(night: mne.io.BaseRaw) -> None:
    one = night.copy().pick(["C4-M1", "E1-M2", "Chin"])
    ours, theirs = stage(one, all_fit(one)), plain(one, "C4-M1", "E1-M2", "Chin")
    assert (stages(ours) == stages(theirs)).all()
    np.testing.assert_allclose(ours.proba[list(STAGES)], theirs.proba, atol=ATOL)
    assert ours.start == theirs.start
    assert ours.scorer == "sleeplab"


@pytest.mark.parametrize("n", [1, 2, 4])
def test_real_sleep_is_staged_as_plain_yasa_does(n: int, excerpt: Callable[[int], mne.io.RawArray]) -> None:
    recording = excerpt(n)
    ours = stage(recording, check_quality(recording))
    assert (stages(ours) == stages(plain(recording, "Cz-M1"))).mean() >= 0.99


def test_one_derivation_is_staged_where_it_is_fit(night: mne.io.BaseRaw) -> None:
    ours, theirs = stage(night, all_fit(night)), plain(night, "C4-M1", "E1-M2", "Chin")
    np.testing.assert_allclose(ours.proba[list(STAGES)], theirs.proba, atol=ATOL)


def test_several_derivations_are_averaged(night: mne.io.BaseRaw) -> None:
    ours = stage(night, all_fit(night), n_derivations=2)
    passes = [plain(night, eeg, "E1-M2", "Chin").proba.to_numpy() for eeg in ("C4-M1", "C3-M2")]
    np.testing.assert_allclose(ours.proba[list(STAGES)], np.mean(passes, axis=0), atol=ATOL)
    best = np.array(STAGES)[np.mean(passes, axis=0).argmax(axis=1)]
    assert (stages(ours) == best).all()


def test_age_and_sex_reach_the_model(night: mne.io.BaseRaw) -> None:
    one = night.copy().pick(["C4-M1"]).crop(0, 1799.99)
    gate = all_fit(one)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = yasa.SleepStaging(one, "C4-M1", metadata={"age": 71, "male": True}).predict()
    ours = stage(one, gate, age=71, sex="male")
    np.testing.assert_allclose(ours.proba[list(STAGES)], theirs.proba, atol=ATOL)
    alone = stage(one, gate, age=71)
    np.testing.assert_allclose(alone.proba[list(STAGES)], plain(one, "C4-M1").proba, atol=ATOL)
    with pytest.raises(ValueError, match=r"sex must be 'female' or 'male', got 'M'"):
        stage(one, gate, age=71, sex="M")


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("dies", ["first", "last"])
def test_half_a_dead_electrode(n: int, dies: str, excerpt: Callable[[int], mne.io.RawArray]) -> None:
    """The dead half is not staged, and the intact half is staged as if it had been recorded alone."""
    recording = excerpt(n)
    halves = slice(0, 30), slice(30, 60)
    dead, intact = halves if dies == "first" else halves[::-1]

    def die(data: np.ndarray, _: list[str]) -> None:
        data[:, dead.start * N_EPOCH : dead.stop * N_EPOCH] = 0

    broken = changed(recording, die)
    samples = recording.get_data()[0, intact.start * N_EPOCH : intact.stop * N_EPOCH]
    alone = stages(plain(to_raw({"Cz-M1": samples}), "Cz-M1"))
    ours = stages(stage(broken, check_quality(broken)))
    assert (ours[dead] == "UNS").mean() >= 0.98
    assert (ours[intact] != alone).mean() < 0.03
    theirs = stages(plain(broken, "Cz-M1"))
    assert not (theirs[dead] == "UNS").any()  # what this is for


def test_an_electrode_off_is_replaced_by_the_other(night: mne.io.BaseRaw) -> None:
    half = 120

    def die(data: np.ndarray, names: list[str]) -> None:
        data[names.index("C4-M1"), half * N_EPOCH :] = 0

    gate = all_fit(night)
    gate.loc[(gate["ch_name"] == "C4-M1") & (gate["epoch"] >= half), "fit"] = False
    ours = stage(changed(night, die), gate)
    other = plain(night, "C3-M2", "E1-M2", "Chin")
    np.testing.assert_allclose(ours.proba[list(STAGES)][half:], other.proba[half:], atol=ATOL)
    first = plain(night, "C4-M1", "E1-M2", "Chin")
    assert (stages(ours)[:half] == stages(first)[:half]).mean() > 0.95


def test_helpers_are_used_where_they_are_fit(night: mne.io.BaseRaw) -> None:
    """EOG fit for the first half only: there as with EOG, after it as without."""
    one = night.copy().pick(["C4-M1", "E1-M2"])
    gate = all_fit(one)
    gate.loc[(gate["ch_name"] == "E1-M2") & (gate["epoch"] >= 120), "fit"] = False
    ours = stage(one, gate).proba[list(STAGES)]
    without = plain(one, "C4-M1").proba
    np.testing.assert_allclose(ours[120:], without[120:], atol=ATOL)
    assert np.abs(ours[:120].to_numpy() - without[:120].to_numpy()).max() > 0.05


def test_where_both_first_derivations_are_lost_the_third_is_staged(night: mne.io.BaseRaw) -> None:
    three = night.copy().load_data().rename_channels({"E1-M2": "O2-M1"}).pick(["C4-M1", "C3-M2", "O2-M1"])
    gate = all_fit(three)
    lost = (gate["ch_name"] != "O2-M1") & (gate["epoch"] == 100)
    gate.loc[lost | ((gate["ch_name"] == "C4-M1") & (gate["epoch"] < 50)), "fit"] = False
    found = stage(three, gate, n_derivations=2).proba[list(STAGES)]
    c3, o2 = (plain(three, name).proba[list(STAGES)] for name in ("C3-M2", "O2-M1"))
    # the scale of C3 and O2 is that of the whole night, but for one epoch of C3
    np.testing.assert_allclose(found.iloc[100], o2.iloc[100], atol=ATOL)
    pair = np.mean([c3[:50], o2[:50]], axis=0)
    assert np.abs(found[:50] - pair).to_numpy().mean() < 0.01


def test_a_second_derivation_is_not_read_for_a_few_epochs(night: mne.io.BaseRaw) -> None:
    three = night.copy().load_data().rename_channels({"E1-M2": "O2-M1"}).pick(["C4-M1", "C3-M2", "O2-M1"])
    gate = all_fit(three)
    gate.loc[(gate["ch_name"] == "C4-M1") & (gate["epoch"] < 5), "fit"] = False

    def spoil(data: np.ndarray, names: list[str]) -> None:
        data[names.index("O2-M1")] = np.nan

    found = stage(changed(three, spoil), gate, n_derivations=2)
    assert not found.hypno.eq("UNS").any()


def test_a_derivation_that_is_fit_for_less_than_five_minutes_is_not_used(night: mne.io.BaseRaw) -> None:
    two = night.copy().pick(["C4-M1", "C3-M2"]).crop(0, 1799.99)
    gate = all_fit(two)
    gate["fit"] = (gate["ch_name"] == "C4-M1") == (gate["epoch"] >= 9)
    assert np.flatnonzero(stages(stage(two, gate)) == "UNS").tolist() == list(range(9))


def test_the_calibration_sees_the_spectra_of_what_was_staged(
    night: mne.io.BaseRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}
    monkeypatch.setattr(
        "sleeplab.staging.calibrate", lambda proba, log_power: seen.update(x=log_power) or proba
    )
    two = night.copy().pick(["C4-M1", "C3-M2"]).crop(0, 1799.99)
    gate = all_fit(two)
    gate.loc[(gate["ch_name"] == "C4-M1") & (gate["epoch"] < 20), "fit"] = False
    stage(two, gate)
    known = ~np.isnan(seen["x"]).any(axis=2)
    assert known.tolist() == [[False] * 20 + [True] * 40, [True] * 20 + [False] * 40]


def test_nan_and_a_unit_error_touch_nothing_else(night: mne.io.BaseRaw) -> None:
    one = night.copy().pick(["C4-M1"])

    def damage(data: np.ndarray, _: list[str]) -> None:
        data[0, 50 * N_EPOCH + 7] = np.nan
        data[0, 100 * N_EPOCH : 105 * N_EPOCH] *= 1000

    broken = changed(one, damage)
    ours = stages(stage(broken, check_quality(broken)))
    clean = stages(plain(one, "C4-M1"))
    unfit = [50, *range(100, 105)]
    assert np.flatnonzero(ours == "UNS").tolist() == unfit
    keep = np.setdiff1d(np.arange(240), unfit)
    assert (ours[keep] != clean[keep]).mean() < 0.03


def test_the_joints_do_not_ring(night: mne.io.BaseRaw) -> None:
    """Cutting epochs between two offsets of 5 mV must not change a stage."""
    one = night.copy().pick(["C4-M1"])
    gate = all_fit(one)
    gate.loc[gate["epoch"].between(120, 122), "fit"] = False

    def shift(data: np.ndarray, _: list[str]) -> None:
        data[0, 121 * N_EPOCH :] += 5e-3

    level, stepped = stage(one, gate).proba, stage(changed(one, shift), gate).proba
    np.testing.assert_allclose(stepped, level, atol=ATOL)  # in 24 bits, 5 mV are known to 0.5 nV


def test_the_input_is_not_touched(night: mne.io.BaseRaw) -> None:
    one = night.copy().pick(["C4-M1"]).crop(0, 599.99)
    gate, before = all_fit(one), one.get_data().copy()
    kept = gate.copy()
    stage(one, gate)
    np.testing.assert_array_equal(one.get_data(), before)
    pd.testing.assert_frame_equal(gate, kept)


def test_proba_of_unfit_epochs(night: mne.io.BaseRaw) -> None:
    one = night.copy().pick(["C4-M1"]).crop(0, 619.99)  # 20.67 epochs: the rest is dropped
    gate = all_fit(one)
    gate.loc[gate["epoch"] == 4, "fit"] = False
    hypnogram = stage(one, gate)
    assert len(hypnogram) == 20
    assert list(hypnogram.proba.columns) == [*STAGES, "UNS"]
    assert hypnogram.proba["UNS"].tolist() == [0.0] * 4 + [1.0] + [0.0] * 15
    sure = confidence(hypnogram)
    assert np.flatnonzero(np.isnan(sure)).tolist() == [4]
    np.testing.assert_array_equal(np.delete(sure, 4), hypnogram.proba[list(STAGES)].max(axis=1).drop(4))


def test_unstaged_is_uns_throughout(night: mne.io.BaseRaw) -> None:
    hypnogram = unstaged(night)
    assert (stages(hypnogram) == "UNS").all()
    assert len(hypnogram) == 240
    assert hypnogram.proba["UNS"].eq(1).all()
    assert np.isnan(confidence(hypnogram)).all()
    assert len(unstaged(to_raw({"C4-M1": np.zeros(100)}))) == 0


def test_what_cannot_be_staged_is_refused() -> None:
    rng = np.random.default_rng(0)
    volts = rng.standard_normal(20 * N_EPOCH).cumsum() * 1e-6
    eeg = to_raw({"C4-M1": volts})
    with pytest.raises(ValueError, match=r"needs an EEG channel, but the recording has: ECG"):
        stage(to_raw({"ECG": volts}), all_fit(eeg))
    with pytest.raises(ValueError, match=r"at least 5.0 min of EEG, but the recording lasts 4.5 min"):
        stage(eeg.copy().crop(0, 269.99), all_fit(eeg))
    slow = mne.io.RawArray(volts[None], mne.create_info(["C4-M1"], 80.0, "eeg"), verbose=False)
    with pytest.raises(ValueError, match=r"above 80 Hz, but the recording has 80 Hz"):
        stage(slow, all_fit(eeg))
    with pytest.raises(ValueError, match=r"must cover the 20 epochs of every channel .* has 19 epochs"):
        stage(eeg, all_fit(eeg).iloc[:-1])
    gate = all_fit(eeg)
    with pytest.raises(ValueError, match=r"n_derivations must be 1 or more, got 0"):
        stage(eeg, gate, n_derivations=0)
    gate.loc[gate["epoch"] >= 9, ["fit", "reason"]] = [False, "flat"]
    with pytest.raises(ValueError, match=r"the best \(C4-M1\) has 4.5 of 10.0 min.* flat 11"):
        stage(eeg, gate)
    with pytest.raises(ValueError, match="needs a hypnogram with probabilities"):
        confidence(yasa.Hypnogram(["N2"]))


@pytest.mark.parametrize("sfreq", [128.0, 200.0, 256.0, 512.0, 1024.0])
def test_any_rate_is_staged_as_plain_yasa_does(sfreq: float, night: mne.io.BaseRaw) -> None:
    one = night.copy().pick(["C4-M1"]).crop(1800, 2999.99).load_data().resample(sfreq, verbose="error")
    fit = pd.DataFrame({"epoch": range(40), "ch_name": "C4-M1", "fit": True, "reason": ""})
    ours, theirs = stage(one, fit), plain(one, "C4-M1")
    np.testing.assert_allclose(ours.proba[list(STAGES)], theirs.proba, atol=ATOL)
    two_best = np.sort(theirs.proba, axis=1)[:, -2:]
    tie = np.diff(two_best, axis=1)[:, 0] < 2 * ATOL
    assert (stages(ours) == stages(theirs))[~tie].all()


def test_a_nap_of_five_minutes_is_staged(night: mne.io.BaseRaw) -> None:
    nap = night.copy().pick(["C4-M1", "C3-M2"]).crop(3000, 3299.99)
    assert len(stage(nap, check_quality(nap))) == 10


def test_a_pause_in_the_night_is_unscored_and_keeps_the_clock(night: mne.io.BaseRaw) -> None:
    """Half an hour out of bed: what follows is where it was, and staged as if the night were whole."""
    two = night.copy().pick(["C4-M1", "E1-M2", "Chin"])
    pause = slice(90, 150)

    def stop(data: np.ndarray, _: list[str]) -> None:
        data[:, pause.start * N_EPOCH : pause.stop * N_EPOCH] = 0

    split = changed(two, stop).set_annotations(mne.Annotations(45 * 60, 30 * 60, "BAD_gap"))
    found, whole = stages(stage(split, check_quality(split))), stages(plain(two, "C4-M1", "E1-M2", "Chin"))
    assert (found[pause] == "UNS").all()
    rest = np.r_[: pause.start, pause.stop : 240]
    assert (found[rest] != "UNS").all()
    assert (found[rest] == whole[rest]).mean() > 0.9


def test_calibration_changes_no_stage(night: mne.io.BaseRaw, monkeypatch: pytest.MonkeyPatch) -> None:
    one = night.copy().pick(["C4-M1"]).crop(0, 1799.99)
    gate = all_fit(one)
    gate.loc[gate["epoch"] == 7, "fit"] = False
    own = stage(one, gate)
    monkeypatch.undo()
    calibrated = stage(one, gate)
    assert (stages(calibrated) == stages(own)).all()
    assert np.abs(calibrated.proba - own.proba).to_numpy().max() > 0.01
    np.testing.assert_allclose(calibrated.proba.sum(axis=1), 1.0)


def synthetic(seed: int = 20) -> mne.io.RawArray:
    """30 min of seeded noise in the bands of wake, N2, N3 and REM: for a pinned output, not for realism."""
    rng = np.random.default_rng(seed)
    freqs = np.fft.rfftfreq(12 * N_EPOCH, 1 / SFREQ)

    def noise(low: float, high: float, uv: float, n: int) -> np.ndarray:
        shape = ((freqs >= low) & (freqs < high)) / np.maximum(freqs, 0.3)
        parts = rng.standard_normal((2, len(freqs))) * shape
        signal = np.fft.irfft(parts[0] + 1j * parts[1], 12 * N_EPOCH)[:n]
        return signal / signal.std() * uv * 1e-6

    eeg, eog, chin = [], [], []
    # minutes, slow, theta, alpha, sigma, fast, eyes, chin (µV)
    for minutes, *uv in (
        (5, 8, 4, 12, 2, 4, 60, 20),
        (5, 14, 9, 3, 6, 2, 10, 6),
        (6, 45, 10, 3, 3, 1.5, 12, 5),
        (6, 14, 9, 3, 6, 2, 10, 6),
        (5, 7, 7, 3, 1.5, 2.5, 70, 1.5),
        (3, 8, 4, 12, 2, 4, 60, 20),
    ):
        n = minutes * 2 * N_EPOCH
        bands = zip(((0.4, 4), (4, 8), (8, 12), (12, 16), (16, 40)), uv[:5], strict=True)
        eeg.append(sum(noise(*band, size, n) for band, size in bands))
        eog.append(noise(0.3, 3, uv[5], n) + 0.3 * eeg[-1])
        chin.append(rng.standard_normal(n) * uv[6] * 1e-6)
    channels = {"C4-M1": eeg, "E1-M2": eog, "Chin": chin}
    return to_raw({name: np.concatenate(parts) for name, parts in channels.items()})


def run_lengths(hypnogram: yasa.Hypnogram) -> str:
    return " ".join(f"{k}:{len(list(g))}" for k, g in itertools.groupby(stages(hypnogram)))


def test_pinned_output_of_yasa_and_of_our_use_of_it() -> None:
    """Pinned on purpose (yasa 0.8.1): an upgrade that changes stages must be noticed and decided on."""
    recording = synthetic()
    hypnogram = stage(recording, check_quality(recording))
    assert run_lengths(hypnogram) == "WAKE:10 N2:10 N3:12 N2:12 REM:7 WAKE:9"
    mean = hypnogram.proba[list(STAGES)].mean()
    assert mean.tolist() == pytest.approx([0.322, 0.031, 0.321, 0.199, 0.126], abs=0.01)
