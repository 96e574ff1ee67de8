"""Recordings full of identifiers, and a search for them that knows nothing of sleeplab.

The bytes are put together from the published layout (doi:10.1016/0013-4694(92)90009-7) by `edf_bytes`, then
identifiers are written over fields that hold text, between annotations, and around the records.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from edf_helpers import RawSignal, edf_bytes, tal_digital

NAMES = (
    "Élodie Quatremère",
    "Thibault Wojciechowski",
    "Jean-Noël Fauchéry",
    "ZÜLEYHA ÖZTÜRK",
    "Maï Huỳnh",
    "Ngo Obrecht",
)
NUMBERS = (
    "2 85 03 75 116 042 11",
    "285037511604211",
    "06 71 82 93 05",
    "+33671829305",
    "IPP-00481516",
    "SN2342817",
)
OTHERS = ("e.quatremere@example.org", "02/03/1951", "12 rue des Glycines", "H:\\Quatremere\\nuit 2.edf")
IDENTIFIERS = (*NAMES, *NUMBERS, *OTHERS)
KNOWN_TEXTS = (
    "Sleep stage N2",
    "Arousal",
    "Micro-éveil@@C4-M1",
    "Désat",
    "Obstructive apnea|Obstructive Apnea",
)

# Where text can stand: name of the field -> (offset within the header of one signal, width).
SIGNAL_FIELDS = {
    "transducer": (16, 80),
    "unit": (96, 8),
    "prefilter": (136, 80),
    "signal reserved": (224, 32),
}
FIXED_FIELDS = {"patient": (8, 80), "recording": (88, 80), "reserved": (192, 44)}
AROUND = ("between annotations", "record padding", "after the header", "after the records", "file name")
NOTES = ("annotation", "annotation with known words", "annotation channel", "second annotation track")
PLACES = (*FIXED_FIELDS, *SIGNAL_FIELDS, "label", *NOTES, *AROUND)


@dataclass
class Planted:
    """A file, what was written into it and where, and its signals as bytes per record."""

    name: str
    data: bytes
    planted: list[tuple[str, str]]
    signal_bytes: list[bytes]

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        path.write_bytes(self.data)
        return path


def plant(where: Sequence[tuple[str, str, str]], *, kind: str = "EDF+C", seed: int = 0) -> Planted:
    """Make a recording of four records, three signals and two annotation tracks.

    `where` lists place, identifier, encoding; `kind` is ``EDF``, ``EDF+C``, ``EDF+D``, ``BDF`` or ``BDF+C``.
    """
    rng, n_records, width = np.random.default_rng(seed), 4, 240
    sample_bytes = 3 if kind.startswith("BDF") else 2
    low, high = (-(2**23), 2**23 - 1) if sample_bytes == 3 else (-(2**15), 2**15 - 1)
    at = {place: (identifier, encoding) for place, identifier, encoding in where}
    signals = [
        RawSignal(label, rng.integers(low, high, n_records * per), per, unit, (-3000, 3000), (low, high))
        for label, per, unit in (("EEG C3-M2", 100, "uV"), ("Audio", 60, "V"), ("SpO2", 2, "%"))
    ]
    notes = f"{kind[:3]} Annotations"
    for track in range(2):
        texts = [_record(at, record, track, kind) for record in range(n_records)]
        digital = tal_digital(texts, width, sample_bytes=sample_bytes)
        signals.append(RawSignal(notes, digital, width // sample_bytes, "", (-1, 1), (low, high)))
    if "label" in at:
        signals[0].label = fitted(*at["label"], 16)
    extra = fitted(*at["after the header"], 512) if "after the header" in at else b""
    header = {
        "version": b"\xffBIOSEMI" if sample_bytes == 3 else "0",
        "reserved": kind if "+" in kind else "",
        "header_bytes": 256 * (len(signals) + 1) + len(extra),
    }
    data = bytearray(edf_bytes(signals, n_records=n_records, header=header))
    size = 256 * (len(signals) + 1)
    before = {"patient": b"4711 F 02-MAR-1951 ", "recording": b"Startdate 14-MAR-2020 "}
    before["reserved"] = f"{kind} ".encode()
    for place in at:
        if place in FIXED_FIELDS:
            offset, room = FIXED_FIELDS[place]
            data[offset : offset + room] = before[place] + fitted(*at[place], room - len(before[place]))
        elif place in SIGNAL_FIELDS:
            offset, room = SIGNAL_FIELDS[place]
            begin = 256 + offset * len(signals)
            data[begin : begin + room] = fitted(*at[place], room)
    after = fitted(*at["after the records"], 300) if "after the records" in at else b""
    name = f"{at['file name'][0].replace('/', '-')}.edf" if "file name" in at else "night.edf"
    whole = bytes(data[:size]) + extra + bytes(data[size:]) + after
    return Planted(
        name.replace("\\", "-"),
        whole,
        [(place, identifier) for place, (identifier, _) in at.items()],
        [blocks(signals[i], n_records, sample_bytes) for i in (0, 2)],
    )


def _record(at: dict[str, tuple[str, str]], record: int, track: int, kind: str) -> bytes:
    onset = record + (10 if kind.endswith("D") and record > 1 else 0)
    raw = b"" if track else f"+{onset}\x14\x14\0".encode()
    if record != 2:
        return raw
    if track:
        return raw + (
            note(onset, raw_of(*at["second annotation track"])) if "second annotation track" in at else b""
        )
    raw += note(onset + 0.25, KNOWN_TEXTS[2].encode())
    if "between annotations" in at:
        raw += b"\x01" + fitted(*at["between annotations"], 40).strip() + b"\0"
    if "annotation" in at:
        raw += note(onset + 0.5, raw_of(*at["annotation"]))
    if "annotation with known words" in at:
        raw += note(onset + 0.5, b"Arousal|" + raw_of(*at["annotation with known words"]))
    if "annotation channel" in at:
        raw += note(onset + 0.75, b"Arousal@@" + raw_of(*at["annotation channel"]))
    if "record padding" in at:
        raw += b"\0\0" + fitted(*at["record padding"], 40).strip()
    return raw


def note(onset: float, words: bytes) -> bytes:
    """One annotation; bytes that separate annotations are taken out of the words."""
    return f"+{onset}\x150.5\x14".encode() + words.translate(None, b"\x14\x15") + b"\x14\0"


def raw_of(identifier: str, encoding: str) -> bytes:
    return identifier.encode(encoding, "replace")


def fitted(identifier: str, encoding: str, width: int) -> bytes:
    return raw_of(identifier, encoding)[:width].ljust(width)


def blocks(signal: RawSignal, n_records: int, n_bytes: int) -> bytes:
    samples = np.asarray(signal.digital).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :n_bytes]
    return samples.tobytes()


def column_bytes(data: bytes, column: int) -> bytes:
    """Bytes of one track, read from nothing but the layout."""
    n = int(data[252:256])
    sample_bytes = 3 if data[0] == 0xFF else 2
    sizes = [sample_bytes * int(data[256 + 216 * n + 8 * i :][:8]) for i in range(n)]
    body, record = data[256 * (n + 1) :], sum(sizes)
    begin = sum(sizes[:column])
    return b"".join(body[at + begin : at + begin + sizes[column]] for at in range(0, len(body), record))


def survivors(data: bytes, planted: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what of the planted is still there: whole, or a word of four signs, accents or not, any case."""
    folded = data.lower()
    return [
        (place, identifier)
        for place, identifier in planted
        if any(s in folded for s in spellings(identifier))
    ]


def spellings(identifier: str) -> set[bytes]:
    bare = "".join(c for c in unicodedata.normalize("NFKD", identifier) if not unicodedata.combining(c))
    found = set()
    for words in (identifier, bare, identifier.lower(), bare.lower()):
        for part in {words, *(w for w in words.replace("-", " ").replace("\\", " ").split() if len(w) > 3)}:
            for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
                found.add(part.encode(encoding, "replace").lower())
    return {spelling for spelling in found if b"?" not in spelling}
