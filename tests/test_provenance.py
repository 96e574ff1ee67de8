"""Sidecars: what was written is told from what was changed, and nothing in a sidecar is believed."""

import hashlib
import hmac
import json
import subprocess
from pathlib import Path

import pytest
from edf_helpers import RawSignal, edf_bytes

from sleeplab.cli import main
from sleeplab.privacy import deidentify, new_key, read_key, record_deidentified
from sleeplab.provenance import PACKAGES, describe_run, hash_file, verify, write_sidecar


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "Quatremere.edf"
    path.write_bytes(b"night" * 1_000_000)  # more than one block
    return path


@pytest.fixture
def folder(tmp_path: Path, recording: Path) -> Path:
    """Two results and their sidecar."""
    out = tmp_path / "out"
    out.mkdir()
    results = [out / "report.html", out / "ledger.csv"]
    for path in results:
        path.write_text(f"content of {path.name}")
    run = describe_run({"recording": recording, "scoring": None}, parameters={"minutes": 10.0})
    write_sidecar(out / "provenance.json", run, results)
    return out


def states(folder: Path, **options: object) -> list[tuple[str, str]]:
    found = verify(folder, **options)  # type: ignore[arg-type]
    return list(found[["file", "state"]].itertuples(index=False, name=None))


def test_hashes_are_those_of_hashlib_and_of_the_system(recording: Path) -> None:
    data = recording.read_bytes()
    assert hash_file(recording) == hashlib.sha256(data).hexdigest()
    assert hash_file(recording, key=b"k" * 32) == hmac.new(b"k" * 32, data, "sha256").hexdigest()
    said = subprocess.run(["sha256sum", recording], capture_output=True, text=True, check=False)  # noqa: S607
    assert said.returncode or said.stdout.startswith(hash_file(recording))


def test_a_brainvision_header_stands_for_its_data(tmp_path: Path) -> None:
    header, data = tmp_path / "a.vhdr", tmp_path / "a.eeg"
    header.write_bytes(b"ab")
    data.write_bytes(b"c")
    assert hash_file(header) == hashlib.sha256(b"abc").hexdigest()


def test_the_sidecar_says_from_what_and_names_nobody(folder: Path, recording: Path) -> None:
    content = json.loads((folder / "provenance.json").read_text())
    assert content["inputs"] == {"recording": hashlib.sha256(recording.read_bytes()).hexdigest()}
    assert set(content["versions"]) == set(PACKAGES)
    assert content["parameters"] == {"minutes": 10.0}
    assert set(content["outputs"]) == {"report.html", "ledger.csv"}
    assert b"uatrem" not in (folder / "provenance.json").read_bytes()


def test_what_is_as_it_was_matches(folder: Path, recording: Path) -> None:
    assert states(folder) == []
    assert states(folder, inputs={"recording": recording}) == []


def test_one_bit_is_seen(folder: Path) -> None:
    data = bytearray((folder / "ledger.csv").read_bytes())
    data[3] ^= 1
    (folder / "ledger.csv").write_bytes(data)
    assert states(folder) == [("ledger.csv", "changed")]


def test_missing_and_added(folder: Path, recording: Path) -> None:
    (folder / "report.html").rename(folder / "report2.html")
    assert states(folder) == [("report.html", "missing"), ("report2.html", "added")]
    (folder / "report2.html").rename(folder / "report.html")
    (folder / "night.edf").write_bytes(recording.read_bytes())  # the input may lie beside its results
    assert states(folder) == []


def test_another_recording_is_told(folder: Path, recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-1] + b"!")
    assert states(folder, inputs={"recording": recording}) == [("recording", "another input")]
    assert states(folder, inputs={"scoring": recording}) == [("scoring", "another input")]


