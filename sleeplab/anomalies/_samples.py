"""What is measured on every sample of a night, and quickly: medians, high peaks, short spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

BLOCK = 2048  # spectra that are made in one go: they fit the processor's cache


def row_medians(rows: Array) -> Array:
    """Median of each row: float32 is sorted several times faster than `numpy.median` finds its middle.

    Examples
    --------
    >>> import numpy as np
    >>> row_medians(np.array([[3.0, 1.0, 2.0], [9.0, 9.0, 0.0]])).tolist()
    [2.0, 9.0]
    """
    n = rows.shape[1]
    return np.asarray(np.sort(rows, axis=1)[:, (n - 1) // 2 : n // 2 + 1].mean(axis=1))


def high_peaks(x: Array, height: float, distance: int) -> NDArray[np.intp]:
    """Find what `scipy.signal.find_peaks` finds with this height and distance, where few samples are so high.

    Only blocks of `distance` samples that hold such a sample, and those beside them, are looked at.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros(1000)
    >>> x[[100, 102, 500, 900]] = 5.0, 6.0, 1.0, 5.0
    >>> high_peaks(x, 4.0, 10).tolist()
    [102, 900]
    """
    from scipy.signal import find_peaks

    own = np.flatnonzero(x >= height) // distance
    blocks = np.unique(own[:, None] + [-1, 0, 1])
    near = (blocks[:, None] * distance + np.arange(distance)).ravel()
    near = near[(near >= 0) & (near < len(x))]
    return np.asarray(near[find_peaks(x[near], height=height, distance=distance)[0]])


def short_powers(x: Array, sfreq: float, *, step_s: float, window_s: float, max_hz: float) -> Array:
    """Power (the squared unit of `x`) around each step, in Hann windows.

    Parameters
    ----------
    x
        Samples, shape (n_times,).
    sfreq
        Sampling rate in Hz.
    step_s, window_s
        From window to window, and length of a window, in seconds.
    max_hz
        Highest frequency, if there is one so high.

    Returns
    -------
    numpy.ndarray
        Shape (n_steps, n_freqs); frequencies from 0 on, 1 / `window_s` apart. The bins of a sine of amplitude
        1 add up to 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> sine = np.sin(2 * np.pi * 10 * np.arange(1000) / 100).astype(np.float32)
    >>> powers = short_powers(sine, 100, step_s=0.5, window_s=1.0, max_hz=45)
    >>> powers.shape, (12 * powers[9, 8:13]).round(3).tolist()
    ((20, 46), [0.0, 1.0, 4.0, 1.0, 0.0])
    """
    from scipy.fft import rfft

    hop, n = round(step_s * sfreq), round(window_s * sfreq)
    n_freqs = min(round(max_hz * window_s), n // 2) + 1
    padded = np.pad(x, (hop // 2, n))  # a window is centred on its step
    frames = np.lib.stride_tricks.sliding_window_view(padded, n)[: len(x) // hop * hop : hop]
    window = np.hanning(n + 1)[:-1].astype(np.float32)
    powers = np.empty((len(frames), n_freqs), dtype=np.float32)
    for first in range(0, len(frames), BLOCK):
        waves = rfft(frames[first : first + BLOCK] * window, axis=1)[:, :n_freqs]
        powers[first : first + BLOCK] = (waves.real**2 + waves.imag**2) * np.float32(16 / 3 / n**2)
    return powers
