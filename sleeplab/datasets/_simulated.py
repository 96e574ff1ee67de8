"""The simulated subjects of the registry, each made once as files and kept."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from sleeplab.datasets._registry import Subject, registry

KINDS = (".edf", ".hypnogram.csv", ".truth.csv")


def simulated_file(file: str, root: Path) -> Path:
    """Return a file of a simulated subject, ``anna`` (its recording) or ``anna.hypnogram.csv``.

    The night is made when it is first asked for. A generator that was changed makes a new one.

    Raises
    ------
    ValueError
        If there is no such subject or no such file of it.
    """
    name, dot, kind = file.partition(".")
    subjects = registry().subjects
    if name not in subjects or (dot and dot + kind not in KINDS):
        msg = (
            f"a simulated subject must be one of {', '.join(subjects)}, alone for the recording or followed "
            f"by {' or '.join(KINDS)}; got {file!r}."
        )
        raise ValueError(msg)
    folder = root / "simulated" / f"{name}-{_version(subjects[name])}"
    if not folder.exists():
        _make(name, subjects[name], folder)
    return folder / (file if dot else f"{name}.edf")


def _version(subject: Subject) -> str:
    """Return a hash of all that the night depends on: the subject and the generator."""
    from sleeplab import simulate

    digest = hashlib.sha256(repr(subject).encode())
    for source in sorted(Path(simulate.__path__[0]).glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:8]


def _make(name: str, subject: Subject, folder: Path) -> None:
    """Write the files beside their place, then rename the folder: all of them or none."""
    import pandas as pd

    from sleeplab import simulate

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as made:
        beside = Path(made, name)
        beside.mkdir()
        truth = simulate.write_simulated_edf(
            beside / f"{name}.edf",
            subject.seed,
            age=subject.age,
            hours=subject.hours,
            patient=subject.patient,
        )
        stages = truth.hypnogram.hypno.astype(str)
        clock = pd.DatetimeIndex(stages.index).strftime("%Y-%m-%d %H:%M:%S")
        table = pd.DataFrame({"Time": clock, "Stage": stages.to_numpy(), "Scorer": "truth"})
        table.to_csv(beside / f"{name}.hypnogram.csv", index=False)
        truth.truth.to_csv(beside / f"{name}.truth.csv", index=False)
        if not folder.exists():  # another program may have made the same night meanwhile
            beside.rename(folder)
