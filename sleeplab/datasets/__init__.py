"""Data sets by name: fetched once, verified, kept; and simulated nights, which need no network.

``simulated:anna`` and ``sleep-edf:SC4001E0-PSG.edf`` are names of recordings. `locate` turns a name into a
path, and leaves a path as it is. What is known of each data set stands in ``registry.toml``, and for people
on its card in ``datasets/``.

Two environment variables: ``SLEEPLAB_DATA`` is the folder where data are kept (the user's cache when unset).
``SLEEPLAB_MIRROR`` is the URL or the folder of a copy that is asked instead of the source: any folder that
``sleeplab fetch … --to FOLDER`` filled.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from sleeplab.datasets._files import OnProgress, choose_files, fetch_file, known_files, no_progress
from sleeplab.datasets._registry import Dataset, data_folder, find_dataset, registry
from sleeplab.datasets._simulated import KINDS, simulated_file

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["data_folder", "dataset_table", "fetch_dataset", "locate", "subject_table"]

MOST_UNASKED_GB = 1.0
"""A larger data set is not fetched as a whole unless ``all`` is said."""


def locate(name: str | Path) -> Path:
    """Return the path of a recording or scoring that may be a name; fetch or make it where it is not here.

    Parameters
    ----------
    name : str or Path
        A path, returned as it is. Or ``simulated:SUBJECT`` (the recording),
        ``simulated:SUBJECT.hypnogram.csv``, ``simulated:SUBJECT.truth.csv``. Or ``DATASET:FILE``, the file
        with or without its folder.

    Returns
    -------
    pathlib.Path
        The file. A fetched one has just been verified.

    Raises
    ------
    ValueError
        If there is no such subject or file, if the data set comes by another way, or if the file is not what
        it should be.
    OSError
        If the file does not come; the message says what to do without network.

    Examples
    --------
    >>> locate("nights/night.edf").as_posix()
    'nights/night.edf'
    >>> locate("simulated:nobody")
    Traceback (most recent call last):
    ValueError: a simulated subject must be one of nap, anna, henri, bruno, clara, denis, elise, farid, ...
    """
    word, _, file = str(name).partition(":")
    if word not in registry().datasets:
        return Path(name)
    dataset, root = find_dataset(word), data_folder()
    if dataset.name == "simulated":
        return simulated_file(file, root)
    if not dataset.download:
        return _put_by_hand(dataset, file, root)
    files = known_files(dataset, root)
    found = [known for known in files if file in (known, Path(known).name)]
    if not found:
        msg = f"{dataset.name} must have the file, and it has no {file!r}. Its page lists all: {dataset.page}"
        raise ValueError(msg)
    return fetch_file(dataset, found[0], root, no_progress, known=files[found[0]])


def _put_by_hand(dataset: Dataset, file: str, root: Path) -> Path:
    path = root / dataset.name / file
    if not path.is_file():
        raise ValueError(_by_hand(dataset))
    return path


def _by_hand(dataset: Dataset) -> str:
    return (
        f"{dataset.name} cannot be fetched by a program. {dataset.how}: {dataset.page} Then give their path, "
        f"or put them into the folder {dataset.name} of the data folder, which `sleeplab datasets` shows."
    )


def fetch_dataset(
    name: str,
    *,
    subjects: Collection[str] = (),
    to: str | Path | None = None,
    on_progress: OnProgress = no_progress,
) -> list[Path]:
    """Fetch files of a data set: resumed where it broke off, verified, and not twice.

    Parameters
    ----------
    name : str
        The data set, as `dataset_table` lists them.
    subjects : collection of str
        Beginnings of file names, such as ``SC4001`` or ``n1`` (which is not ``n11``); ``all`` for every file.
        Empty: every file of a data set of up to 1 GB.
    to : str or Path, optional
        The folder to fill, instead of the data folder; it can then serve as ``SLEEPLAB_MIRROR``.
    on_progress : callable
        Called with the file, the bytes that are here and the bytes in all (0 where unknown).

    Returns
    -------
    list of pathlib.Path
        The files.

    Raises
    ------
    ValueError
        If there is no such data set or subject, if it comes by another way, if the data set is large and no
        subjects are named, or if a file is not what it should be.
    OSError
        If a file does not come; the message says what to do without network.

    Examples
    --------
    >>> fetch_dataset("nsrr")
    Traceback (most recent call last):
    ValueError: nsrr cannot be fetched by a program. Ask for access on the page ...
    """
    dataset = find_dataset(name)
    root = data_folder() if to is None else Path(to)
    everything = not subjects or set(subjects) == {"all"}
    if name == "simulated":
        people = list(registry().subjects) if everything else subjects
        return [simulated_file(person + kind, root) for person in people for kind in KINDS]
    if not dataset.download:
        raise ValueError(_by_hand(dataset))
    if not subjects and dataset.size_gb > MOST_UNASKED_GB:
        msg = (
            f"{name} holds about {dataset.size_gb:g} GB. Name those that you want (--subjects, the "
            "beginnings of file names), or say that you want all (--subjects all)."
        )
        raise ValueError(msg)
    files = known_files(dataset, root, on_progress)
    chosen = list(files) if everything else choose_files(dataset, files, subjects)
    return [fetch_file(dataset, file, root, on_progress, known=files[file]) for file in chosen]


def dataset_table() -> pd.DataFrame:
    """Return the data sets that have a name here.

    Returns
    -------
    pandas.DataFrame
        ``name, title, size_gb`` (NaN where unknown), ``access`` (``here``, ``fetch`` or ``by hand``),
        ``licence, citation, page``.

    Examples
    --------
    >>> dataset_table().set_index("name").loc["sleep-edf", "access"]
    'fetch'
    """
    import pandas as pd

    rows = [
        (
            dataset.name,
            dataset.title,
            dataset.size_gb,
            "here" if dataset.name == "simulated" else "fetch" if dataset.download else "by hand",
            dataset.licence,
            dataset.citation,
            dataset.page,
        )
        for dataset in registry().datasets.values()
    ]
    return pd.DataFrame(rows, columns=["name", "title", "size_gb", "access", "licence", "citation", "page"])


def subject_table() -> pd.DataFrame:
    """Return the simulated subjects; ``simulated:NAME`` is the recording of one.

    Returns
    -------
    pandas.DataFrame
        ``name, age, hours, patient, shows, seed``.

    Examples
    --------
    >>> subject_table().set_index("name").loc["bruno", "patient"]
    'apnea'
    """
    import pandas as pd

    rows = [(name, *subject) for name, subject in registry().subjects.items()]
    table = pd.DataFrame(rows, columns=["name", "seed", "age", "hours", "patient", "shows"])
    return table[["name", "age", "hours", "patient", "shows", "seed"]]
