"""The features: those of YASA, number for number; smoothed and scaled as YASA does, holes or not."""

import warnings

import mne
import numpy as np
import pandas as pd
import pytest
import yasa
from sklearn.preprocessing import robust_scale

from sleeplab.simulate import simulate_night
from sleeplab.staging._features import channel_features, scaled, smoothed
from sleeplab.staging._yasa import bridged

KINDS = {"C4-M1": "eeg", "E1-M2": "eog", "Chin": "emg"}


@pytest.fixture(scope="module")
def recording() -> mne.io.BaseRaw:
    """Seventy minutes: more than one block, the last one shorter."""
    return simulate_night(1003, hours=7 / 6).recording.pick(list(KINDS))


@pytest.fixture(scope="module")
def yasas(recording: mne.io.BaseRaw) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stager = yasa.SleepStaging(recording, "C4-M1", eog_name="E1-M2", emg_name="Chin").fit()
    return stager.get_features()


@pytest.fixture(scope="module")
def ours(recording: mne.io.BaseRaw) -> dict[str, pd.DataFrame]:
    return {name: channel_features(recording.get_data(name)[0] * 1e6, kind) for name, kind in KINDS.items()}


@pytest.mark.parametrize("name", KINDS)
def test_every_feature_is_yasas(name: str, ours: dict[str, pd.DataFrame], yasas: pd.DataFrame) -> None:
    """In 24 bits: sums over an epoch round to 1e-6 of the largest, slopes and turns ten times as much.

    A sample that the filter makes zero may count as a crossing, or not.
    """
    theirs = yasas.filter(regex=f"^{KINDS[name]}_").loc[:, lambda t: ~t.columns.str.endswith("_norm")]
    assert set(ours[name]) == set(theirs)
    crossings = f"{KINDS[name]}_nzc"
    assert np.abs(ours[name][crossings] - theirs[crossings]).max() <= 1
    for column in theirs.columns.drop(crossings):
        np.testing.assert_allclose(ours[name][column], theirs[column], rtol=1e-5, atol=1e-6, err_msg=column)


def test_smoothed_and_scaled_as_yasa_does(ours: dict[str, pd.DataFrame], yasas: pd.DataFrame) -> None:
    """In 24 bits; a crossing more or less at one end is a hundredth of the scale."""
    norms = scaled({name: smoothed(table) for name, table in ours.items()})
    together = pd.concat(norms.values(), axis=1)
    theirs = yasas.filter(regex="_norm$").drop(columns="time_norm")
    assert set(together) == set(theirs)
    rest = [column for column in theirs if "_nzc_" not in column]
    np.testing.assert_allclose(together[rest], theirs[rest], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(together[theirs.columns], theirs, atol=0.01)


def test_missing_epochs_stay_missing_and_count_for_nothing() -> None:
    features = pd.DataFrame({"a": [1.0, 3.0, np.nan, 7.0]})
    both = smoothed(features)
    assert both["a_p2min_norm"].tolist()[:2] == [1.0, 2.0]
    assert np.isnan(both["a_p2min_norm"][2])
    assert both["a_p2min_norm"][3] == pytest.approx(11 / 3)  # of 1, 3 and 7


def test_a_whole_night_is_scaled_by_its_median_and_range() -> None:
    values = np.random.default_rng(0).standard_normal((200, 3))
    found = scaled({"C4-M1": pd.DataFrame(values)})["C4-M1"]
    np.testing.assert_allclose(found, robust_scale(values, quantile_range=(5, 95)))


def test_what_is_lost_is_counted_as_its_likeness() -> None:
    """The second half repeats the first in another order: the witness tells which epoch is which."""
    rng = np.random.default_rng(1)
    first = rng.standard_normal((100, 2)) * [1.0, 30.0]
    second = first[rng.permutation(100)][:, [0, 1]]
    second = second[second[:, 0] > 0]  # not the same mixture as the first half
    night = np.concatenate([first, second])
    eeg = pd.DataFrame(night[:, [1]], columns=["eeg_at"])  # what only an EEG measures
    eog = pd.DataFrame(night[:, [0]], columns=["eog_std"])
    whole = scaled({"EEG": eeg, "EOG": eog})["EEG"]
    lost = eeg.copy()
    lost.iloc[100:] = np.nan
    found = scaled({"EEG": lost, "EOG": eog})["EEG"]
    np.testing.assert_allclose(found[:100], whole[:100], atol=1e-12)
    assert found[100:].isna().all(axis=None)
    alone = scaled({"EEG": lost})["EEG"]
    assert np.abs(alone[:100] - whole[:100]).to_numpy().max() > 0.01


def test_what_another_channel_measured_is_counted_on_the_scale_of_the_lost_one() -> None:
    """The second half is unlike the first; the other channel measures three times as much, and 5 more."""
    night = np.concatenate([np.linspace(-1, 1, 50), np.linspace(4, 9, 50)])[:, None]
    eeg = pd.DataFrame(night, columns=["eeg_std"])
    for other in ("eeg_std", "eog_std"):
        second = pd.DataFrame(3 * night + 5, columns=[other])
        whole = scaled({"C4": eeg, "other": second})["C4"]
        lost = eeg.where(np.arange(100)[:, None] < 50)
        found = scaled({"C4": lost, "other": second})["C4"]
        np.testing.assert_allclose(found[:50], whole[:50])
        assert found[50:].isna().all(axis=None)


def test_without_any_witness_nothing_is_counted() -> None:
    night = np.random.default_rng(2).standard_normal((60, 1))
    lost = pd.DataFrame(np.where(np.arange(60)[:, None] < 30, night, np.nan), columns=["eeg_std"])
    found = scaled({"EEG": lost, "EOG": 2 * lost.rename(columns={"eeg_std": "eog_std"})})
    np.testing.assert_allclose(found["EEG"][:30], robust_scale(night[:30], quantile_range=(5, 95)))


def test_unfit_epochs_are_bridged_without_a_step() -> None:
    """Three samples per epoch: the value before is held, what follows goes on from it."""
    signal = np.array([1, 2, 3, np.nan, 7, 8, 50, 51, 52, 9.0])
    found = bridged(signal, np.array([True, False, True]), 0.1)
    assert found.tolist() == [1, 2, 3, 3, 3, 3, 3, 4, 5]
    assert bridged(signal, np.array([False, False, True]), 0.1).tolist() == [50] * 7 + [51, 52]
    assert np.isnan(signal[3])
