"""A fitted reference as a file: JSON that is checked to the last number before anything is made of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from sleeplab.anomalies._layout import layout_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sleeplab.anomalies.cohort import CohortReference

FORMAT, VERSION = "sleeplab cohort reference", 2
MAX_BYTES, MAX_COLUMNS, MAX_DESCRIPTION = 20_000_000, 2000, 500
NUMBERS = ("center", "slope", "scale")
BLOCKS = ("block_center", "block_scale")
KEYS = {
    "format",
    "version",
    "sleeplab",
    "description",
    "alpha",
    "columns",
    "age",
    "scores",
    *NUMBERS,
    *BLOCKS,
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")


def write_reference(path: str | Path, reference: CohortReference) -> None:
    """Write a fitted reference; see `CohortReference.save`."""
    import sleeplab

    if not hasattr(reference, "feature_names_in_"):
        msg = (
            "a reference is saved with the names of its numbers, but this one was fitted on a bare array. "
            "Fit it on a table of night_summary."
        )
        raise ValueError(msg)
    usual, units = reference.usual_, {column.name: column.unit for column in reference.layout_.columns}
    names = [str(name) for name in reference.feature_names_in_]
    content = {
        "format": FORMAT,
        "version": VERSION,
        "sleeplab": sleeplab.__version__,
        "description": reference.description_,
        "alpha": reference.alpha,
        "columns": [{"name": name, "unit": units.get(name, "years")} for name in names],
        "age": usual.age,
        "scores": reference.scores_.tolist(),
        **{key: getattr(usual, key).tolist() for key in (*NUMBERS, *BLOCKS)},
    }
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    _check(json.loads(text))
    target = Path(path)
    beside = target.with_name(target.name + ".part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def read_reference(path: str | Path) -> dict[str, Any]:
    """Read and check a file; see `load_reference`."""
    file = Path(path)
    if not file.is_file():
        msg = f"the reference was searched here and not found: {path}. Name the file that save() wrote."
        raise FileNotFoundError(msg)
    if file.stat().st_size > MAX_BYTES:
        _refuse(f"have {MAX_BYTES / 1e6:.0f} MB or less, got {file.stat().st_size / 1e6:.0f} MB")
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        msg = "a reference must be a JSON file, this is none. Give a file that save() wrote."
        raise ValueError(msg) from error
    return _check(content)


def _refuse(must: str) -> NoReturn:
    msg = f"a reference must {must}. Give a file that save() of this version wrote, or fit it again."
    raise ValueError(msg)


def _check(content: Any) -> dict[str, Any]:
    """Check a file's content, and return what `load_reference` needs."""
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        _refuse(f"say that its format is {FORMAT!r}, this file does not")
    if content.get("version") != VERSION or isinstance(content["version"], bool):
        _refuse(f"be of version {VERSION}, this one is of another")
    if set(content) != KEYS:
        missing, other = len(KEYS - set(content)), len(set(content) - KEYS)
        _refuse(f"have {len(KEYS)} entries, in this one {missing} are missing and {other} unknown")
    names = _names(content["columns"])
    layout = layout_of(names)
    n_blocks = len(set(layout.blocks.tolist()))
    usual = {key: _numbers(content, key, len(layout.blocks)) for key in NUMBERS}
    usual |= {key: _numbers(content, key, n_blocks) for key in BLOCKS}
    scores = _numbers(content, "scores", None)
    age, alpha = (_numbers({key: [content[key]]}, key, 1)[0] for key in ("age", "alpha"))
    if (usual["scale"] < 0).any() or (usual["block_scale"] <= 0).any() or (np.diff(scores) < 0).any():
        _refuse("have spreads of 0 or more and scores in order")
    if not 0 < alpha < 1 or len(scores) < 2:
        _refuse(f"have an alpha between 0 and 1 and two nights or more, got {alpha:g} and {len(scores)}")
    description = content["description"]
    if (
        not isinstance(description, str)
        or len(description) > MAX_DESCRIPTION
        or not description.isprintable()
    ):
        _refuse(f"have a description of at most {MAX_DESCRIPTION} printable characters")
    known = {"names": names, "description": description, "alpha": float(alpha), "scores": scores}
    return {**known, "usual": {**usual, "age": float(age)}}


def _names(columns: Any) -> list[str]:
    """Check the columns: their names, and that their units are what this version takes them for."""
    if not isinstance(columns, list) or not 1 <= len(columns) <= MAX_COLUMNS:
        _refuse(f"have 1 to {MAX_COLUMNS} columns")
    names = []
    for column in columns:
        name = column.get("name") if isinstance(column, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            _refuse("have columns with a name of letters, digits and _ each")
        names.append(name)
    if len(set(names)) < len(names) or names == ["age"]:
        _refuse("have every column once, and one to judge")
    units = {column.name: column.unit for column in layout_of(names).columns} | {"age": "years"}
    wrong = sum(column.get("unit") != units[column["name"]] for column in columns)
    if wrong:
        _refuse(f"give its numbers in the units of this version, {wrong} of {len(names)} are in others")
    return names


def _numbers(content: dict[str, Any], key: str, n: int | None) -> NDArray[np.float64]:
    """Check a list of finite numbers."""
    values = content[key]
    plain = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    if not plain or (n is not None and len(values) != n):
        _refuse(f"hold {'' if n is None else n} numbers as {key!r}, this one does not".replace("  ", " "))
    if any(abs(value) > 1e300 or value != value for value in values):
        _refuse(f"hold numbers of ordinary size as {key!r}")
    return np.array(values, dtype=float)
