"""What is known about each data set: ``registry.toml``, and where its files are kept on this computer."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import nan
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True)
class Dataset:
    """An entry of the registry; the fields are described there."""

    name: str
    title: str
    page: str
    licence: str
    citation: str
    download: bool
    size_gb: float = nan
    how: str = ""
    base_url: str = ""
    sums: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


class Subject(NamedTuple):
    """A simulated person and night, and what it shows."""

    seed: int
    age: float
    hours: float
    patient: str
    shows: str


class Registry(NamedTuple):
    """All data sets and all simulated subjects, by name."""

    datasets: Mapping[str, Dataset]
    subjects: Mapping[str, Subject]


@cache
def registry() -> Registry:
    """Read the registry, once."""
    with Path(__file__).with_name("registry.toml").open("rb") as file:
        read = tomllib.load(file)
    return Registry(
        {name: Dataset(name=name, **entry) for name, entry in read["datasets"].items()},
        {name: Subject(**entry) for name, entry in read["subjects"].items()},
    )


def find_dataset(name: str) -> Dataset:
    """Return a data set by its name, or raise ValueError with the names that there are."""
    datasets = registry().datasets
    if name not in datasets:
        msg = f"a data set must be one of {', '.join(datasets)}, got {name!r}. Their cards: datasets/."
        raise ValueError(msg)
    return datasets[name]


def data_folder() -> Path:
    """Return the folder for data: the environment variable ``SLEEPLAB_DATA``, else the user's cache."""
    import pooch

    return Path(os.environ.get("SLEEPLAB_DATA") or pooch.os_cache("sleeplab"))
