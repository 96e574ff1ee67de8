"""Counts of spindles and slow waves: planted ones, their limits, and YASA's own detectors."""

import numpy as np
import pytest
from anomaly_helpers import pink

from sleeplab.features import Block, count_slow_waves, count_spindles
from sleeplab.simulate import simulate_night

N_EPOCHS, SFREQ = 20, 100
N = N_EPOCHS * 30 * SFREQ


def block_of(x: np.ndarray, sfreq: float = SFREQ) -> Block:
    return Block(x.reshape(N_EPOCHS, -1), sfreq)


def bursts(
    onsets_s: list[float], *, hz: float, seconds: float, uv: float, sfreq: float = SFREQ
) -> np.ndarray:
    """Waxing and waning waves of `uv` at their top, in a quiet background of 5 µV RMS."""
    x = (
        pink(0, N, 5.0)
        if sfreq == SFREQ
        else np.random.default_rng(0).standard_normal(round(N * sfreq / SFREQ))
    )
    n = round(seconds * sfreq)
    wave = uv * np.hanning(n + 2)[1:-1] ** 0.5 * np.sin(2 * np.pi * hz * np.arange(n) / sfreq)
    for onset in onsets_s:
        start = round(onset * sfreq)
        x[start : start + n] += wave
    return x


ONSETS = [35.0, 41.0, 47.0, 95.0, 299.0, 485.0]
PER_EPOCH = np.bincount((np.array(ONSETS) // 30).astype(int), minlength=N_EPOCHS)


@pytest.mark.parametrize("hz", [12.5, 13.5, 14.5])
def test_planted_spindles_are_counted_in_their_epochs(hz: float) -> None:
    found = count_spindles(block_of(bursts(ONSETS, hz=hz, seconds=1.2, uv=25.0)))
    np.testing.assert_array_equal(found, PER_EPOCH)


@pytest.mark.parametrize(
    ("name", "hz", "seconds", "uv"),
    [("alpha", 9.0, 1.2, 25.0), ("beta", 19.0, 1.2, 25.0),
     ("too long", 13.5, 4.0, 25.0), ("hidden", 13.5, 1.2, 1.0)],
)  # fmt: skip
def test_other_waves_are_no_spindles(name: str, hz: float, seconds: float, uv: float) -> None:
    assert count_spindles(block_of(bursts(ONSETS, hz=hz, seconds=seconds, uv=uv))).sum() == 0, name


def test_spindles_do_not_depend_on_the_size_of_the_eeg_or_the_rest_of_the_night() -> None:
    x = bursts(ONSETS, hz=13.0, seconds=1.0, uv=20.0)
    whole = count_spindles(block_of(x))
    np.testing.assert_array_equal(count_spindles(block_of(3 * x)), whole)
    half = Block(x[: N // 2].reshape(N_EPOCHS // 2, -1), SFREQ)
    np.testing.assert_array_equal(count_spindles(half), whole[: N_EPOCHS // 2])


def slow_waves(onsets_s: list[float], *, hz: float, peak_uv: float, up: float = 1.0) -> np.ndarray:
    """Single cycles, the trough first, the peak `up` times as high."""
    x, n = np.zeros(N), round(SFREQ / hz)
    wave = -peak_uv * np.sin(2 * np.pi * np.arange(n) / n)
    for onset in onsets_s:
        start = round(onset * SFREQ)
        x[start : start + n] += np.where(wave > 0, up * wave, wave)
    return x


def test_slow_waves_are_counted_by_their_trough_their_size_and_their_length() -> None:
    assert (
        count_slow_waves(block_of(slow_waves(ONSETS, hz=0.8, peak_uv=100.0))).tolist() == PER_EPOCH.tolist()
    )
    assert count_slow_waves(block_of(slow_waves(ONSETS, hz=0.8, peak_uv=30.0))).sum() == 0  # under 40 µV
    assert count_slow_waves(block_of(slow_waves(ONSETS, hz=0.8, peak_uv=400.0))).sum() == 0  # over 200 µV
    assert count_slow_waves(block_of(slow_waves(ONSETS, hz=4.0, peak_uv=100.0))).sum() == 0
    shallow = slow_waves(ONSETS, hz=0.8, peak_uv=34.0, up=1.6)  # 88 µV together, the trough under 40
    assert count_slow_waves(block_of(shallow)).sum() == 0
    assert count_slow_waves(block_of(slow_waves(ONSETS, hz=0.8, peak_uv=44.0))).sum() == len(ONSETS)


def test_ten_slow_waves_in_a_row_are_ten() -> None:
    x = np.zeros(N)
    x[4000:5000] = -60 * np.sin(2 * np.pi * np.arange(1000) / SFREQ)
    assert count_slow_waves(block_of(x)).tolist() == [0, 10, *[0] * 18]


def test_counts_are_the_same_at_256_hz() -> None:
    x = bursts(ONSETS, hz=13.0, seconds=1.0, uv=20.0, sfreq=256.0)
    np.testing.assert_array_equal(count_spindles(block_of(x, 256.0)), PER_EPOCH)


def test_nothing_is_counted_where_nothing_is_or_nothing_is_known() -> None:
    for x in (np.zeros(N), np.full(N, np.nan), pink(1, N)):
        assert count_slow_waves(block_of(x)).sum() == 0
        assert count_spindles(block_of(x)).sum() <= 1  # pink noise: by chance
    gone = bursts(ONSETS, hz=13.0, seconds=1.0, uv=20.0)
    gone[:3000] = np.nan
    np.testing.assert_array_equal(count_spindles(block_of(gone)), PER_EPOCH)


def test_nights_are_as_yasa_counts_them() -> None:
    import yasa

    ours, theirs = [], []
    for seed in (202, 204):
        night = simulate_night(seed, hours=1.0)
        x = night.recording.get_data(picks=["C4-M1"])[0] * 1e6
        asleep = np.isin(night.hypnogram.hypno.astype(str), ["N1", "N2", "N3"])
        hypno = night.hypnogram.upsample_to_data(night.recording)
        spindles = yasa.spindles_detect(x, SFREQ, hypno=hypno, verbose="error")
        waves = yasa.sw_detect(x, SFREQ, hypno=hypno, include=(1, 2, 3), verbose="error")
        block = Block(x.reshape(-1, 30 * SFREQ), SFREQ)
        for count, known in ((count_spindles, spindles), (count_slow_waves, waves)):
            starts = (known.summary()["Start"] // 30).astype(int)
            ours.append(count(block)[asleep])
            theirs.append(np.bincount(starts, minlength=len(block.data))[asleep])
    for first, r, off in (
        (0, 0.6, 0.35),
        (1, 0.9, 0.15),
    ):  # on 12 longer nights 0.79 and 0.97, 2 % and 6 % off
        found, known = np.concatenate(ours[first::2]), np.concatenate(theirs[first::2])
        assert np.corrcoef(found, known)[0, 1] > r
        assert found.sum() == pytest.approx(known.sum(), rel=off)
