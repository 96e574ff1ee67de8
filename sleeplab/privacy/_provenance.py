"""The sidecar of a de-identified night: keyed hashes, since a plain hash of the source tells who has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sleeplab.privacy._edf import Deidentified
from sleeplab.privacy._key import read_key
from sleeplab.provenance import SUFFIX, describe_run, write_sidecar


def record_deidentified(
    done: Sequence[Deidentified],
    recording: str | Path,
    *,
    key: str | Path,
    scoring: str | Path | None = None,
    keep: Sequence[str] = (),
) -> Path:
    """Write beside a de-identified night what it was made from, for `sleeplab.provenance.verify`.

    The inputs' hashes are keyed (HMAC-SHA256): nobody without the key can look them up in a list of the
    hospital's files. Of the texts that a person allowed only the number is written.

    Parameters
    ----------
    done : sequence of Deidentified
        What `deidentify`, and `deidentify_scoring`, returned for this night.
    recording : str or pathlib.Path
        The source recording.
    key : str or pathlib.Path
        The key file.
    scoring : str or pathlib.Path, optional
        The source scoring.
    keep : sequence of str
        As for `deidentify`.

    Returns
    -------
    pathlib.Path
        The sidecar.

    Raises
    ------
    FileNotFoundError
        If one of the files is missing.
    ValueError
        If the key is not safe.
    """
    asked = sorted({"sex", "age"} & set(keep))
    run = describe_run(
        {"recording": recording, "scoring": scoring},
        key=read_key(key),
        parameters={
            "identity_from": done[0].identity_from,
            "kept": asked,
            "texts_allowed": len(set(keep)) - len(asked),
            "replaced": sum(int(each.removed["count"].sum()) for each in done),
        },
    )
    path = done[0].path.with_suffix(f".{SUFFIX}")
    write_sidecar(path, run, [each.path for each in done])
    return path
