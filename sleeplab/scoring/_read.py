"""Which format a file has, from its content."""

import contextlib
import json
from datetime import datetime
from pathlib import Path

from sleeplab.datasets import locate
from sleeplab.scoring._clock import parse_clock
from sleeplab.scoring._edf import is_edf, read_edf
from sleeplab.scoring._lists import is_dreams, read_dod, read_dreams, read_plain
from sleeplab.scoring._luna import is_luna, read_luna
from sleeplab.scoring._model import START_KEY, Source
from sleeplab.scoring._noxturnal import is_noxturnal, read_noxturnal
from sleeplab.scoring._table import read_table
from sleeplab.scoring._xml import read_xml

FORMATS = (
    "EDF+ annotations, Noxturnal CSV, Profusion XML, NSRR XML, DOD JSON, DREAMS text, Luna .annot, "
    "BIDS events.tsv, a CSV with a stage column, or text with one stage per line"
)
XML_STARTS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\x00", b"\xfe\xff\x00<")


def read_source(path: Path) -> Source:
    """Recognise and read the file.

    Raises
    ------
    FileNotFoundError, ValueError
    """
    path = locate(path)
    if not path.is_file():
        msg = f"no scoring at {path}. Check the spelling of the path."
        raise FileNotFoundError(msg)
    with path.open("rb") as file:
        head = file.read(256)
    if is_edf(head):
        return read_edf(path)
    data = path.read_bytes()
    if head.startswith(XML_STARTS):
        return read_xml(data)
    text = decode(data)
    if not text.strip():
        msg = f"a scoring must hold stages or events; this file is empty ({len(data)} bytes)."
        raise ValueError(msg)
    source = _read_text(text)
    if source is None:
        msg = f"a scoring must be {FORMATS}; these {len(data)} bytes are none. Export it as one of them."
        raise ValueError(msg)
    return source if source.start else source._replace(start=_sidecar_start(path))


def _sidecar_start(path: Path) -> datetime | None:
    """Clock that our BIDS files have in the ``.json`` beside."""
    sidecar = path.with_suffix(".json")
    if path.suffix.lower() != ".tsv" or not sidecar.is_file():
        return None
    with contextlib.suppress(ValueError, AttributeError, TypeError):
        return parse_clock(json.loads(sidecar.read_bytes()).get(START_KEY, ""))
    return None


def _read_text(text: str) -> Source | None:
    if is_dreams(text):
        return read_dreams(text)
    if text.lstrip().startswith(("[", "{")):
        return read_dod(text)
    if is_noxturnal(text):
        return read_noxturnal(text)
    if is_luna(text):
        return read_luna(text)
    return read_table(text) or read_plain(text)


def decode(data: bytes) -> str:
    """Text in UTF-16 or UTF-8, with or without a byte-order mark, else in Windows' Western code page.

    Examples
    --------
    >>> [decode("Éveil".encode(encoding)) for encoding in ("utf-16", "utf-16-le", "utf-8", "cp1252")]
    ['Éveil', 'Éveil', 'Éveil', 'Éveil']
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data[1:100:2].count(0) * 3 > len(data[1:100:2]):  # every second byte of Western UTF-16 is 0
        encodings = ["utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    msg = f"a text must be UTF-16, UTF-8 or Windows-1252; these {len(data)} bytes are not. Save it as UTF-8."
    raise ValueError(msg)
