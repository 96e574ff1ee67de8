"""Swapped leads: two channels that for a while hold each other's signal."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import Finding, Inputs, runs, span
from sleeplab.anomalies._samples import row_medians
from sleeplab.features import EPOCH_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]
    Spectra = Mapping[str, NDArray[np.complex64]]

POWER_HZ = ((0.5, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 11.0), (11.0, 16.0), (16.0, 24.0))
SHARED_HZ = ((0.5, 4.0), (4.0, 15.0))
MIN_USUAL, MIN_EPOCHS, BRIDGE = 60, 4, 4  # epochs
MAD_TO_SD, Z_LIMIT = 1.4826, 4.0
NEAR = 8.0  # times the usual squared distance: how well "exchanged" must fit
DIFFERENT = 1.0  # times the usual squared distance: how far apart "as usual" and "exchanged" must be
TURNED = 0.5  # on the way from "as usual" (-1) to "exchanged" (1)


class Swap(NamedTuple):
    """Epochs `start` to `stop` (excluded) in which two channels look exchanged, and how well that fits."""

    misfit: float
    start: int
    stop: int
    ch_names: tuple[str, str]


def find_swapped_leads(inputs: Inputs, eeg: Spectra, eog: Spectra) -> list[Finding]:
    """Find stretches in which two EEG channels look like each other's usual selves.

    In what two channels differ – their powers in six bands, and how alike each is to every third channel, the
    eyes included, below and above 4 Hz – is measured in every epoch. If their signals are exchanged, all of
    this changes its sign. An epoch is called exchanged when it has gone three quarters of the way
    from the usual differences to those of the other sign, and lies no more than 8 times as far from these as
    epochs usually do from theirs (squared robust Mahalanobis distances). 2 min of such epochs are a finding;
    of pairs that overlap, the one that fits best. Two channels that hardly differ are not compared, and leads
    that were swapped all night are not seen: the night itself says what is usual.

    Parameters
    ----------
    inputs
        The night.
    eeg, eog
        Spectrum of each epoch, 1/30 Hz apart, by name of the channel: shape (n_epochs, n_freqs).

    Returns
    -------
    list of Finding
        Kind "swapped leads"; the score is log2(1 + epochs).
    """
    if len(eeg) < 2:
        return []
    alike = _pairs(eeg, eog)
    powers = {name: _powers(every) for name, every in eeg.items()}
    swaps = sorted(swap for pair in combinations(eeg, 2) for swap in _swaps(inputs, pair, powers, alike))
    kept: list[Swap] = []
    for swap in swaps:
        if all(swap.start >= other.stop or swap.stop <= other.start for other in kept):
            kept.append(swap)
    return [_describe(swap) for swap in kept]


def _pairs(eeg: Spectra, eog: Spectra) -> dict[tuple[str, str], Array]:
    """Fisher's z of the likeness of each two channels in each epoch and band, shape (n_epochs, 2)."""
    every = {**eeg, **eog}
    r = [likeness([own[:, _bins(band)] for own in every.values()]) for band in SHARED_HZ]
    z = np.arctanh(np.clip(np.stack(r, axis=-1), -0.999, 0.999))
    return {(a, b): z[:, i, j] for (i, a), (j, b) in permutations(enumerate(every), 2)}


def likeness(spectra: Sequence[NDArray[np.complex64]]) -> Array:
    """Correlation of each two channels in each epoch, from their waves of some frequencies.

    Parameters
    ----------
    spectra
        Of each channel, shape (n_epochs, n_freqs).

    Returns
    -------
    numpy.ndarray
        Shape (n_epochs, n_channels, n_channels); 0 where there are no waves.

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.array([[1, 2j]], dtype=np.complex64)
    >>> likeness([wave, -3 * wave])[0].tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    waves = np.stack(spectra, axis=1).view(np.float32)  # real and imaginary parts side by side
    product = waves @ waves.swapaxes(1, 2)
    size = np.sqrt(np.diagonal(product, axis1=1, axis2=2))
    return np.asarray(product / np.maximum(size[:, :, None] * size[:, None], 1e-24))


def _bins(band: tuple[float, float]) -> slice:
    return slice(round(band[0] * EPOCH_S), round(band[1] * EPOCH_S))


def _powers(every: NDArray[np.complex64]) -> Array:
    """Log10 of the power in each band, shape (n_epochs, 6)."""
    return np.column_stack(
        [np.log10((np.abs(every[:, _bins(band)]) ** 2).sum(axis=1) + 1e-6) for band in POWER_HZ]
    )


def _swaps(
    inputs: Inputs, pair: tuple[str, str], powers: dict[str, Array], alike: dict[tuple[str, str], Array]
) -> list[Swap]:
    a, b = pair
    thirds = [other for one, other in alike if one == a and other != b]
    differences = [powers[a] - powers[b]]
    differences += [alike[a, other] - alike[b, other] for other in thirds]
    fit = inputs.fit[a] & inputs.fit[b]
    if fit.sum() < MIN_USUAL:
        return []
    near, far, apart = _distances(np.hstack(differences), fit)
    if apart < DIFFERENT * np.median(near[fit]):
        return []
    turned = fit & (near - far >= TURNED * apart) & (far <= NEAR * np.median(near[fit]))
    return [
        Swap(float(np.median(far[start:stop])), start, stop, pair)
        for start, stop in runs(turned, bridge=BRIDGE)
        if turned[start:stop].sum() >= MIN_EPOCHS
    ]


def _distances(rows: Array, fit: NDArray[np.bool_]) -> tuple[Array, Array, float]:
    """Squared distance of each row to the usual one and to its mirror image, and of these two."""
    from sklearn.covariance import ledoit_wolf

    middle = row_medians(rows[fit].T)
    scale = np.maximum(MAD_TO_SD * row_medians(np.abs(rows[fit] - middle).T), 1e-9)
    z, mirror = (rows - middle) / scale, -2 * middle / scale
    covariance, _ = ledoit_wolf(np.clip(z[fit], -Z_LIMIT, Z_LIMIT))
    precision = np.linalg.inv(covariance + 1e-6 * np.eye(len(covariance)))
    near, far = (((d @ precision) * d).sum(axis=1) for d in (z, z - mirror))
    return near, far, float(mirror @ precision @ mirror)


def _describe(swap: Swap) -> Finding:
    n, names = swap.stop - swap.start, swap.ch_names
    text = (
        f"{names[0]} and {names[1]} look exchanged for {span(n * EPOCH_S)}: each is like the other in the "
        "rest of the night."
    )
    return Finding("swapped leads", swap.start * EPOCH_S, n * EPOCH_S, names, float(np.log2(1 + n)), text)
