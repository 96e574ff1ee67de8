"""De-identification: what survives in MNE, edfio and sleeplab on the same files, and speed against copying.

``python benchmarks/privacy.py [--quick]`` plants names, numbers and addresses in the fields that hold text,
lets each tool anonymise the same files, and searches the bytes of what they write. Then it times `deidentify`
on a night of 192 MB against ``cp`` of that night, in turns, both from a warm cache, in a process that does
nothing else, with its peak memory. The last line is
JSON. ``--quick`` takes few files and 1 hour: for the form, not for the numbers.
"""

import argparse
import collections
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import unicodedata
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from edf_helpers import RawSignal, edf_bytes, tal_digital
from privacy_files import IDENTIFIERS, PLACES, plant, survivors

N_CHANNELS, SFREQ = 13, 256
WITHOUT = {"file name", "after the header", "after the records", "unit", "reserved"}
"""Left out of the comparison: MNE or edfio refuse most of these files, so that nothing could be compared."""

_ONE_EACH = [words for words in IDENTIFIERS if "uatrem" not in words or words.startswith("É")]
DISTINCT = [unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode() for words in _ONE_EACH]
"""No two share a word, so that each survivor belongs to one place; ASCII, since MNE refuses other letters."""


def with_mne(source: Path, out: Path, key: Path) -> Path:
    """Read, `anonymize()`, export."""
    import mne

    del key
    raw = mne.io.read_raw_edf(source, preload=True, verbose="error")
    mne.export.export_raw(out / "mne.edf", raw.anonymize(verbose="error"), overwrite=True, verbose="error")
    return out / "mne.edf"


def with_edfio(source: Path, out: Path, key: Path) -> Path:
    """Read, `anonymize()`, write."""
    import edfio

    del key
    edf = edfio.read_edf(source)
    edf.anonymize()
    edf.write(out / "edfio.edf")
    return out / "edfio.edf"


def with_sleeplab(source: Path, out: Path, key: Path) -> Path:
    """De-identify."""
    import sleeplab.privacy

    return sleeplab.privacy.deidentify(source, out, key=key).path


TOOLS: dict[str, Callable[[Path, Path, Path], Path]] = {
    "mne": with_mne,
    "edfio": with_edfio,
    "sleeplab": with_sleeplab,
}


def count_survivors(n_files: int, folder: Path, key: Path) -> dict[str, object]:
    """Plant, anonymise with each tool, search; only files that all three could write are counted."""
    rng = random.Random(0)  # noqa: S311  # no secret
    left: dict[str, collections.Counter[str]] = {tool: collections.Counter() for tool in TOOLS}
    planted: collections.Counter[str] = collections.Counter()
    refused: collections.Counter[str] = collections.Counter()
    places = [place for place in PLACES if place not in WITHOUT]
    for number in range(n_files):
        at = zip(rng.sample(places, 6), rng.sample(DISTINCT, 6), strict=True)
        where = [(place, identifier, "ascii") for place, identifier in at]
        night = plant(where, seed=number)
        out = folder / f"{number}"
        out.mkdir()
        source = night.write(out)
        found = {}
        for tool, run in TOOLS.items():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    target = run(source, out, key)
            except Exception:  # whatever they raise, they refused this file
                refused[tool] += 1
                continue
            found[tool] = survivors(target.read_bytes(), night.planted)
        if len(found) == len(TOOLS):
            planted.update(place for place, _ in night.planted)
            for tool, still in found.items():
                left[tool].update(place for place, _ in still)
    return {"files": n_files, "refused": dict(refused), "planted": dict(planted), "left": left}


def write_night(path: Path, hours: float) -> None:
    """Write noise on 13 channels, an annotation track, and a free text every minute."""
    n_records = round(hours * 3600)
    rng = np.random.default_rng(0)
    signals = [
        RawSignal(f"EEG {i + 1}", rng.integers(-3000, 3000, n_records * SFREQ, dtype=np.int16), SFREQ)
        for i in range(N_CHANNELS)
    ]
    texts = [
        f"+{i}\x14\x14\0"
        + (f"+{i}.5\x14Arousal\x14\0+{i}.7\x14Mme Smith tousse\x14\0" if i % 60 == 0 else "")
        for i in range(n_records)
    ]
    signals.append(RawSignal("EDF Annotations", tal_digital(texts, 80), 40, "", (-1, 1)))
    path.write_bytes(edf_bytes(signals, n_records=n_records, header={"reserved": "EDF+C"}))


