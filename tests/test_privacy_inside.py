"""What lies inside a file is searched: cells, members, notes in pictures; and nothing inside can do harm."""

import base64
import builtins
import gzip
import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sleeplab.privacy import check_identity

NAME = "Quatremère"


def found(path: Path) -> set[tuple[str, str]]:
    """Kinds and fields of what is found in a file."""
    table = check_identity([path], names=[NAME])
    assert NAME.encode() not in table.to_csv().encode()
    return set(table[["kind", "field"]].itertuples(index=False, name=None))


def named(path: Path) -> set[str]:
    return {field for kind, field in found(path) if kind == "name 1"}


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """Picture of one grey pixel with the chunks before its end, put together from the published layout."""
    pixel = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\x80"))]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in [*pixel, *chunks, (b"IEND", b"")]
    )
    return b"\x89PNG\r\n\x1a\n" + body


PACKED = zlib.compress(f"by {NAME}".encode())
NOTES = {
    "plain": (b"tEXt", f"Author\0{NAME}".encode("latin-1")),
    "packed": (b"zTXt", b"Author\0\0" + PACKED),
    "packed UTF-8": (b"iTXt", b"Author\0\1\0fr\0Auteur\0" + PACKED),
}


def notebook(**cell: Any) -> str:
    plain = {
        "cell_type": "code",
        "source": [],
        "outputs": [],
        "metadata": {},
        "execution_count": 1,
        "id": "a",
    }
    return json.dumps({"cells": [plain | cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def shown(kind: str, data: object) -> list[dict[str, object]]:
    return [{"output_type": "display_data", "metadata": {}, "data": {kind: data}}]


@pytest.mark.parametrize("note", NOTES)
def test_notes_in_pictures(tmp_path: Path, note: str) -> None:
    picture = png(NOTES[note])
    field = "note in a picture" if note == "plain" else "packed note in a picture"
    as_base64 = base64.b64encode(picture).decode()
    files = {
        "figure.png": picture,
        "report.html": f'<p><img src="data:image/png;base64,{as_base64}"></p>'.encode(),
        "lesson.ipynb": notebook(outputs=shown("image/png", as_base64 + "\n")).encode(),
    }
    where = {"figure.png": "", "report.html": "embedded in the page, ", "lesson.ipynb": "cell 1, outputs, "}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        assert f"{where[name]}{field}" in named(tmp_path / name), name


def test_a_clean_picture_is_clean(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).bytes(300_000)
    (tmp_path / "figure.png").write_bytes(png((b"IDAT", noise), (b"tEXt", b"Software\0Matplotlib")))
    assert check_identity([tmp_path / "figure.png"], names=["Ngo", "Eva", "Li Wu"]).empty


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        ({"source": ["# night of\n", f"{NAME}\n"]}, "cell 1, source"),
        ({"outputs": shown("text/plain", ["a\n", f"{NAME}\n"])}, "cell 1, outputs"),
        ({"outputs": shown("text/html", "<b>Quatrem</b>&egrave;re")}, "cell 1, outputs, page as it is read"),
        ({"metadata": {NAME: 1}}, "cell 1, metadata"),
        ({"attachments": {"a.png": {"image/png": NAME}}}, "cell 1, attachments"),
    ],
)
def test_notebooks(tmp_path: Path, cell: dict[str, object], field: str) -> None:
    path = tmp_path / "lesson.ipynb"
    path.write_text(notebook(**cell))
    assert field in named(path)


def test_a_line_break_as_json_writes_it_hides_no_name(tmp_path: Path) -> None:
    r"""In the bytes ``\nMark`` the letter n stands before the name."""
    path = tmp_path / "lesson.ipynb"
    path.write_text(notebook(source="x\nQuatremere"))
    assert named(path) == {"cell 1, source"}


def test_metadata_of_a_notebook(tmp_path: Path) -> None:
    path = tmp_path / "lesson.ipynb"
    content = json.loads(notebook()) | {"metadata": {"papermill": {"input_path": f"\n{NAME}.ipynb"}}}
    path.write_text(json.dumps(content))
    assert "notebook metadata" in named(path)


@pytest.mark.parametrize("written", ["Quatrem&egrave;re", "<b>Q</b>uatrem&#232;re", "Qua&shy;trem&#xe8;re"])
def test_pages_are_searched_as_they_are_read(tmp_path: Path, written: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><p>{written}</p>")
    assert "page as it is read" in named(path)


class TestParquet:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        pytest.importorskip("pyarrow")
        return tmp_path / "nights.parquet"

    @pytest.mark.parametrize("compression", ["snappy", "zstd", None])
    def test_values(self, path: Path, compression: str | None) -> None:
        table = pd.DataFrame({"night_id": ["a"] * 2000, "note": ["", NAME] * 1000, "x": 1.5})
        table.to_parquet(path, compression=compression)
        assert "column 2, values" in named(path)
        assert "column 1, values" not in named(path)

    @pytest.mark.parametrize(
        "column", [[b"Quatrem\xc3\xa8re"], [[NAME]], [{"who": NAME}], pd.Categorical([NAME])]
    )
    def test_values_of_every_type(self, path: Path, column: Any) -> None:
        pd.DataFrame({"x": column}).to_parquet(path)
        assert "column 1, values" in named(path)

    def test_numbers_and_dates(self, path: Path) -> None:
        pd.DataFrame({"n": [285037511604211], "d": [pd.Timestamp("1951-03-02")]}).to_parquet(path)
        assert {("number like a French NIR", "column 1, values"), ("date", "column 2, values")} <= found(path)

    def test_names_of_columns_and_the_metadata_of_pandas(self, path: Path) -> None:
        pd.DataFrame({f"power {NAME}": [1.0]}, index=pd.Index([1], name=f"of {NAME}")).to_parquet(path)
        assert {"column 1, name", "column 2, name", "metadata"} <= named(path)

    def test_metadata_that_somebody_added(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({"x": pa.array([1.0])}).replace_schema_metadata(
            {"by": json.dumps({"who": f"\n{NAME}"})}
        )
        pq.write_table(table, path)
        assert "metadata" in named(path)

    def test_a_table_of_features_is_clean(self, path: Path) -> None:
        rng = np.random.default_rng(0)
        pd.DataFrame(rng.normal(size=(2000, 20)), columns=[f"f{i}" for i in range(20)]).to_parquet(path)
        assert found(path) == set()

    def test_damaged(self, path: Path) -> None:
        path.write_bytes(b"PAR1 " + NAME.encode() + b" PAR1")
        assert {kind for kind, _ in found(path)} == {
            "Parquet that cannot be read: it is searched as bytes only",
            "name 1",
        }

    def test_without_pyarrow_its_bytes_are_searched_and_said_so(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pd.DataFrame({"note": [NAME]}).to_parquet(path, compression=None)
        plain = builtins.__import__

        def without(name: str, *args: Any, **kwargs: Any) -> Any:
            if name.partition(".")[0] == "pyarrow":
                raise ImportError(name)
            return plain(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", without)
        kinds = {kind for kind, _ in found(path)}
        assert kinds == {"Parquet, searched as bytes: install pyarrow to search its values", "name 1"}


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_hand_ins(tmp_path: Path) -> None:
    inner = zipped(**{"answers.ipynb": notebook(source=f"x\n{NAME}").encode()})
    path = tmp_path / "hand-in.zip"
    path.write_bytes(
        zipped(
            **{
                "a.txt": b"nothing",
                f"{NAME}.txt": b"",
                "inner.zip": inner,
                "b.gz": gzip.compress(NAME.encode()),
            }
        )
    )
    assert named(path) >= {"member 2, name", "member 3, member 1, cell 1, source", "member 4, unpacked"}


def test_a_recording_in_an_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hand-in.zip"
    path.write_bytes(zipped(**{"night.edf": b"0       " + b" " * 504}))
    assert ("recording in an archive: take it out and search it", "member 1") in found(path)


def test_no_archive_writes_or_climbs(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "hand-in.zip"
    path.write_bytes(zipped(**{"../../climbed.txt": NAME.encode(), "/etc/climbed": b"x"}))
    assert "member 1" in named(path)
    assert [p.name for p in tmp_path.rglob("*")] == ["in", "hand-in.zip"]


def test_bombs_are_told_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sleeplab.privacy._inside._MOST_BYTES", 100_000)
    monkeypatch.setattr("sleeplab.privacy._inside._MOST_IN_ALL", 250_000)
    large, told = bytes(1_000_000), ("too large to be opened: search it piece by piece",)
    files = {
        "one.zip": zipped(a=large),
        "sum.zip": zipped(**{f"{i}": bytes(90_000) for i in range(4)}),
        "a.gz": gzip.compress(large),
        "figure.png": png((b"zTXt", b"Author\0\0" + zlib.compress(large))),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        assert told[0] in {kind for kind, _ in found(tmp_path / name)}, name


def test_archives_in_archives_end(tmp_path: Path) -> None:
    data = NAME.encode()
    for _ in range(9):
        data = zipped(a=data)
    (tmp_path / "a.zip").write_bytes(data)
    assert {kind for kind, _ in found(tmp_path / "a.zip")} == {
        "too large to be opened: search it piece by piece"
    }


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sleeplab.privacy._inside._MOST_MEMBERS", 3)
    (tmp_path / "a.zip").write_bytes(zipped(**{f"{i}": b"x" for i in range(5)}))
    assert ("too large to be opened: search it piece by piece", "members after 3") in found(
        tmp_path / "a.zip"
    )


def test_locked_and_damaged_archives_are_told(tmp_path: Path) -> None:
    sound = zipped(a=b"x" * 100)
    locked = bytearray(sound)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        locked[sound.index(signature) + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(locked))
    (tmp_path / "damaged.zip").write_bytes(sound[:-30])
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"x" * 100)[:12] + b"\xff" * 20)
    kinds = [kind for name in ("locked.zip", "damaged.zip", "a.gz") for kind, _ in found(tmp_path / name)]
    assert kinds == [
        "locked by a password: open and search it",
        "archive that is damaged: it cannot be searched",
        "packed text that is damaged: it cannot be searched",
    ]


def test_json_that_nests_too_deeply_is_searched_as_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000 + f'"{NAME}"' + "]" * 100_000)
    assert "bytes" in named(path)
