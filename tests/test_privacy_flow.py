"""Everything that the flow writes, from a recording full of identifiers: bytes searched for them."""

import csv
import logging
from pathlib import Path

import edfio
import numpy as np
import pytest
from edf_helpers import write_edf
from privacy_files import survivors

from sleeplab import flow, simulate
from sleeplab.privacy import check_identity

NAME, SERIAL, BORN, PHONE = "Élodie Quatremère", "SN2342817", "02-MAR-1951", "06 71 82 93 05"
PLANTED = [(words, words) for words in (NAME, SERIAL, BORN, PHONE)]


def planted_night(folder: Path, minutes: int, *, label: str = "") -> Path:
    """Write a simulated night; put identifiers into its name, header, annotations and after its records."""
    plain = folder / "plain.edf"
    simulate.write_simulated_edf(plain, seed=3, hours=minutes / 60)
    edf = edfio.read_edf(plain)
    edf.add_annotations([edfio.EdfAnnotation(60, 5, f"{NAME} tousse"), edfio.EdfAnnotation(90, None, PHONE)])
    edf.write(plain)
    data = bytearray(plain.read_bytes())
    n = int(data[252:256])
    data[8:88] = f"4711 F {BORN} {NAME}".encode().ljust(80)[:80]
    data[110:168] = f"{NAME} {SERIAL}".encode("latin-1").ljust(58)
    for offset, width in ((16, 80), (136, 80), (224, 32)):  # transducer, prefilter, reserved
        begin = 256 + offset * n
        data[begin : begin + width] = f"{NAME} {SERIAL}".encode().ljust(width)[:width]
    if label:
        last = 256 + 16 * (n - 2)  # the track before the annotations
        data[last : last + 16] = label.encode().ljust(16)[:16]
    path = folder / f"{NAME} {PHONE}.edf"
    path.write_bytes(bytes(data) + f"{NAME} {PHONE}".encode("utf-16-le"))
    return path


def scoring_of(folder: Path, minutes: int) -> Path:
    """Write a human scoring with the name of a person in its comments."""
    path = folder / f"scoring {NAME}.csv"
    rows = [f"{30 * i},30,Sleep stage N2,,{NAME}" for i in range(2 * minutes)]
    path.write_text(
        "\n".join(["onset,duration,description,channel,scorer", *rows, f"61,3,{NAME} tousse,,{NAME}"])
    )
    return path


@pytest.mark.slow
def test_nothing_that_the_flow_writes_names_the_person(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    night = planted_night(tmp_path, 10)
    assert len(survivors(night.read_bytes(), PLANTED)) == len(PLANTED)
    results = flow.process_night(night, scoring=scoring_of(tmp_path, 10))
    flow.write_results(results, tmp_path / "out")
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {"report.html", "ledger.csv", "worklist.csv", "findings.edf"} <= {path.name for path in written}
    for path in written:
        assert not survivors(path.read_bytes(), PLANTED), path.name
        assert not survivors(path.name.encode(), PLANTED)
    found = check_identity(written, names=[NAME, SERIAL, BORN])
    assert not found["kind"].str.startswith(("name", "phone", "number", "e-mail", "serial")).any()
    said = caplog.text + "".join(capsys.readouterr())
    assert not survivors(said.encode(), PLANTED)


@pytest.mark.parametrize("label", ["=EEG 1+1|calc", "EEG <script>x"])
def test_labels_are_neither_formulas_nor_tags(tmp_path: Path, label: str) -> None:
    night = tmp_path / "night.edf"
    noise = np.random.default_rng(0).normal(0, 20, 60 * 100)
    write_edf(night, {label: (noise, 100, "uV")})
    results = flow.process_night(night)
    assert results.recording.ch_names == [label]
    assert label in set(results.anomalies["ch_names"])
    flow.write_results(results, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>x" not in page
    for name in ("ledger.csv", "worklist.csv"):
        cells = csv.reader((tmp_path / "out" / name).read_text(encoding="utf-8").splitlines())
        assert not [cell for row in cells for cell in row if cell[:1] in ("=", "@", "+")]


def test_error_messages_do_not_name_the_person(tmp_path: Path) -> None:
    night = planted_night(tmp_path, 1)
    whole = night.read_bytes()
    n = int(whole[252:256])
    for damaged in (whole[:200], whole[: 256 * (n + 1) + 10], whole[:184] + b"x" * 72 + whole[256:]):
        night.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"must|header") as caught:
            flow.process_night(night)
        assert not survivors(str(caught.value).encode(), PLANTED)
