"""Search files for what could tell who the person is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sleeplab.channels import is_known_label
from sleeplab.privacy._annotations import KEEPS_TIME, decoded
from sleeplab.privacy._inside import parts_of
from sleeplab.privacy._layout import (
    PLUS_NAMES,
    Layout,
    field_at,
    header_bytes,
    is_edf,
    is_edf_head,
    read_layout,
    width_at,
)
from sleeplab.privacy._patterns import Hit, Needle, needles_for, search
from sleeplab.privacy._words import (
    REMOVED,
    is_known_prefilter,
    is_known_text,
    is_known_transducer,
    is_notes,
)
from sleeplab.recording import is_known_unit
from sleeplab.recording.edf import text
from sleeplab.scoring import TAL

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("file", "kind", "encoding", "field", "position")
_BLOCK_BYTES = 1 << 22
_OVERLAP = 512
_PSEUDONYM = re.compile(r"[bcdfghjkmnpqrstv]{16}")
_OUR_PATIENT = re.compile(_PSEUDONYM.pattern + r" [MFX] X X( Age_(\d{1,2}|over_89))?")
_OUR_RECORDING = re.compile(r"Startdate (\d\d-[A-Z]{3}-\d{4}|X) X X (X|sleeplab)")
_PACKED = (b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"PAR1", b"\x89PNG", b"\xff\xd8\xff")
_CLOSED = {
    b"\x89HDF": "HDF5", b"%PDF": "PDF", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-Zip",
    b"\x28\xb5\x2f\xfd": "zstd", b"Rar!": "RAR",
}  # fmt: skip
_PLAIN = "8 bits"


def check_identity(paths: Sequence[str | Path], *, names: Sequence[str] = ()) -> pd.DataFrame:
    r"""Search files, byte by byte, for what could tell who the person is.

    Searched are the given names, dates, numbers like a French NIR, French phone numbers, e-mail addresses
    and serial numbers, in UTF-8, Latin-1 and UTF-16. In EDF and BDF files also every text that `deidentify`
    would remove is told; among samples only long names are looked for, since others stand there by chance.
    The dates of a file that bears a pseudonym are taken to be shifted. Opened are Parquet (values, names of
    columns, metadata), ZIP and gzip, notebooks and JSON (outputs, metadata, notes in pictures), and HTML.

    Finding nothing proves nothing: names that are not given are not found, nor is what a picture shows or
    what is packed in another way (such a file is told), and the EEG itself can identify a person who is
    recorded again.

    Parameters
    ----------
    paths : sequence of str or pathlib.Path
        Files of any kind: recordings, scorings, reports, notebooks, tables.
    names : sequence of str
        Names and numbers to look for; each of their words is looked for, too.

    Returns
    -------
    pandas.DataFrame
        One row per finding: ``file`` (its number among `paths`, from 1), ``kind``, ``encoding``, ``field``,
        ``position`` (byte; -1 for the file's name and for what is inside). The text found is not in it.

    Raises
    ------
    FileNotFoundError
        If one of the files is missing.
    ValueError
        If a name has fewer than three letters.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder, "night.txt")
    ...     _ = page.write_text("by Jane Smith, 02/03/1951")
    ...     check_identity([page], names=["Smith"])[["kind", "position"]].values.tolist()
    [['name 1', 8], ['date', 15]]
    """
    import pandas as pd

    needles = needles_for(names)
    rows = []
    for number, path in enumerate(map(Path, paths), start=1):
        if not path.is_file():
            msg = f"There is no file at {path}. Check the spelling and the folder."
            raise FileNotFoundError(msg)
        found = {(*hit[:2], field, hit.position) for hit, field in _findings(path, needles)}
        rows += [(number, *finding) for finding in sorted(found, key=lambda finding: finding[::-1])]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"file": int, "kind": str, "encoding": str, "field": str, "position": int})


def _findings(path: Path, needles: Sequence[Needle]) -> Iterator[tuple[Hit, str]]:
    for hit in search(path.name.encode(), needles):
        if hit.kind != "date" or not _PSEUDONYM.match(path.name):
            yield hit._replace(position=-1), "file name"
    layout = None
    if is_edf(path):
        try:
            layout = read_layout(path)
        except ValueError:
            yield Hit("recording that cannot be read", _PLAIN, 0), "whole file, searched as bytes"
    if layout is None:
        yield from _other_file(path, needles)
    else:
        with path.open("rb") as file:
            yield from _recording(file, layout, needles, path.stat().st_size)


def _other_file(path: Path, needles: Sequence[Needle]) -> Iterator[tuple[Hit, str]]:
    """Search the bytes as they stand, then what is inside; packed bytes are like samples."""
    opened = True
    for part in parts_of(path):
        if part.problem:
            opened = False
            yield Hit(part.problem, _PLAIN, -1), part.field
        if is_edf_head(part.data):
            yield Hit("recording in an archive: take it out and search it", _PLAIN, -1), part.field
        yield from ((hit._replace(position=-1), part.field) for hit in search(part.data, needles))
    with path.open("rb") as file:
        head = file.read(8)
        for magic, name in _CLOSED.items():
            if head.startswith(magic):
                yield Hit(f"compressed or packed ({name}): open and search it", _PLAIN, 0), "whole file"
        packed = opened and head.startswith(_PACKED)
        hits = _search_part(file, (0, path.stat().st_size), needles, samples=packed)
        yield from ((hit, "bytes") for hit in hits)


def _search_part(
    file: BinaryIO, part: tuple[int, int], needles: Sequence[Needle], *, samples: bool = False
) -> Iterator[Hit]:
    """Search a stretch of a file block by block; blocks overlap, so that nothing is cut in two."""
    begin, end = part
    for at in range(begin, end, _BLOCK_BYTES):
        file.seek(max(begin, at - _OVERLAP))
        first = file.tell()
        data = file.read(min(at + _BLOCK_BYTES, end) - first)
        yield from (
            hit._replace(position=first + hit.position) for hit in search(data, needles, samples=samples)
        )


def _recording(
    file: BinaryIO, layout: Layout, needles: Sequence[Needle], size: int
) -> Iterator[tuple[Hit, str]]:
    records = layout.records
    begin, end = records.first_byte, records.first_byte + records.n_records * records.record_bytes
    yield from _header(layout, needles)
    declared = 256 * (len(layout.signals) + 1)
    for hit in _search_part(file, (declared, begin), needles):
        yield hit, "padding after the header"
    is_note = [is_notes(signal["label"]) for signal in layout.signals]
    for hit in _search_part(file, (begin, end), needles, samples=True):
        record, offset = divmod(hit.position - begin, records.record_bytes)
        column = next(i for i, (_, stop) in enumerate(records.columns) if offset < stop)
        place = "annotations" if is_note[column] else f"samples of channel {column + 1}"
        yield hit, f"{place}, record {record + 1}"
    for column in (i for i, note in enumerate(is_note) if note):
        yield from _annotations(layout, column, needles)
    for hit in _search_part(file, (end, size), needles):
        yield hit, "padding after the records"


def _annotations(layout: Layout, column: int, needles: Sequence[Needle]) -> Iterator[tuple[Hit, str]]:
    """Search every byte of an annotation track; a record that holds only its time is passed over."""
    records = layout.records
    for record in range(records.n_records):
        raw = records.bytes_of(column, record, record + 1).tobytes()
        if KEEPS_TIME.fullmatch(raw):
            continue
        begin = records.first_byte + record * records.record_bytes + records.columns[column][0]
        field = f"annotations, record {record + 1}"
        yield from ((hit._replace(position=begin + hit.position), field) for hit in search(raw, needles))
        if TAL.sub(b"", raw).strip(b"\0"):
            yield Hit("bytes that are no annotation", _PLAIN, begin), field
        for found in TAL.finditer(raw):
            for words in filter(None, found[3].split(b"\x14")):
                if words != REMOVED.encode() and not is_known_text(decoded(words)):
                    yield Hit("free text", _PLAIN, begin + found.start(3)), field


def _header(layout: Layout, needles: Sequence[Needle]) -> Iterator[tuple[Hit, str]]:
    """Search field by field, names also across fields; tell texts that are not made of known words."""
    shifted = _OUR_PATIENT.fullmatch(text(layout.fixed["patient"])) is not None
    expected = {"date", "time", "recording"} if shifted else {"time"}
    raw, begin = header_bytes(layout.fixed, layout.signals), 0
    for hit in search(raw, needles, samples=True):
        yield hit, field_at(layout, hit.position)
    while field := field_at(layout, begin):
        width = width_at(layout, begin)
        for hit in search(raw[begin : begin + width], needles):
            if hit.kind != "date" or field not in expected:
                yield hit._replace(position=begin + hit.position), field
        words = text(raw[begin : begin + width])
        if why := _suspicious(field, words):
            yield Hit(why, _PLAIN, begin), field
        begin += width


def _suspicious(field: str, words: str) -> str:
    """Why a field of the header needs a look, ``""`` where it holds nothing but what is known."""
    name = field.partition(",")[0]
    if not words or _OUR_FIELDS.get(field, _KNOWN.get(name, is_number_or_date))(words):
        return ""
    return f"{name} field" if field in ("patient", "recording") else "free text"


def is_number_or_date(words: str) -> bool:
    """Whether a field that should hold a number, a date or a time holds one."""
    return re.fullmatch(r"[\d.,:eE+\-/ ]*|.?BIOSEMI", words) is not None


_OUR_FIELDS: dict[str, Callable[[str], bool]] = {
    "patient": lambda words: bool(_OUR_PATIENT.fullmatch(words)) or not words.strip("X "),
    "recording": lambda words: bool(_OUR_RECORDING.fullmatch(words)),
    "reserved": lambda words: words in PLUS_NAMES,
}
_KNOWN: dict[str, Callable[[str], bool]] = {
    "label": lambda words: is_notes(words.encode()) or is_known_label(words),
    "transducer": is_known_transducer,
    "prefilter": is_known_prefilter,
    "unit": is_known_unit,
    "reserved": lambda words: not words,
}
