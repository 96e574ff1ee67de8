"""YASA, called in one place: one pass over the fit epochs of a few channels."""

from __future__ import annotations

import contextlib
import sys
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import mne
    import pandas as pd
    import yasa
    from numpy.typing import NDArray

EPOCH_S = 30
STAGES = ("WAKE", "N1", "N2", "N3", "REM")
MIN_EPOCHS = 10  # 5 min: below it YASA itself warns that results are unreliable


class Stager:
    """YASA on the fit epochs of one recording.

    Parameters
    ----------
    recording
        Volts.
    fit
        Booleans, epochs × channels.
    night
        First and last epoch of the night, from which YASA's clock features count.
    metadata
        YASA's: {"age": …, "male": …}, or None.
    """

    def __init__(
        self,
        recording: mne.io.BaseRaw,
        fit: pd.DataFrame,
        night: NDArray[np.intp],
        metadata: dict[str, int] | None,
    ) -> None:
        self.recording, self.fit, self.night, self.metadata = recording, fit, night, metadata
        self._helper_features: dict[tuple[tuple[str, ...], bytes], pd.DataFrame] = {}

    def stage(self, derivations: list[str], eog: str | None, chin: str | None) -> NDArray[np.float64]:
        """Probabilities by derivation, shape (n_derivations, n_epochs, 5), NaN where one was not staged.

        Epochs that no derivation could stage with EOG and chin are staged with one or none of them; where
        these are fewer than 10, on one derivation only, for each pass costs as much as a whole night.
        """
        proba = np.full((len(derivations), len(self.fit), len(STAGES)), np.nan)
        for helpers in ((eog, chin), (eog, None), (None, chin), (None, None)):
            left = np.isnan(proba[:, :, 0]).all(axis=0)
            few = left.sum() < MIN_EPOCHS
            for i, eeg in enumerate(derivations):
                channels = zip((eeg, *helpers), ("eeg", "eog", "emg"), strict=True)
                types = {name: kind for name, kind in channels if name is not None}
                usable = self.fit[list(types)].all(axis=1).to_numpy()
                new = usable & left
                if usable.sum() >= MIN_EPOCHS and new.any():
                    epochs = np.flatnonzero(usable)
                    proba[i, new] = self._run(types, epochs)[new[epochs]]
                    left &= ~(new & few)
        return proba

    def _run(self, types: dict[str, str], epochs: NDArray[np.intp]) -> NDArray[np.float64]:
        """One pass of YASA, shape (len(epochs), 5); `types` is {channel: MNE type}, EEG first.

        The features of EOG and chin are those of the pass before, where it had the same epochs.
        """
        eeg, *helpers = types
        key = (tuple(helpers), epochs.tobytes())
        known = self._helper_features.get(key)
        stager = self._extract(types if known is None else {eeg: "eeg"}, epochs)
        if known is None:
            self._helper_features[key] = stager._features.filter(regex="^(eog|emg)_")
        else:
            stager._features = stager._features.join(known).sort_index(axis=1)
            stager.feature_name_ = stager._features.columns.tolist()
            stager.ch_types = list(types.values())
        with _known_model_warnings():
            proba: NDArray[np.float64] = stager.predict().proba[list(STAGES)].to_numpy()
        return proba

    def _extract(self, types: dict[str, str], epochs: NDArray[np.intp]) -> yasa.SleepStaging:
        """Let YASA compute its features, then set the two that tell the time."""
        import mne
        import yasa

        _import_antropy()
        info = mne.create_info(list(types), self.recording.info["sfreq"], list(types.values()), verbose=False)
        raw = mne.io.RawArray(_join_epochs(self.recording, list(types), epochs), info, verbose=False)
        names = {f"{kind}_name": name for name, kind in types.items()}
        stager = yasa.SleepStaging(raw, metadata=self.metadata, **names).fit()
        first, last = self.night
        clock = {
            "time_hour": (epochs - first) * EPOCH_S / 3600,
            "time_norm": (epochs - first) / (last - first),
        }
        for name, values in clock.items():
            stager._features[name] = values.astype(stager._features[name].dtype)
        return stager


def _join_epochs(
    recording: mne.io.BaseRaw, names: list[str], epochs: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Signals of `epochs`, one after the other; each stretch is shifted to start where the last one ended.

    Without the shift YASA's high-pass filter would ring at each joint.
    """
    n_times = round(EPOCH_S * recording.info["sfreq"])
    data = recording.get_data(picks=names)
    out = np.concatenate([data[:, e * n_times : (e + 1) * n_times] for e in epochs], axis=1)
    for joint in np.flatnonzero(np.diff(epochs) > 1) + 1:
        at = joint * n_times
        out[:, at:] -= (out[:, at] - out[:, at - 1])[:, None]
    return out


@contextlib.contextmanager
def _known_model_warnings() -> Iterator[None]:
    """Silence the known warning of YASA 0.8's models: their label encoder was saved by scikit-learn 0.24.

    The stages come from the LightGBM booster inside, which knows no such version; a test pins its output.
    """
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        yield


def _import_antropy() -> None:
    """Import antropy with its numba functions cached on disk.

    They are compiled when antropy is imported, about 5 s in each process; from the cache it is 1 s. Where
    numba finds no folder to write to, or the disk is full, antropy is imported as it is.
    """
    if "antropy" in sys.modules:
        return
    import numba

    plain = numba.jit

    def cached_jit(*args: Any, **kwargs: Any) -> Any:
        return plain(*args, **{**kwargs, "cache": True})

    numba.jit = cached_jit
    try:
        import_module("antropy")
    except (RuntimeError, OSError):
        numba.jit = plain
        import_module("antropy")
    finally:
        numba.jit = plain
