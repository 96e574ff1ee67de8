"""Where results come from: a sidecar beside them, and whether they still are what was written.

A sidecar holds hashes of the inputs and of the outputs, versions and parameters, no name and no path. It
shows changes made by accident; it is no signature, for whoever can change a result can write a new sidecar.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PACKAGES = ("sleeplab", "yasa", "mne", "edfio", "numpy", "scipy", "scikit-learn", "lightgbm", "pandas")
SUFFIX = "provenance.json"
COLUMNS = ("folder", "file", "state")
_BLOCK_BYTES = 1 << 20
_MOST_BYTES = 1 << 24


def hash_file(path: str | Path, *, key: bytes = b"") -> str:
    """Hash a file block by block; about 0.4 s for 192 MB.

    The hash of a recording tells nothing of the person to whoever does not have it. Whoever has it, or a list
    of hashes of the hospital's files, can recognise it: with a key (HMAC) only the holder of the key can.

    Parameters
    ----------
    path : str or pathlib.Path
        Any file. The header of a BrainVision recording (``.vhdr``) is hashed together with its ``.eeg``.
    key : bytes
        A secret; empty for a plain hash.

    Returns
    -------
    str
        SHA-256, or HMAC-SHA256 with a key: 64 hexadecimal digits.

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    References
    ----------
    FIPS 180-4, https://doi.org/10.6028/NIST.FIPS.180-4; RFC 2104, https://doi.org/10.17487/RFC2104

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "abc.txt")
    ...     _ = path.write_bytes(b"abc")
    ...     hash_file(path)[:16], hash_file(path) == hash_file(path, key=b"secret")
    ('ba7816bf8f01cfea', False)
    """
    path = Path(path)
    beside = path.with_suffix(".eeg")
    digest = hmac.new(key, digestmod="sha256") if key else hashlib.sha256()
    for part in (path, beside) if path.suffix == ".vhdr" and beside.is_file() else (path,):
        if not part.is_file():
            msg = f"There is no file at {part}. Check the spelling and the folder."
            raise FileNotFoundError(msg)
        with part.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


def describe_run(
    inputs: Mapping[str, str | Path | None], *, key: bytes = b"", parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Describe what a result is made from: hashes of the inputs, versions, parameters.

    Parameters
    ----------
    inputs : mapping of str to path
        The files by what they are ("recording", "scoring"); None where there is none.
    key : bytes
        As in `hash_file`.
    parameters : mapping
        Numbers and words without a person in them.

    Returns
    -------
    dict
        ``inputs``, ``hash``, ``versions`` and ``parameters``, ready for `write_sidecar`.

    Examples
    --------
    >>> run = describe_run({"recording": None}, parameters={"minutes": 10.0})
    >>> run["inputs"], run["hash"], run["parameters"]
    ({}, 'sha256', {'minutes': 10.0})
    """
    return {
        "inputs": {name: hash_file(path, key=key) for name, path in inputs.items() if path is not None},
        "hash": "hmac-sha256" if key else "sha256",
        "versions": {name: version(name) for name in PACKAGES},
        "parameters": dict(parameters),
    }


def write_sidecar(path: str | Path, run: Mapping[str, Any], outputs: Iterable[str | Path]) -> None:
    r"""Write the sidecar of results that lie in its folder.

    Parameters
    ----------
    path : str or pathlib.Path
        The sidecar; its name must end in ``provenance.json``.
    run : mapping
        What `describe_run` returned, and what else belongs there.
    outputs : iterable of path
        The results, in the same folder.

    Raises
    ------
    ValueError
        If a result lies elsewhere, or the sidecar is called otherwise.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "ledger.csv")
    ...     _ = table.write_text("kind,score\n")
    ...     write_sidecar(Path(folder, "provenance.json"), describe_run({}, parameters={}), [table])
    ...     before = verify(folder)
    ...     _ = table.write_text("kind,scare\n")
    ...     verify(folder)["state"].tolist()
    ['changed']
    """
    path, results = Path(path), [Path(output) for output in outputs]
    if not path.name.endswith(SUFFIX) or any(result.parent != path.parent for result in results):
        msg = f"a sidecar must be called …{SUFFIX} and lie beside its {len(results)} results. Name it so."
        raise ValueError(msg)
    content = {**run, "outputs": {result.name: hash_file(result) for result in results}}
    path.write_text(json.dumps({**content, "seal": _seal(content)}, indent=2), encoding="utf-8")