ONE_RUN = """
import re, sys, time
from pathlib import Path
import sleeplab.privacy
def peak_mb():  # ru_maxrss would count the process that started this one
    status = Path("/proc/self/status")
    if not status.exists():
        return float('nan')
    return int(re.search("VmHWM:[ \\t]*([0-9]+)", status.read_text())[1]) / 1024
before = peak_mb()
begin = time.perf_counter()
done = sleeplab.privacy.deidentify(sys.argv[1], sys.argv[2], key=sys.argv[3])
seconds, peak = time.perf_counter() - begin, peak_mb()
begin = time.perf_counter()
sidecar = sleeplab.privacy.record_deidentified([done], sys.argv[1], key=sys.argv[3])
print(seconds, before, peak, time.perf_counter() - begin)
done.path.unlink()
sidecar.unlink()
"""


def deidentified(source: Path, out: Path, key: Path) -> list[float]:
    """Seconds without imports, memory in MB (of the libraries alone, at its peak), seconds of the sidecar."""
    command = [sys.executable, "-c", ONE_RUN, source, out, key]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # our own code
    return [float(word) for word in run.stdout.split()]


def copied(source: Path, out: Path) -> float:
    """Seconds of ``cp``, the start of the program included (about 1 ms)."""
    target = out / "copy.edf"
    begin = time.perf_counter()
    subprocess.run(["cp", source, target], check=True)  # noqa: S603, S607  # the system's own cp
    seconds = time.perf_counter() - begin
    target.unlink()
    return seconds


def time_against_cp(hours: float, folder: Path, key: Path) -> dict[str, float]:
    """Run both in turns, five times; medians."""
    night, out = folder / "night.edf", folder / "out"
    out.mkdir()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(write_night, night, hours).result()
    os.sync()
    copied(night, out)
    ours, theirs = [], []
    for _ in range(5):
        theirs.append(copied(night, out))
        ours.append(deidentified(night, out, key))
    seconds, cp_seconds = statistics.median(run[0] for run in ours), statistics.median(theirs)
    return {
        "file_mb": round(night.stat().st_size / 1e6, 1),
        "cp_seconds": cp_seconds,
        "seconds": seconds,
        "of_cp_speed": cp_seconds / seconds,
        "libraries_mb": ours[0][1],
        "peak_mb": max(run[2] for run in ours),
        "sidecar_seconds": statistics.median(run[3] for run in ours),
    }


def main() -> None:
    """Print the tables and the JSON line."""
    import sleeplab.privacy

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="few files, 1 hour: for the form, not the numbers"
    )
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = folder / "key-folder" / "key"
        key.parent.mkdir()
        sleeplab.privacy.new_key(key)
        found = count_survivors(20 if quick else 200, folder, key)
        speed = time_against_cp(1.0 if quick else 8.0, folder, key)
    print(f"{'identifiers left in':30}{'planted':>9}" + "".join(f"{tool:>10}" for tool in TOOLS))
    for place, n in sorted(found["planted"].items()):
        print(f"{place:30}{n:9}" + "".join(f"{found['left'][tool][place]:10}" for tool in TOOLS))
    print(
        f"{'all':30}{sum(found['planted'].values()):9}"
        + "".join(f"{found['left'][t].total():10}" for t in TOOLS)
    )
    print(f"files: {found['files']}, refused: {found['refused']}")
    print(
        f"{speed['file_mb']} MB: cp {speed['cp_seconds']:.2f} s, deidentify {speed['seconds']:.2f} s "
        f"({speed['of_cp_speed']:.2f} of its speed), peak {speed['peak_mb']:.0f} MB, of which the libraries "
        f"{speed['libraries_mb']:.0f} MB; the hashes of its sidecar {speed['sidecar_seconds']:.2f} s more"
    )
    print(json.dumps({"quick": quick, "survivors": found, "speed": speed}))


if __name__ == "__main__":
    main()
