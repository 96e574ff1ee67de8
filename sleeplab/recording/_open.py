"""Which format a file has, judged by its first bytes, and its header read."""

from __future__ import annotations

from pathlib import Path

from sleeplab.datasets import locate
from sleeplab.recording._edf import edf_source
from sleeplab.recording._mne import mne_source
from sleeplab.recording._source import Source

_KNOWN = {
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"PK\x03\x04": "a ZIP archive (or a Word or Excel file)",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"<?xml": "an XML document (a scoring?)",
    b"\xff\xfe": "a UTF-16 text (a scoring?)",
}


def open_source(path: str | Path) -> Source:
    """Open a recording of any format that sleeplab reads, by path or name; only its header is read.

    Raises
    ------
    FileNotFoundError
        If there is no file at ``path``.
    ValueError
        If it is a folder, empty, of another format, or too damaged to be read.
    """
    path = locate(path)
    if path.is_dir():
        msg = "A recording must be one file, but a folder was given. Name the file in it."
        raise ValueError(msg)
    if not path.exists():
        msg = f"There is no recording at {path}. Check the spelling and the folder."
        raise FileNotFoundError(msg)
    with path.open("rb") as file:
        head = file.read(256)
    if head[:8].strip(b" \0") == b"0" or head[:8] == b"\xffBIOSEMI":
        return edf_source(path)
    if head[:12] == b"\0\0\0\x64\0\0\0\x1f\0\0\0\x14":
        return mne_source(path, "FIF")
    if head.lstrip(b"\xef\xbb\xbf").startswith((b"Brain Vision", b"BrainVision")):
        return mne_source(path, "BrainVision")
    msg = (
        "A recording must be EDF, EDF+, BDF, FIF or BrainVision (.vhdr), but this file is "
        f"{_described(head)}. Export the night as EDF."
    )
    raise ValueError(msg)


def _described(head: bytes) -> str:
    if not head:
        return "empty (0 bytes)"
    for start, name in _KNOWN.items():
        if head.startswith(start):
            return name
    if head[:8].strip(b" \0") == b"":
        return "blank at its beginning: an EDF whose header was lost?"
    is_text = all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head)
    return "a text" if is_text else "of no known format"