def _seal(content: Mapping[str, Any]) -> str:
    """Hash of the sidecar itself, without its seal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def verify(
    folder: str | Path, *, inputs: Mapping[str, str | Path] | None = None, key: bytes = b""
) -> pd.DataFrame:
    """Compare the results in a folder, and in the folders in it, with their sidecars.

    Parameters
    ----------
    folder : str or pathlib.Path
        Holds one sidecar (``…provenance.json``) or more, or folders that do.
    inputs : mapping of str to path, optional
        Files to compare with the inputs ("recording", "scoring") of every sidecar.
    key : bytes
        The key, where the sidecar has keyed hashes of its inputs.

    Returns
    -------
    pandas.DataFrame
        One row for each thing that does not match: ``folder`` (relative), ``file``, ``state``: "changed",
        "missing", "added" (no sidecar knows it), "edited" (the sidecar itself), "another input". No row when
        all is as it was written.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, no sidecar in it, or no such input.
    ValueError
        If a sidecar is none, or names files outside its folder, or if an input cannot be compared.

    Examples
    --------
    >>> verify("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: There is no folder at nowhere. Check the spelling.
    """
    import pandas as pd

    folder = Path(folder)
    if not folder.is_dir():
        msg = f"There is no folder at {folder}. Check the spelling."
        raise FileNotFoundError(msg)
    sidecars: dict[Path, list[Path]] = {}
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        sidecars.setdefault(path.parent, []).append(path)
    if not sidecars:
        msg = f"There is no sidecar (…{SUFFIX}) in {folder}. Name a folder that sleeplab wrote."
        raise FileNotFoundError(msg)
    rows = [
        (where.relative_to(folder).as_posix(), *row)
        for where, paths in sidecars.items()
        for row in _mismatches(where, paths, inputs or {}, key)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")


def _mismatches(
    folder: Path, paths: list[Path], inputs: Mapping[str, str | Path], key: bytes
) -> Iterator[tuple[str, str]]:
    """Compare all sidecars of one folder; what none of them knows was added."""
    known, hashes = {path.name for path in paths}, set[str]()
    for path in paths:
        sidecar = _read_sidecar(path)
        if sidecar["seal"] != _seal({name: sidecar[name] for name in sidecar if name != "seal"}):
            yield path.name, "edited"
        known |= set(sidecar["outputs"])
        hashes |= set(sidecar["inputs"].values())
        for name, expected in sidecar["outputs"].items():
            if not (folder / name).is_file():
                yield name, "missing"
            elif hash_file(folder / name) != expected:
                yield name, "changed"
        yield from _other_inputs(sidecar, inputs, key)
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name not in known and hash_file(path) not in hashes:
            yield path.name, "added"


def _other_inputs(
    sidecar: dict[str, Any], inputs: Mapping[str, str | Path], key: bytes
) -> Iterator[tuple[str, str]]:
    keyed = sidecar["hash"] == "hmac-sha256"
    if inputs and keyed and not key:
        msg = "the inputs of this folder have keyed hashes. Give the key that made them: --key KEYFILE"
        raise ValueError(msg)
    for name, path in inputs.items():
        if sidecar["inputs"].get(name) != hash_file(path, key=key if keyed else b""):
            yield name, "another input"


def _read_sidecar(path: Path) -> dict[str, Any]:
    """Read a sidecar, believing nothing in it."""
    if path.stat().st_size > _MOST_BYTES:
        msg = f"a sidecar must be small, and one in this folder has {path.stat().st_size} bytes. Remove it."
        raise ValueError(msg)
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        msg = "a sidecar must be JSON, and one in this folder is not. It was damaged: run sleeplab again."
        raise ValueError(msg) from None
    shape = {"inputs": dict, "outputs": dict, "hash": str, "seal": str}
    if not isinstance(content, dict) or any(not isinstance(content.get(k), v) for k, v in shape.items()):
        msg = f"a sidecar must hold {', '.join(shape)}, and one in this folder does not. Run sleeplab again."
        raise ValueError(msg)
    names, hashes = content["outputs"], [*content["outputs"].values(), *content["inputs"].values()]
    if any(Path(name).name != name or "\\" in name or name in ("", "..") for name in names) or not all(
        isinstance(value, str) for value in hashes
    ):
        msg = "a sidecar must name files beside it, and one in this folder names others. Do not trust it."
        raise ValueError(msg)
    return content
