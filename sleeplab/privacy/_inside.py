"""What a file holds inside: members of archives, cells of tables, texts of notebooks, notes in pictures.

Nothing is unpacked to disk, nothing is run, and what a file may grow to is bounded.
"""

from __future__ import annotations

import base64
import binascii
import html
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_BYTES = 1 << 28  # of one part, and of a file that is opened at all
_MOST_IN_ALL = 1 << 30
_MOST_MEMBERS = 10_000
_DEEPEST = 3
_MOST_CHUNKS = 1_000
_ROWS = 1 << 15
_ZLIB = re.compile(rb"\x00(?=\x78[\x01\x5e\x9c\xda])")
_PNG = b"\x89PNG\r\n\x1a\n"
_BASE64 = re.compile(rb"(?:data:[\w/+.\-]+;base64,)([A-Za-z0-9+/=\s]{24,})")
_ONLY_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{24,}={0,2}\s*")
_INLINE_TAG = re.compile(r"</?(?:b|i|u|em|strong|span|mark|a|sub|sup|font|wbr)\b[^>]*>|&shy;|\u00ad")
_DAMAGED = "packed text that is damaged: it cannot be searched"
TOO_LARGE = "too large to be opened: search it piece by piece"


class Part(NamedTuple):
    """Something inside a file: where, its bytes, why it could not be opened, whether to look deeper."""

    field: str
    data: bytes = b""
    problem: str = ""
    final: bool = False


class _Allowance:
    """How much may still be unpacked: a small file can hold a very large one."""

    def __init__(self) -> None:
        self.n_bytes = _MOST_IN_ALL

    def take(self, n_bytes: int) -> bool:
        self.n_bytes -= n_bytes
        return self.n_bytes >= 0


def parts_of(path: Path) -> Iterator[Part]:
    """Open a file as far as its format is known; nothing where it is a plain text or unknown."""
    with path.open("rb") as file:
        head = file.read(64)
    if head[:4] == b"PAR1":
        yield from _parquet(path)
    elif path.stat().st_size <= _MOST_BYTES:
        try:
            yield from _inside(path.read_bytes(), _Allowance(), 0)
        except RecursionError:
            yield Part("whole file", problem="nested too deeply to be opened")
    elif _opener(head):
        yield Part("whole file", problem=TOO_LARGE)


def _inside(data: bytes, allowance: _Allowance, depth: int) -> Iterator[Part]:
    opener = _opener(data[:64])
    if opener is None:
        return
    if depth > _DEEPEST:
        yield Part("whole file", problem=TOO_LARGE)
        return
    for part in opener(data, allowance):
        yield part
        for inner in () if part.final else _inside(part.data, allowance, depth + 1):
            yield inner._replace(field=f"{part.field}, {inner.field}")


def _opener(head: bytes) -> Callable[[bytes, _Allowance], Iterator[Part]] | None:
    begin = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _zip
    if head.startswith(b"\x1f\x8b"):
        return _gzip
    if head.startswith(_PNG):
        return _png
    if begin.startswith((b"{", b"[")):
        return _json
    return _page if begin.startswith(b"<") else None


