"""Data sets: a server on this computer that fails in every way, a folder as mirror, simulated subjects."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from sleeplab import datasets, recording, scoring, simulate
from sleeplab.cli import main
from sleeplab.datasets import _download, _registry, _trust
from sleeplab.datasets._files import choose_files, known_files

NIGHT = np.random.default_rng(0).bytes(500_000)
STAGES = b"the expert's scoring of this night"
ANSWER_S = 0.4  # the time-out of these tests
CARDS = Path(__file__).parents[1] / "datasets"


def sums_of(files: dict[str, bytes]) -> bytes:
    """Return what `sha256sum` prints, by an implementation that is not ours."""
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()).encode()


class Server:
    """Serves ``files`` and fails as told: the faults that a test switches on."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[tuple[str, str]] = []  # path and Range of each request
        self.break_after: list[int] = []  # bytes after which each of the next answers breaks off
        self.ignores_range = False
        self.wrong_range = False
        self.status = 0
        self.silent_s = 0.0
        self.silent_after = 0
        self.tag = ""
        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.httpd.server_port}"

    def handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                server.answer(self)

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0].lstrip("/")
        self.asked.append((request.path.lstrip("/"), request.headers.get("Range", "")))
        data = self.files.get(path, b"")
        status = self.status or (200 if path in self.files else 404)
        if status != 200:
            request.send_error(status)
            return
        begin = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        same = request.headers.get("If-Range", self.tag) == self.tag
        if wanted and same and not self.ignores_range:
            begin = int(wanted[1])
        if begin >= len(data) > 0:
            request.send_error(416)
            return
        request.send_response(206 if begin else 200)
        if begin:
            shift = 7 if self.wrong_range else 0
            request.send_header("Content-Range", f"bytes {begin - shift}-{len(data) - 1}/{len(data)}")
        if self.tag:
            request.send_header("ETag", self.tag)
        request.send_header("Content-Length", str(len(data) - begin))
        request.end_headers()
        self.send(request, data[begin:])

    def send(self, request: BaseHTTPRequestHandler, data: bytes) -> None:
        stop = self.break_after.pop(0) if self.break_after else len(data)
        if self.silent_s:
            request.wfile.write(data[: self.silent_after])
            request.wfile.flush()
            time.sleep(self.silent_s)
            return
        request.wfile.write(data[:stop])


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Start a mirror on this computer, with an empty data folder; stop it after the test."""
    nights = {"sleep-cassette/SC4001E0-PSG.edf": NIGHT, "sleep-cassette/SC4001EC-Hypnogram.edf": STAGES}
    files = nights | {"SHA256SUMS.txt": sums_of(nights)}
    files = {f"sleep-edf/{name}": data for name, data in files.items()}
    served = Server(files | {"dreams/DatabaseREMs.rar": NIGHT, "dreams/DatabaseSpindles.rar": NIGHT})
    monkeypatch.setenv("SLEEPLAB_MIRROR", served.url)
    monkeypatch.setenv("SLEEPLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(_download, "TIMEOUT_S", ANSWER_S)
    thread = threading.Thread(target=served.httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.httpd.shutdown()
    served.httpd.server_close()
    thread.join()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


PSG = "sleep-edf/sleep-cassette/SC4001E0-PSG.edf"


def fetch_psg() -> Path:
    return datasets.fetch_dataset("sleep-edf", subjects=["SC4001E0"])[0]


def files_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


# --- a download that goes well ---


def test_a_subject_is_fetched_verified_and_not_twice(server: Server, data: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    paths = datasets.fetch_dataset("sleep-edf", subjects=["SC4001"], on_progress=lambda *a: seen.append(a))
    assert [p.read_bytes() for p in paths] == [NIGHT, STAGES]
    assert seen[-2] == ("sleep-cassette/SC4001E0-PSG.edf", len(NIGHT), len(NIGHT))
    assert len(server.asked) == 3  # the list and two files
    assert datasets.fetch_dataset("sleep-edf", subjects=["SC4001"]) == paths
    assert len(server.asked) == 3
    assert not [name for name in files_in(data) if name.endswith(".part")]


def test_name_of_a_file_works_as_a_path_and_needs_no_network_later(server: Server, data: Path) -> None:
    path = datasets.locate("sleep-edf:SC4001E0-PSG.edf")
    assert path == data / PSG
    assert path.read_bytes() == NIGHT
    server.status = 500
    assert datasets.locate("sleep-edf:sleep-cassette/SC4001E0-PSG.edf") == path
    with pytest.raises(ValueError, match=r"it has no 'SC9999E0-PSG\.edf'"):
        datasets.locate("sleep-edf:SC9999E0-PSG.edf")


@pytest.mark.usefixtures("server")
def test_a_filled_folder_is_a_mirror(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stick = tmp_path / "usb stick"
    datasets.fetch_dataset("sleep-edf", subjects=["SC4001E0"], to=stick)
    assert files_in(stick) == {PSG, "sleep-edf/SHA256SUMS.txt"}
    monkeypatch.setenv("SLEEPLAB_MIRROR", str(stick))
    assert fetch_psg().read_bytes() == NIGHT
    assert fetch_psg().is_relative_to(data)
    with pytest.raises(FileNotFoundError, match="SLEEPLAB_MIRROR must hold sleep-cassette/SC4001EC"):
        datasets.fetch_dataset("sleep-edf", subjects=["SC4001EC"])


def test_token_of_a_mirror_is_used_and_never_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLEEPLAB_MIRROR", f"{server.url}/?sig=SECRET")
    fetch_psg()
    assert all(path.endswith("?sig=SECRET") for path, _ in server.asked)
    server.status = 403
    with pytest.raises(ConnectionError, match="answered with error 403") as caught:
        datasets.fetch_dataset("sleep-edf", subjects=["SC4001EC"])
    assert "SECRET" not in str(caught.value)


def test_without_a_mirror_the_source_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLEEPLAB_MIRROR")
    own = _registry.Dataset("mine", "", "", "", "", download=True, base_url=f"{server.url}/dreams/")
    own = _registry.Dataset(**{**vars(own), "files": {"DatabaseREMs.rar": ""}})
    known = _registry.Registry({"mine": own}, {})
    monkeypatch.setattr(datasets, "registry", lambda: known)
    monkeypatch.setattr(datasets, "find_dataset", lambda name: known.datasets[name])
    assert datasets.fetch_dataset("mine")[0].read_bytes() == NIGHT
    assert server.asked == [("dreams/DatabaseREMs.rar", "")]


# --- a connection that breaks ---


def test_broken_download_is_continued_within_a_call(server: Server) -> None:
    known_files(_registry.find_dataset("sleep-edf"), datasets.data_folder())
    server.break_after = [200_000, 150_000]
    assert fetch_psg().read_bytes() == NIGHT
    begins = [int(asked[6:-1]) for path, asked in server.asked if path == PSG and asked]
    assert len(begins) == 2
    assert 0 < begins[0] <= 200_000 < begins[1] <= 350_000  # what came is not asked for again


def test_broken_download_is_continued_by_the_next_call(server: Server, data: Path) -> None:
    known_files(_registry.find_dataset("sleep-edf"), datasets.data_folder())
    server.break_after = [200_000, 0]
    with pytest.raises(ConnectionError, match=r"broke off.*is kept and continued.*simulated:anna"):
        fetch_psg()
    assert not (data / PSG).exists()
    kept = (data / f"{PSG}.part").stat().st_size
    assert kept > 100_000
    assert fetch_psg().read_bytes() == NIGHT
    assert server.asked[-1] == (PSG, f"bytes={kept}-")


def test_server_that_ignores_range_is_read_from_the_start(server: Server, data: Path) -> None:
    server.ignores_range = True
    (data / PSG).parent.mkdir(parents=True)
    (data / f"{PSG}.part").write_bytes(NIGHT[:1000])
    assert fetch_psg().read_bytes() == NIGHT


@pytest.mark.parametrize("kept", [NIGHT, NIGHT + b"more", b"another file's beginning"])
def test_wrong_remains_do_no_harm(server: Server, data: Path, kept: bytes) -> None:
    (data / PSG).parent.mkdir(parents=True)
    (data / f"{PSG}.part").write_bytes(kept)
    if kept.startswith(b"another"):
        with pytest.raises(ValueError, match="has another"):
            fetch_psg()
    assert fetch_psg().read_bytes() == NIGHT
    assert server.asked


def test_answer_with_another_range_is_not_appended(server: Server, data: Path) -> None:
    server.wrong_range = True
    (data / PSG).parent.mkdir(parents=True)
    (data / f"{PSG}.part").write_bytes(NIGHT[:1000])
    assert fetch_psg().read_bytes() == NIGHT


def test_two_versions_are_not_joined(server: Server, data: Path) -> None:
    """No hash is known of this file, so that a mixture would be trusted."""
    rar = "dreams/DatabaseREMs.rar"
    server.tag, server.break_after = '"new"', [0]
    (data / rar).parent.mkdir(parents=True)
    (data / f"{rar}.part").write_bytes(b"old" * 1000)
    with pytest.raises(ConnectionError, match="broke off"):
        datasets.locate("dreams:DatabaseREMs.rar")
    server.break_after = [200_000]
    replaced = server.send

    def replace_then_send(request: BaseHTTPRequestHandler, content: bytes) -> None:
        replaced(request, content)
        server.tag, server.files[rar] = '"newer"', NIGHT[::-1]

    server.send = replace_then_send  # type: ignore[method-assign]
    assert datasets.locate("dreams:DatabaseREMs.rar").read_bytes() == NIGHT[::-1]


@pytest.mark.usefixtures("server")
def test_remains_of_a_file_without_known_hash_are_not_continued(data: Path) -> None:
    (data / "dreams").mkdir(parents=True)
    (data / "dreams" / "DatabaseREMs.rar.part").write_bytes(b"old" * 1000)
    assert datasets.locate("dreams:DatabaseREMs.rar").read_bytes() == NIGHT


def test_silent_server_is_given_up_with_its_name(server: Server, data: Path) -> None:
    known_files(_registry.find_dataset("sleep-edf"), datasets.data_folder())
    server.silent_s = 3 * ANSWER_S
    with pytest.raises(
        ConnectionError, match=r"127\.0\.0\.1 sent nothing for 0\.4 s while SC4001E0-PSG\.edf"
    ):
        fetch_psg()
    assert not (data / PSG).exists()


def test_server_that_falls_silent_is_asked_for_the_rest(server: Server) -> None:
    known_files(_registry.find_dataset("sleep-edf"), datasets.data_folder())
    server.silent_s, server.silent_after = 3 * ANSWER_S, 300_000
    assert fetch_psg().read_bytes() == NIGHT
    assert [path for path, _ in server.asked].count(PSG) == 2


def test_no_network_names_the_ways_out(server: Server, data: Path) -> None:
    server.httpd.server_close()  # nobody listens there any more
    with pytest.raises(ConnectionError, match=r"could not be reached.*SLEEPLAB_MIRROR.*simulated:anna"):
        fetch_psg()
    assert files_in(data) == set()


@pytest.mark.parametrize("status", [500, 503])
def test_error_of_the_server_is_told(server: Server, data: Path, status: int) -> None:
    server.status = status
    with pytest.raises(ConnectionError, match=f"answered with error {status} while SHA256SUMS.txt"):
        fetch_psg()
    assert files_in(data) == set()


def test_missing_file_is_told(server: Server, data: Path) -> None:
    del server.files[PSG]
    with pytest.raises(FileNotFoundError, match=r"127\.0\.0\.1 has no file SC4001E0-PSG\.edf \(404\)"):
        fetch_psg()
    assert not (data / PSG).exists()


# --- a file that is not what it should be ---


def test_other_bytes_than_listed_are_thrown_away(server: Server, data: Path) -> None:
    server.files[PSG] = NIGHT[:-1] + b"!"
    with pytest.raises(ValueError, match=r"must have the hash sha256:\w{64}, and has another.*thrown away"):
        fetch_psg()
    assert files_in(data) == {"sleep-edf/SHA256SUMS.txt", "trusted.json"}


def test_hash_of_the_registry_is_compared(server: Server, data: Path) -> None:
    with pytest.raises(ValueError, match="must have the hash md5:2f8a101194e133dd4324f21047dce579"):
        datasets.locate("dreams:DatabaseSpindles.rar")
    assert server.asked == [("dreams/DatabaseSpindles.rar", "")]
    assert files_in(data) == set()


def test_unknown_hash_is_trusted_once_and_recorded(server: Server, data: Path) -> None:
    path = datasets.locate("dreams:DatabaseREMs.rar")
    recorded = json.loads((data / "trusted.json").read_text())
    assert recorded == {"dreams/DatabaseREMs.rar": f"sha256:{hashlib.sha256(NIGHT).hexdigest()}"}
    path.unlink()
    server.files["dreams/DatabaseREMs.rar"] = b"something else"
    with pytest.raises(ValueError, match="has another"):
        datasets.locate("dreams:DatabaseREMs.rar")
    assert not path.exists()
    path.write_bytes(b"put here by somebody")
    with pytest.raises(ValueError, match="it was changed or damaged"):
        datasets.locate("dreams:DatabaseREMs.rar")
    assert path.read_bytes() == b"put here by somebody"  # never written over


def test_record_counts_for_other_folders_too(server: Server, tmp_path: Path) -> None:
    datasets.locate("dreams:DatabaseREMs.rar")
    server.files["dreams/DatabaseREMs.rar"] = b"something else"
    with pytest.raises(ValueError, match="has another"):
        datasets.fetch_dataset("dreams", subjects=["DatabaseREMs"], to=tmp_path / "stick")


def test_damaged_record_is_told(server: Server, data: Path) -> None:
    datasets.locate("dreams:DatabaseREMs.rar")
    (data / "trusted.json").write_text("{")
    with pytest.raises(ValueError, match="must be JSON, and it is damaged"):
        datasets.locate("dreams:DatabaseREMs.rar")
    assert len(server.asked) == 1


@pytest.mark.parametrize("page", [b"\n<!DOCTYPE html><p>Welcome to the hotel", b"<HTML>Log in"])
def test_login_page_is_not_taken_for_data(server: Server, data: Path, page: bytes) -> None:
    server.files["sleep-edf/SHA256SUMS.txt"] = server.files["dreams/DatabaseREMs.rar"] = page
    for name in ("sleep-edf:SC4001E0-PSG.edf", "dreams:DatabaseREMs.rar"):
        with pytest.raises(ValueError, match="is a web page: does this network ask for a log-in"):
            datasets.locate(name)
    assert files_in(data) == set()


def test_list_without_hashes_is_refused(server: Server, data: Path) -> None:
    server.files["sleep-edf/SHA256SUMS.txt"] = b"see README\n"
    with pytest.raises(ValueError, match="must list hashes and names, and does not"):
        fetch_psg()
    assert files_in(data) == set()


def test_list_cannot_lead_out_of_the_folder() -> None:
    digest = "0" * 64
    names = ["../a", "/etc/a", "b/../../a", "C:\\a", "..\\a", "good/a b.edf", "./also.txt"]
    assert set(_trust.parse_sums("\n".join(f"{digest}  {name}" for name in names))) == {
        "good/a b.edf",
        "also.txt",
    }


# --- what is asked for ---


def test_subject_is_the_beginning_of_a_name_and_a_number_is_whole() -> None:
    cap = _registry.find_dataset("cap")
    files = ["n1.edf", "n1.txt", "n10.edf", "n2.edf", "deep/n1.edf.st"]
    assert choose_files(cap, files, ["n1"]) == ["n1.edf", "n1.txt", "deep/n1.edf.st"]
    assert choose_files(cap, files, ["n2", "n1.e", "n2"]) == ["n2.edf", "n1.edf", "deep/n1.edf.st"]
    with pytest.raises(ValueError, match=r"no file of cap begins with 'rbd1'\. There are 5: n1\.edf"):
        choose_files(cap, files, ["rbd1"])


def test_all_must_be_said_of_a_large_data_set(server: Server) -> None:
    with pytest.raises(ValueError, match=r"sleep-edf holds about 8\.1 GB\. .*--subjects all"):
        datasets.fetch_dataset("sleep-edf")
    assert not server.asked
    assert len(datasets.fetch_dataset("sleep-edf", subjects=["all"])) == 2


def test_what_no_program_can_fetch_says_how(server: Server, data: Path) -> None:
    with pytest.raises(ValueError, match=r"nsrr cannot be fetched.*Ask for access.*sleepdata\.org"):
        datasets.fetch_dataset("nsrr")
    with pytest.raises(ValueError, match="isruc cannot be fetched"):
        datasets.locate("isruc:1/1.edf")
    (data / "isruc" / "1").mkdir(parents=True)
    (data / "isruc" / "1" / "1.edf").write_bytes(b"by hand")
    assert datasets.locate("isruc:1/1.edf").read_bytes() == b"by hand"
    with pytest.raises(ValueError, match="a data set must be one of simulated, sleep-edf"):
        datasets.fetch_dataset("sleepedf")
    assert not server.asked


@pytest.mark.parametrize(
    "path", ["night.edf", "C:\\nights\\a.edf", "22:30.edf", "D:night.edf", "https://a/b"]
)
def test_path_stays_a_path(path: str) -> None:
    assert datasets.locate(path) == Path(path)
    assert datasets.locate(Path(path)) == Path(path)


# --- simulated subjects ---


@pytest.fixture(scope="module")
def simulated_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def nap(simulated_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLEEPLAB_DATA", str(simulated_data))
    return datasets.locate("simulated:nap")


def test_simulated_subject_is_the_night_of_its_seed(nap: Path, tmp_path: Path) -> None:
    known = simulate.write_simulated_edf(tmp_path / "night.edf", 9, age=35, hours=1.0)
    assert nap.read_bytes() == (tmp_path / "night.edf").read_bytes()
    hypnogram = scoring.read_hypnogram(datasets.locate("simulated:nap.hypnogram.csv"))
    assert hypnogram.hypno.tolist() == known.hypnogram.hypno.tolist()
    assert hypnogram.start == known.hypnogram.start
    assert hypnogram.scorer == "truth"
    events = scoring.read_events(datasets.locate("simulated:nap.truth.csv"))
    assert events["onset_s"].to_numpy() == pytest.approx(known.truth["onset_s"].to_numpy())
    assert recording.read_header(nap).duration_s == 3600


def test_names_work_where_paths_do(nap: Path) -> None:
    assert recording.read_header("simulated:nap").channels.equals(recording.read_header(nap).channels)
    assert recording.read_recording("simulated:nap", roles=["eeg"]).n_times == 360_000
    assert recording.night_id("simulated:nap") == recording.night_id(nap)
    assert next(recording.iter_blocks("simulated:nap", block_s=60)).n_times == 6000
    stages = scoring.read_hypnogram("simulated:nap.hypnogram.csv")
    assert len(scoring.align_hypnogram(stages, recording.read_recording("simulated:nap")).hypno) == 120
    assert len(scoring.read_events("simulated:nap.truth.csv"))


def test_simulated_night_is_made_once(nap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "write_simulated_edf", None)
    assert datasets.locate("simulated:nap") == nap
    assert datasets.fetch_dataset("simulated", subjects=["nap"])[0] == nap


def test_changed_generator_makes_a_new_night(
    nap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr("sleeplab.datasets._simulated._make", lambda *args: made.append(args))
    (tmp_path / "_night.py").write_text("another generator")
    monkeypatch.setattr(simulate, "__path__", [str(tmp_path)])
    assert datasets.locate("simulated:nap") != nap
    assert len(made) == 1


def test_interrupted_simulation_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path, *_: object, **__: object) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setenv("SLEEPLAB_DATA", str(tmp_path))
    monkeypatch.setattr(simulate, "write_simulated_edf", interrupted)
    with pytest.raises(KeyboardInterrupt):
        datasets.locate("simulated:nap")
    assert not list((tmp_path / "simulated").iterdir())


@pytest.mark.parametrize("name", ["nobody", "nap.mp3", "", "../nap"])
def test_unknown_subject_is_told_the_names(name: str) -> None:
    with pytest.raises(ValueError, match=r"a simulated subject must be one of nap, .*got '"):
        datasets.locate(f"simulated:{name}")


def test_subjects_can_be_simulated() -> None:
    subjects = datasets.subject_table().set_index("name")
    assert subjects["patient"].isin(simulate.PATIENTS).all()
    assert subjects["age"].between(15, 90).all()
    assert subjects["seed"].is_unique
    assert subjects.loc["nap", "hours"] == 1.0


# --- the registry and the cards ---


def test_every_data_set_has_a_card_that_agrees() -> None:
    table = datasets.dataset_table().set_index("name")
    assert {p.stem for p in CARDS.glob("*.md")} == {*table.index, "README", "PRIVACY"}
    for name, row in table.iterrows():
        card = (CARDS / f"{name}.md").read_text(encoding="utf-8")
        for heading in ("Who", "Recorded", "Licence", "Cite", "Get it", "Good for", "Not good for", "Size"):
            assert f"**{heading}**" in card, f"{name}: {heading}"
        assert row["page"] in card or name == "simulated"
        for doi in re.findall(r"doi:([^\s;,]+)", row["citation"]):
            assert doi in card, f"{name}: {doi}"


def test_registry_is_sound() -> None:
    for dataset in _registry.registry().datasets.values():
        assert dataset.download == bool(dataset.base_url)
        assert dataset.download == (not dataset.how)
        assert not dataset.download or bool(dataset.sums) != bool(dataset.files)
        assert not dataset.base_url or (
            dataset.base_url.startswith("https://") and dataset.base_url[-1] == "/"
        )
        for expected in dataset.files.values():
            assert re.fullmatch(r"|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", expected)


def test_yasa_knows_the_same_hashes() -> None:
    from yasa.fetchers import REGISTRY

    theirs = REGISTRY["sample"]["v1"]
    ours = _registry.find_dataset("yasa-sample")
    assert ours.base_url == f"{theirs['base_url']}/"
    assert ours.files == theirs["registry"]


# --- the command line and the flow ---


def test_fetch_prints_the_files(server: Server, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "sleep-edf", "--subjects", "SC4001"]) == 0
    shown = capsys.readouterr().out
    assert str(data / PSG) in shown
    assert "SHA256SUMS.txt" in shown  # its bar
    server.files[PSG] = b"lies"
    assert main(["fetch", "sleep-edf", "--subjects", "SC4001E0", "--to", str(data / "other")]) == 2
    assert capsys.readouterr().err.startswith("error: what came as sleep-edf/sleep-cassette/SC4001E0-PSG.edf")


def test_fetch_without_network_is_one_message(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.httpd.server_close()
    assert main(["report", "sleep-edf:SC4001E0-PSG.edf"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: 127.0.0.1 could not be reached")
    assert "Traceback" not in message


def test_datasets_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLEEPLAB_DATA", str(tmp_path))
    assert main(["datasets"]) == 0
    shown = capsys.readouterr().out
    for word in (*_registry.registry().datasets, *_registry.registry().subjects, tmp_path.name):
        assert word in shown


def test_names_are_shown_as_channels_and_go_through_the_flow(
    nap: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nap.exists()
    assert main(["channels", "simulated:nap"]) == 0
    assert "C4-M1" in capsys.readouterr().out
    truth = "simulated:nap.hypnogram.csv"
    assert main(["report", "simulated:nap", "--scoring", truth, "--out", str(tmp_path / "out")]) == 0
    assert "Agreement with the scoring" in capsys.readouterr().out
