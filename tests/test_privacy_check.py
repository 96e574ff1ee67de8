"""The search for what could tell who it is: it finds what is planted, where it is, and never quotes it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from edf_helpers import RawSignal, edf_bytes
from privacy_files import IDENTIFIERS, NAMES, NOTES, PLACES, plant

from sleeplab.cli import main
from sleeplab.privacy import check_identity, cohort_risk, deidentify, new_key, rare_groups, read_cohort

WORDS = "Quatremère"
FIELDS = {
    **dict.fromkeys([*NOTES, "between annotations", "record padding"], "annotations, record 3"),
    **{name: name for name in ("patient", "recording", "reserved", "file name")},
    **{name: f"{name}, channel 1" for name in ("transducer", "prefilter", "label", "unit")},
    "signal reserved": "reserved, channel 1",
    "after the header": "padding after the header",
    "after the records": "padding after the records",
}


def test_every_place_has_an_expected_field() -> None:
    assert set(FIELDS) == set(PLACES)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("place", [place for place in PLACES if place not in ("unit", "file name")])
def test_a_name_is_found_at_its_place(tmp_path: Path, place: str, encoding: str) -> None:
    words = "Zoë" if place == "label" else WORDS
    night = plant([(place, words, encoding)])
    path = night.write(tmp_path)
    found = check_identity([path], names=[words])
    named = found[found["kind"] == "name 1"]
    assert set(named["field"]) == {FIELDS[place]}
    at = night.data.index(words.encode(encoding))
    assert named["position"].tolist() == [at] or abs(named["position"].iloc[0] - at) <= 1


def test_the_file_name_is_searched(tmp_path: Path) -> None:
    path = plant([("file name", WORDS, "utf-8")]).write(tmp_path)
    found = check_identity([path], names=[WORDS])
    assert found.loc[found["kind"] == "name 1", ["field", "position"]].to_numpy().tolist() == [
        ["file name", -1]
    ]


def test_among_samples_a_long_name_is_found_and_numbers_are_not_looked_for(tmp_path: Path) -> None:
    text = b"  QUATREM\xc8RE 06 12 34 56 78  ".ljust(200)
    signal = RawSignal("EEG C3-M2", np.frombuffer(text, "<i2"), 100)
    path = tmp_path / "night.edf"
    path.write_bytes(edf_bytes([signal], n_records=1))
    found = check_identity([path], names=["Quatremère"])
    inside = found[found["position"] >= 512]
    assert inside[["kind", "field"]].to_numpy().tolist() == [["name 1", "samples of channel 1, record 1"]]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("né le 02/03/1951.", "date"),
        ("1951-03-02T00:00", ""),  # a letter follows: a time stamp of a machine is still a date
        ("2 mars 1951", "date"),
        ("02-MAR-1951", "date"),
        ("14 février 2020", "date"),
        ("14.03.20", "date"),
        ("Exemple_Anne_2024-05-02.edf", "date"),
        ("dossier_0612345678_nuit", "phone"),
        ("2 85 03 75 116 042 11", "number like a French NIR"),
        ("285037511604211", "number like a French NIR"),
        ("1 85 03 2A 116 042", "number like a French NIR"),
        ("06.71.82.93.05", "phone"),
        ("+33 6 71 82 93 05", "phone"),
        ("0033671829305", "phone"),
        ("e.q@example.org", "e-mail"),
        ("Device:992901397", "serial number"),
        ("S/N AB-123456", "serial number"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_numbers_and_dates(tmp_path: Path, text: str, kind: str, encoding: str) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes(f"x,{text},y\n".encode(encoding))
    kinds = set(check_identity([path])["kind"])
    assert kinds == {kind or "date"}


@pytest.mark.parametrize(
    "text",
    [
        "0.0612345678",
        "123.4,56.7,0.5",
        "12:30:45",
        "3.14159265358979",
        "1/2",
        "2020",
        "epoch 12 of 960",
        "1e-05",
    ],
)
def test_numbers_of_tables_are_not_persons(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    assert check_identity([path]).empty


@pytest.mark.parametrize(
    "written",
    [
        "QUATREMÈRE",
        "quatremere",
        "Quatrem\\u00e8re",
        "Quatrem%C3%A8re",
        "Quatrem&#232;re",
        "ELODIE^QUATREMERE",
    ],
)
def test_a_name_however_it_is_written(tmp_path: Path, written: str) -> None:
    path = tmp_path / "lesson.ipynb"
    path.write_text(f'{{"cell": "<b>{written}</b>"}}', encoding="utf-8")
    assert set(check_identity([path], names=["Élodie Quatremère"])["kind"]) == {"name 1"}


def test_a_word_that_contains_a_name_is_another_word(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("remarkable Marks")
    assert check_identity([path], names=["Mark"]).empty


def test_nothing_found_is_quoted(tmp_path: Path) -> None:
    paths = [
        plant([(place, NAMES[0], "utf-8")]).write(tmp_path / place.replace(" ", ""))
        for place in made(tmp_path)
    ]
    table = check_identity(paths, names=[NAMES[0]]).to_csv()
    assert "Quatrem" not in table
    assert "lodie" not in table


def made(folder: Path) -> list[str]:
    places = ["annotation", "patient", "file name"]
    for place in places:
        (folder / place.replace(" ", "")).mkdir()
    return places


def test_across_the_edge_of_two_blocks(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes((1 << 22) - 5) + b"Quatremere" + bytes(100))
    assert check_identity([path], names=["Quatremère"])["position"].tolist() == [(1 << 22) - 5]


def test_packed_files_are_told(tmp_path: Path) -> None:
    for i, head in enumerate([b"\x89HDF", b"%PDF-1.7", b"\xfd7zXZ\0"]):
        (tmp_path / f"{i}").write_bytes(head + bytes(50))
    found = check_identity([tmp_path / f"{i}" for i in range(3)])
    assert found["kind"].str.startswith("compressed or packed").tolist() == [True] * 3
    assert found["file"].tolist() == [1, 2, 3]


def test_what_was_deidentified_is_clean(tmp_path: Path) -> None:
    new_key(tmp_path / "key")
    where = [
        (p, IDENTIFIERS[i % len(IDENTIFIERS)], "utf-8")
        for i, p in enumerate(PLACES)
        if p != "after the header"
    ]
    source = plant(where).write(tmp_path)
    done = deidentify(source, tmp_path / "out", key=tmp_path / "key")
    assert check_identity([done.path], names=IDENTIFIERS).empty
    assert len(check_identity([source], names=IDENTIFIERS)) > len(where)


def test_bad_requests() -> None:
    with pytest.raises(ValueError, match="must have 3 letters; name 2 has 2"):
        check_identity([], names=["Smith", "Li"])
    with pytest.raises(FileNotFoundError, match="There is no file at"):
        check_identity(["none.edf"])


@pytest.mark.parametrize("patient", ["bcdfghjkmnpqrstv F 02-MAR-1951 Jane", "bcdfghjkmnpqrstv F X Jane"])
def test_a_pseudonym_does_not_cover_the_rest_of_the_field(tmp_path: Path, patient: str) -> None:
    path = tmp_path / "night.edf"
    path.write_bytes(
        edf_bytes([RawSignal(digital=np.zeros(100, int))], n_records=1, header={"patient": patient})
    )
    found = check_identity([path])
    assert {"patient field"} <= set(found["kind"])
    assert {"date"} <= set(found["kind"])  # then the dates are not taken to be shifted either


def test_a_cohort_is_counted_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cohort = pd.DataFrame(
        {
            "night_id": range(12),
            "age": [40.2] * 3 + [40.9] * 3 + [91.0] + [55.0] * 5,
            "sex": ["female"] * 7 + ["male"] * 5,
            "start": ["2020-03-14T22:15"] * 6 + ["2020-03-15T01:00"] * 6,
            "tst_min": 400.0,
        }
    )
    expected = [
        ["age × sex × start", 3, 1, 1, 8.3],
        ["sex × start", 3, 1, 1, 8.3],
        ["age × start", 3, 1, 1, 8.3],
        ["age × sex", 3, 1, 1, 8.3],
        ["age", 3, 1, 1, 8.3],
        ["sex", 2, 5, 0, 0.0],
        ["start", 2, 6, 0, 0.0],
    ]
    for write in (lambda path: cohort.to_csv(path, index=False), cohort.to_parquet):
        path = tmp_path / "nights"
        write(path)
        risk = cohort_risk(read_cohort(path))
        assert risk.to_numpy().tolist() == expected
        assert main(["check-identity", "--cohort", str(path)]) == 1
        said = capsys.readouterr().out
        assert "1 of 12 rows share age × sex × start with fewer than 4 others" in said
        assert "Not in the table: month, date, site, device" in said
        assert "EEG itself can identify" in said
    cohort[cohort["age"] != 91][["age", "sex"]].to_csv(path, index=False)
    assert main(["check-identity", "--cohort", str(path)]) == 0


def test_missing_values_are_a_group_of_their_own() -> None:
    risk = cohort_risk(pd.DataFrame({"age": pd.array([None] * 5 + [40], "Int64")}))
    assert risk.to_numpy().tolist() == [["age", 2, 1, 1, 16.7]]


def test_tables_that_are_no_cohort(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(FileNotFoundError, match="no table at"):
        read_cohort(tmp_path / "none.csv")
    path = tmp_path / "a.csv"
    path.write_text("name,tst_min\nQuatremere,1\n")
    with pytest.raises(ValueError, match="must have one of the columns age, sex"):
        read_cohort(path)
    path.write_bytes(b"PAR1 Quatremere")
    with pytest.raises(ValueError, match="must be CSV or Parquet") as caught:
        read_cohort(path)
    assert "uatremere" not in str(caught.value)
    assert main(["check-identity"]) == 2
    assert "something to search must be named" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_names_are_read_as_editors_save_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    (tmp_path / "names.txt").write_text("Hélène\n", encoding=encoding)
    (tmp_path / "page.html").write_text("<p>de la part de Hélène</p>", encoding="utf-8")
    assert main(["check-identity", str(tmp_path / "page.html"), "--names", str(tmp_path / "names.txt")]) == 1
    assert "name 1" in capsys.readouterr().out


def test_rare_groups() -> None:
    cohort = pd.DataFrame(
        {"age": [40] * 5 + [91, None, None], "sex": ["F"] * 5 + ["M", "F", "F"], "night": range(8)}
    )
    rare = rare_groups(cohort, ["age", "sex"])
    assert rare["count"].tolist() == [1, 2]
    assert rare_groups(cohort, ["age", "sex"], k=1).empty
    assert len(rare_groups(cohort, ["night"])) == len(cohort)
    for columns in ([], ["age", "device"]):
        with pytest.raises(ValueError, match="columns must be some of the cohort's"):
            rare_groups(cohort, columns)