def _zip(data: bytes, allowance: _Allowance) -> Iterator[Part]:
    """Read the members one by one in memory; their paths lead nowhere, since nothing is written."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield Part("archive, comment", archive.comment)
            members = archive.infolist()
            for number, member in enumerate(members[:_MOST_MEMBERS], start=1):
                yield Part(f"member {number}, name", member.filename.encode("utf-8", "replace"))
                yield Part(f"member {number}, notes", member.comment + member.extra)
                yield _member(archive, member, number, allowance)
            if len(members) > _MOST_MEMBERS:
                yield Part(f"members after {_MOST_MEMBERS}", problem=TOO_LARGE)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, struct.error):
        yield Part("archive", problem="archive that is damaged: it cannot be searched")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, number: int, allowance: _Allowance) -> Part:
    field = f"member {number}"
    if member.flag_bits & 1:
        return Part(field, problem="locked by a password: open and search it")
    try:
        with archive.open(member) as file:  # what the archive says of a size is not believed
            data = file.read(_MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError):
        return Part(field, problem="packed in a way that is not known, or damaged: open and search it")
    if len(data) > _MOST_BYTES or not allowance.take(len(data)):
        return Part(field, problem=TOO_LARGE)
    return Part(field, data)


def _gzip(data: bytes, allowance: _Allowance) -> Iterator[Part]:
    yield _inflated("unpacked", data, 31, allowance)


def _inflated(field: str, data: bytes, window: int, allowance: _Allowance) -> Part:
    unpack = zlib.decompressobj(window)
    try:
        out = unpack.decompress(data, _MOST_BYTES)
    except zlib.error:
        return Part(field, problem=_DAMAGED)
    if not unpack.eof and not unpack.unconsumed_tail:
        return Part(field, out, _DAMAGED)
    large = unpack.unconsumed_tail or not allowance.take(len(out))
    more = "more follows what is packed: open and search it" if unpack.unused_data else ""
    return Part(field, out, TOO_LARGE if large else more)


def _png(data: bytes, allowance: _Allowance) -> Iterator[Part]:
    """Read the notes of a picture (programs write names and dates there), not what it shows."""
    at = len(_PNG)
    for _ in range(_MOST_CHUNKS):
        if at + 8 > len(data):
            return
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        if kind in (b"tEXt", b"eXIf", b"tIME", b"iTXt", b"zTXt"):
            yield Part("note in a picture", body)
        if kind in (b"iTXt", b"zTXt"):
            for match in _ZLIB.finditer(body):
                yield _inflated("packed note in a picture", body[match.end() :], 15, allowance)
        at += 12 + size


def _json(data: bytes, allowance: _Allowance) -> Iterator[Part]:
    """Read every text and every key: as a file writes them, a line break hides the beginning of a name."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        yield from _texts(content, "JSON text", allowance)
        return
    yield from _texts({k: v for k, v in content.items() if k != "cells"}, "notebook metadata", allowance)
    for number, cell in enumerate(cells, start=1):
        for key, value in cell.items() if isinstance(cell, dict) else ():
            known = key if key in ("source", "outputs", "metadata", "attachments") else "other"
            yield from _texts({key: value}, f"cell {number}, {known}", allowance)


def _texts(value: Any, field: str, allowance: _Allowance) -> Iterator[Part]:
    if isinstance(value, str):
        yield Part(field, value.encode("utf-8", "replace"))
        if _ONLY_BASE64.fullmatch(value):
            yield from _decoded(value.encode("ascii", "replace"), field, allowance)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield Part(field, str(key).encode("utf-8", "replace"))
            yield from _texts(inner, field, allowance)
    elif isinstance(value, list):
        if all(isinstance(inner, str) for inner in value):  # lines of one text
            value = ["".join(value)]
        for inner in value:
            yield from _texts(inner, field, allowance)


def _decoded(words: bytes, field: str, allowance: _Allowance) -> Iterator[Part]:
    try:
        data = base64.b64decode(b"".join(words.split()), validate=True)
    except (binascii.Error, ValueError):
        return
    if allowance.take(len(data)) and _opener(data[:64]):
        yield Part(f"{field}, embedded file", b"" if data.startswith(_PNG) else data, final=True)
        yield from (part._replace(field=f"{field}, {part.field}") for part in _inside(data, allowance, 1))


def _page(data: bytes, allowance: _Allowance) -> Iterator[Part]:
    """Read a page as its reader sees it: entities decoded, tags within a word gone; and what is embedded."""
    for match in _BASE64.finditer(data):
        yield from _decoded(match[1], "embedded in the page", allowance)
    text = html.unescape(_INLINE_TAG.sub("", data.decode("utf-8", "replace")))
    yield Part("page as it is read", text.encode("utf-8", "replace"), final=True)


def _parquet(path: Path) -> Iterator[Part]:
    """Read names of columns, metadata (that of pandas, too) and values."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        yield Part("whole file", problem="Parquet, searched as bytes: install pyarrow to search its values")
        return
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            for key, value in (file.metadata.metadata or {}).items():
                if key != b"ARROW:schema":  # the schema once more, packed
                    yield Part("metadata", key + b" " + value)
                    yield from (p._replace(field="metadata") for p in _inside(value, _Allowance(), 1))
            for number, column in enumerate(schema, start=1):
                notes = b" ".join(x for pair in (column.metadata or {}).items() for x in pair)
                yield Part(f"column {number}, name", str(column).encode() + b" " + notes)
            for batch in file.iter_batches(_ROWS):
                for number, values in enumerate(batch.columns, start=1):
                    yield Part(f"column {number}, values", _words(values))
    except (pa.ArrowException, OSError, ValueError):
        yield Part("whole file", problem="Parquet that cannot be read: it is searched as bytes only")


def _words(values: pa.Array) -> bytes:
    """Write the values of a column as lines; numbers with a fraction are measurements and left out."""
    import pyarrow as pa

    if pa.types.is_floating(values.type) or pa.types.is_boolean(values.type):
        return b""
    found = (value if isinstance(value, bytes) else str(value).encode() for value in values.to_pylist())
    return b"\n".join(found)
