"""The night of ``sleeplab demo``: a patient, and a recording in which things go wrong."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._changes import Span
from sleeplab.simulate._edf import write_edf
from sleeplab.simulate._faults import FAULTS, TRUTH_COLUMNS, Fault, fault_stream
from sleeplab.simulate._night import SimulatedTruth, draw_plan, edf_blocks, edf_tracks, plan_truth
from sleeplab.simulate._render import BLOCK_S, CHANNELS

_SKIN = CHANNELS[:12]
_FAULTS = (
    Fault("mains_50hz", 3600, 5400, ("O2-M1",), 2.0),
    Fault("movement", 9030, 20, _SKIN, 1.5),
    Fault("electrode_off", 14400, 2400, ("C4-M1",)),
    Fault("movement", 20010, 14, _SKIN),
    Fault("sweat", 21600, 1800, ("F3-M2", "F4-M1")),
)


def write_demo_edf(path: str | Path, seed: int = 0) -> SimulatedTruth:
    """Write the EDF+ night of the demonstration: epilepsy, 8 h, with faults of the recording.

    C4 is off for 40 min from 4 h on, O2 carries mains for 90 min, F3 and F4 drift with sweat for 30 min, and
    there are two large body movements.

    Parameters
    ----------
    path : path-like
        File to write.
    seed : int
        Which person and which night.

    Returns
    -------
    SimulatedTruth
        `hypnogram`, and `truth` with the events of the night and the faults.

    Examples
    --------
    >>> from sleeplab.simulate import write_demo_edf
    >>> truth = write_demo_edf("demo.edf").truth  # doctest: +SKIP
    >>> truth[truth["kind"] == "electrode_off"]["onset_s"].tolist()  # doctest: +SKIP
    [14400.0]
    """
    import pandas as pd

    plan = draw_plan(seed, 42, 8.0, "epilepsy")
    write_edf(Path(path), edf_tracks(plan), _with_faults(edf_blocks(plan)))
    known = plan_truth(plan)
    rows = [
        (float(f.onset_s), float(f.duration_s), f.kind, ",".join(f.ch_names), "truth", f.severity)
        for f in _FAULTS
    ]
    truth = pd.concat([known.truth, pd.DataFrame(rows, columns=list(TRUTH_COLUMNS))])
    return known._replace(truth=truth.sort_values(["onset_s", "kind"], ignore_index=True))


def _with_faults(
    blocks: Iterator[list[npt.NDArray[np.float64]]],
) -> Iterator[list[npt.NDArray[np.float64]]]:
    """Change the signals (µV) on their way to the file; a fault may cross blocks."""
    streams = [fault_stream(fault) for fault in _FAULTS]
    for i, block in enumerate(blocks):
        for fault, rng in zip(_FAULTS, streams, strict=True):
            sfreq = len(block[0]) // BLOCK_S
            first = max(round((fault.onset_s - i * BLOCK_S) * sfreq), 0)
            last = min(round((fault.onset_s + fault.duration_s - i * BLOCK_S) * sfreq), len(block[0]))
            if first >= last:
                continue
            t = i * BLOCK_S - fault.onset_s + np.arange(first, last) / sfreq
            heart = 1e-6 * block[CHANNELS.index("ECG")][first:last]
            span = Span(t, fault.duration_s, fault.severity, rng, heart)
            rows = [CHANNELS.index(name) for name in fault.ch_names]
            changed = 1e6 * FAULTS[fault.kind](
                np.stack([1e-6 * block[row][first:last] for row in rows]), span
            )
            for row, signal in zip(rows, changed, strict=True):
                block[row][first:last] = signal
        yield block
