"""The features of YASA's stager, one channel at a time: the same numbers, in less time and memory.

YASA computes them for its three channels at once, over a recording without holes. Here a channel is computed
once, in blocks that fit the processor's cache, whatever it is combined with later; epochs may be missing. In
24 bits, which is what YASA hands to its models. A test compares every feature with YASA's. Definitions:
Vallat & Walker (2021), doi:10.7554/eLife.70092.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

EPOCH_S, SFREQ = 30, 100
BLOCK = 60  # epochs: 0.7 MB a signal
BROAD_HZ = (0.4, 30.0)
BANDS = {
    "sdelta": (0.4, 1),
    "fdelta": (1, 4),
    "theta": (4, 8),
    "alpha": (8, 12),
    "sigma": (12, 16),
    "beta": (16, 30),
}
SEGMENT = 5 * SFREQ  # of Welch's method; half overlapping
BINS = slice(2, 151)  # of its spectrum, in steps of 0.2 Hz: those within `BROAD_HZ`
HIGUCHI_LAGS = range(1, 11)
MIN_SHARED = 10  # epochs


def channel_features(signal_uv: Array, kind: str) -> pd.DataFrame:
    """Compute the features of one channel, before smoothing, as YASA names them.

    Parameters
    ----------
    signal_uv
        µV at 100 Hz, finite, shape (n_times,); float32 is enough.
    kind
        "eeg", "eog" or "emg".

    Returns
    -------
    pandas.DataFrame
        One row per whole epoch.
    """
    import pandas as pd
    from mne.filter import create_filter
    from scipy.fft import irfft, next_fast_len, rfft

    taps = create_filter(None, SFREQ, *BROAD_HZ, verbose="error")
    beyond = len(taps) // 2
    signal_uv = signal_uv.astype(np.float32, copy=False)
    padded = np.pad(signal_uv, beyond, mode="reflect", reflect_type="odd")  # as MNE
    n_times = EPOCH_S * SFREQ
    n_around = n_times + 2 * beyond
    n_fft = next_fast_len(n_around, real=True)
    response = rfft(taps.astype(np.float32), n_fft)
    epochs = np.lib.stride_tricks.sliding_window_view(padded, n_around)[::n_times]
    blocks = []
    for first in range(0, len(epochs), BLOCK):
        filtered = irfft(rfft(epochs[first : first + BLOCK], n_fft) * response, n_fft)
        blocks.append(_block_features(filtered[:, 2 * beyond : n_around]))
    found = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    found |= _spectral(found.pop("psd"), kind)
    return pd.DataFrame(found).add_prefix(f"{kind}_")


def _block_features(x: Array) -> dict[str, Array]:
    """Compute the features of some epochs, shape (n_epochs, n_times), and their spectra, `psd`."""
    n_times = x.shape[1]
    dx = np.diff(x, axis=1)
    centred = x - x.mean(axis=1, keepdims=True)
    square = centred**2
    spread, d_spread, dd_spread = square.mean(axis=1), np.var(dx, axis=1), np.var(np.diff(dx, axis=1), axis=1)
    rising = dx >= 0
    log_n = np.log10(n_times)
    with np.errstate(invalid="ignore", divide="ignore"):  # NaN for flat epochs
        mobility = np.sqrt(d_spread / spread)
        return {
            "std": np.sqrt(spread * (n_times / (n_times - 1))),
            "iqr": _interquartile_range(x),
            "skew": (square * centred).mean(axis=1) / spread**1.5,
            "kurt": (square**2).mean(axis=1) / spread**2 - 3,
            "nzc": _changes(np.signbit(x)),
            "hmob": mobility,
            "hcomp": np.sqrt(dd_spread / d_spread) / mobility,
            "perm": _permutation_entropy(x, rising),
            "higuchi": _higuchi(x),
            "petrosian": log_n / (log_n - np.log10(1 + 0.4 * _changes(rising) / n_times)),
            "psd": _welch(x),
        }


def _count(flags: NDArray[np.bool_]) -> Array:
    """Count per row; four times as fast as `numpy.count_nonzero`."""
    n: Array = flags.view(np.uint8).sum(axis=1, dtype=np.uint16).astype(float)
    return n


def _changes(flags: NDArray[np.bool_]) -> Array:
    return _count(flags[:, 1:] != flags[:, :-1])


def _interquartile_range(x: Array) -> Array:
    """Range between the quartiles, as `numpy.quantile` has them; sorting is five times as fast."""
    ordered = np.sort(x, axis=1)
    i, share = divmod((x.shape[1] - 1) / 4, 1)
    below = int(i)
    above = ordered.shape[1] - 1 - below
    low = ordered[:, below] * (1 - share) + ordered[:, below + 1] * share
    high = ordered[:, above] * (1 - share) + ordered[:, above - 1] * share
    difference: Array = high - low
    return difference


def _spectral(psd: Array, kind: str) -> dict[str, Array]:
    """Relative band powers (not of the chin), their ratios (EEG only), and the total power."""
    from scipy.integrate import simpson, trapezoid

    freqs = np.fft.rfftfreq(SEGMENT, 1 / SFREQ)[BINS]
    step = freqs[1] - freqs[0]
    found = {"abspow": trapezoid(psd, dx=step)}
    if kind == "emg":
        return found
    total = simpson(psd, dx=step)
    for name, (low, high) in BANDS.items():
        found[name] = simpson(psd[:, (freqs >= low) & (freqs <= high)], dx=step) / total
    if kind == "eeg":
        delta = found["sdelta"] + found["fdelta"]
        found |= {f"d{name[0]}": delta / found[name] for name in ("theta", "sigma", "beta")}
        found["at"] = found["alpha"] / found["theta"]
    return found


def _welch(x: Array) -> Array:
    """Median over the segments of each epoch, as `scipy.signal.welch`; only the `BINS`.

    The mean of a segment need not be taken out: a Hamming window keeps it below 0.4 Hz.
    """
    from scipy.fft import rfft
    from scipy.signal import get_window

    window = get_window("hamming", SEGMENT).astype(np.float32)
    segments = np.lib.stride_tricks.sliding_window_view(x, SEGMENT, axis=1)[:, :: SEGMENT // 2]
    squares = rfft(segments * window)[..., BINS].view(np.float32) ** 2  # of real and imaginary parts in turn
    n = segments.shape[1]
    odd = np.arange(3, n + 1, 2)
    bias = 1 + np.sum(1 / odd - 1 / (odd - 1))  # of the median of n, an odd number
    power = _middle(squares[..., ::2] + squares[..., 1::2])
    return power * np.float32(2 / (SFREQ * np.sum(window**2) * bias))


def _middle(x: Array) -> Array:
    """Median along axis 1 of an odd number; for so few, exchanging neighbours is twice as fast as sorting."""
    rows: list[Array] = list(np.moveaxis(x, 1, 0))
    for turn in range(len(rows)):
        for i in range(turn % 2, len(rows) - 1, 2):
            rows[i], rows[i + 1] = np.minimum(rows[i], rows[i + 1]), np.maximum(rows[i], rows[i + 1])
    return rows[len(rows) // 2]


def _permutation_entropy(x: Array, rising: NDArray[np.bool_]) -> Array:
    """Entropy of the six orders of three samples in a row, 0 to 1 (Bandt & Pompe 2002)."""
    over_two = x[:, 2:] >= x[:, :-2]
    key = (rising[:, :-1].view(np.uint8) << 2) | (over_two.view(np.uint8) << 1) | rising[:, 1:]
    share = np.stack([_count(key == k) for k in (0, 1, 3, 4, 6, 7)]) / key.shape[1]
    entropy: Array = -(share * np.log2(np.where(share > 0, share, 1))).sum(axis=0) / np.log2(6)
    return entropy


def _higuchi(x: Array) -> Array:
    """Fractal dimension from the lengths of the curve at ten lags (Higuchi 1988)."""
    weights = _higuchi_weights(x.shape[1])
    lengths = [np.abs(x[:, lag:] - x[:, :-lag]) @ weights[lag] for lag in HIGUCHI_LAGS]
    log_lag = -np.log(np.array(HIGUCHI_LAGS))
    log_lag -= log_lag.mean()
    slope: Array = log_lag @ np.log(lengths) / (log_lag @ log_lag)
    return slope


@functools.cache
def _higuchi_weights(n_times: int) -> dict[int, Array]:
    """Weight of each step at each lag: a sub-series counts by the number of its steps."""
    weights: dict[int, Array] = {}
    for lag in HIGUCHI_LAGS:
        n_steps = (n_times - 1 - np.arange(n_times - lag) % lag) // lag
        weights[lag] = ((n_times - 1) / (n_steps * float(lag) ** 3)).astype(np.float32)
    return weights


def smoothed(features: pd.DataFrame) -> pd.DataFrame:
    """Average each feature over the 7.5 min around and the 2 min before; missing epochs stay missing."""
    import pandas as pd

    around = features.rolling(15, center=True, min_periods=1, win_type="triang").mean()
    before = features.rolling(4, min_periods=1).mean()
    both = pd.concat([around.add_suffix("_c7min_norm"), before.add_suffix("_p2min_norm")], axis=1)
    return both.where(features.notna().all(axis=1), axis=0)


def scaled(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Scale the smoothed features of every channel by their median and 5 to 95 % range over the night.

    YASA takes both from all it is given, so that half a night is scaled otherwise than the whole. Here an
    epoch that one channel lost is counted with what the next channel measured there, brought to its scale;
    what no other channel measures, with the value of the epoch that is most like it in all the others. Where
    no channel is left, nothing is counted.

    Parameters
    ----------
    tables
        Channel name to its `smoothed` features, NaN where it is not fit.
    """
    import pandas as pd
    from sklearn.preprocessing import RobustScaler

    own = pd.concat(tables, axis=1)
    filled = pd.concat({name: _filled(name, tables) for name in tables}, axis=1).to_numpy()
    scaler = RobustScaler(quantile_range=(5, 95)).fit(filled)
    counted = filled[~np.isnan(filled).all(axis=1)]
    if np.isnan(counted).any():
        from sklearn.impute import KNNImputer

        likeliest = KNNImputer(n_neighbors=1).fit_transform(scaler.transform(counted))
        scaler.fit(scaler.inverse_transform(likeliest))
    whole = pd.DataFrame(scaler.transform(own.to_numpy()), index=own.index, columns=own.columns)
    return {name: whole[name] for name in tables}


def _filled(name: str, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Fill what a channel lost from the others, brought to its median and range by what both have."""
    own = filled = tables[name]
    for other in (table for table in tables.values() if table is not own and own.isna().any(axis=None)):
        alike = other.set_axis([_unnamed(column) for column in other], axis=1)
        alike = alike.reindex(columns=[_unnamed(column) for column in own]).set_axis(own.columns, axis=1)
        both = own.notna().all(axis=1) & alike.notna().any(axis=1)
        if both.sum() >= MIN_SHARED:
            low, middle, high = own[both].quantile([0.05, 0.5, 0.95]).to_numpy()
            low_there, middle_there, high_there = alike[both].quantile([0.05, 0.5, 0.95]).to_numpy()
            slope = (high - low) / (high_there - low_there)
            filled = filled.fillna(middle + (alike - middle_there) * slope)
    return filled


def _unnamed(column: str) -> str:
    """Return the name of a feature without the kind of channel."""
    return column.partition("_")[2]