def test_a_sidecar_edited_by_hand_is_told(folder: Path) -> None:
    path = folder / "provenance.json"
    path.write_text(path.read_text().replace("10.0", "20.0"))
    assert states(folder) == [("provenance.json", "edited")]
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content))  # another layout says the same
    assert states(folder) == [("provenance.json", "edited")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: "no JSON {", "must be JSON"),
        (lambda _: "[" * 100_000, "must be JSON"),
        (lambda _: "[]", "must hold inputs, outputs, hash, seal"),
        (lambda content: json.dumps(content | {"outputs": []}), "must hold inputs"),
        (lambda content: json.dumps({k: v for k, v in content.items() if k != "seal"}), "must hold inputs"),
        (lambda content: json.dumps(content | {"outputs": {"ledger.csv": 3}}), "must name files beside it"),
        (lambda content: json.dumps(content | {"inputs": {"recording": []}}), "must name files beside it"),
        *[
            (
                lambda content, name=name: json.dumps(content | {"outputs": {name: "0" * 64}}),
                "must name files beside",
            )
            for name in ("../secret", "/etc/passwd", "a/b", "..", "", ".", "..\\secret", "C:\\secret")
        ],
    ],
)
def test_a_sidecar_is_not_believed(folder: Path, change, message: str) -> None:
    path = folder / "provenance.json"
    path.write_text(change(json.loads(path.read_text())))
    with pytest.raises(ValueError, match=message) as caught:
        verify(folder)
    assert "secret" not in str(caught.value)


def test_a_huge_sidecar_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sleeplab.provenance._MOST_BYTES", 100)
    with pytest.raises(ValueError, match="must be small"):
        verify(folder)


def test_folders_in_folders(tmp_path: Path, folder: Path) -> None:
    (folder / "ledger.csv").write_text("changed")
    found = verify(tmp_path)
    assert found.to_numpy().tolist() == [["out", "ledger.csv", "changed"]]


def test_requests_that_cannot_be_met(tmp_path: Path, folder: Path, recording: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder at"):
        verify(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no sidecar"):
        verify(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="no file at"):
        verify(folder, inputs={"recording": tmp_path / "none"})
    with pytest.raises(ValueError, match="lie beside its 1 results"):
        write_sidecar(folder / "provenance.json", {}, [recording])
    with pytest.raises(ValueError, match="must be called"):
        write_sidecar(folder / "sidecar.json", {}, [])


def test_a_deidentified_night_has_a_keyed_sidecar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night, out, key = tmp_path / "Quatremere.edf", tmp_path / "out", tmp_path / "key"
    header = {"patient": "4711 F 02-MAR-1951 Quatremere"}
    night.write_bytes(edf_bytes([RawSignal("Smith", [0] * 100)], n_records=1, header=header))
    new_key(key)
    keep = ["sex", "Smith"]
    done = deidentify(night, out, key=key, keep=keep)
    sidecar = record_deidentified([done], night, key=key, keep=keep)
    content = json.loads(sidecar.read_text())
    expected = hmac.new(read_key(key), night.read_bytes(), "sha256").hexdigest()
    assert content["inputs"] == {"recording": expected}
    assert (content["parameters"]["kept"], content["parameters"]["texts_allowed"]) == (["sex"], 1)
    for secret in ("uatremere", "4711", "Smith", key.read_text().strip(), hash_file(night)):
        assert secret not in sidecar.read_text()
    assert states(out) == []
    assert states(out, inputs={"recording": night}, key=read_key(key)) == []
    with pytest.raises(ValueError, match="Give the key that made them"):
        verify(out, inputs={"recording": night})
    assert main(["verify", str(out), "--recording", str(night), "--key", str(key)]) == 0
    assert "as they were written, and made from the recording given" in capsys.readouterr().out


def test_the_command(folder: Path, recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(folder)]) == 0
    assert "All results are as they were written." in capsys.readouterr().out
    (folder / "ledger.csv").write_text("changed")
    assert main(["verify", str(folder), "--recording", str(recording)]) == 1
    said = capsys.readouterr().out
    assert "ledger.csv" in said
    assert "Not as sleeplab wrote it: 1." in said
    (folder / "provenance.json").write_text("{")
    assert main(["verify", str(folder)]) == 2
    assert "error: a sidecar must be JSON" in capsys.readouterr().err
    assert main(["verify", str(folder / "none")]) == 2
    assert "no folder at" in capsys.readouterr().err
