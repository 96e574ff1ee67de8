"""A cohort from Azure Blob: twenty nights through a tiny cache, bytes counted on the wire, no key shown."""

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import fsspec
import pandas as pd
import pytest

pytest.importorskip("adlfs", reason="the extra packages for cohorts are not installed")

from sleeplab.recording import read_header
from sleeplab.simulate import write_simulated_edf

N_NIGHTS = 20
N_WORKERS = 2
NAMING_BYTES = 16 * 65536
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning"),
    pytest.mark.skipif(
        shutil.which("azurite-blob") is None,
        reason="azurite-blob is not on the PATH (npm install --global azurite)",
    ),
]


class Account(NamedTuple):
    """An emulated storage account behind a relay that counts what comes from it."""

    connection: str
    key: str
    received: list[int]


class Relay(threading.Thread):
    """Pass bytes between a port of ours and another; count those that come back."""

    def __init__(self, to: int, received: list[int]) -> None:
        super().__init__(daemon=True)
        self.to, self.received = to, received
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            blob = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self.passes, args=(client, blob, False), daemon=True).start()
            threading.Thread(target=self.passes, args=(blob, client, True), daemon=True).start()

    def passes(self, source: socket.socket, target: socket.socket, counted: bool) -> None:  # noqa: FBT001
        try:
            while chunk := source.recv(1 << 16):
                target.sendall(chunk)
                if counted:
                    self.received.append(len(chunk))
        except OSError:
            pass
        finally:
            for end in (source, target):
                end.close()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder, key = tmp_path_factory.mktemp("azurite"), base64.b64encode(os.urandom(64)).decode()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder), "--silent"]
    azurite = subprocess.Popen(
        [shutil.which("azurite-blob"), *options, "--disableTelemetry", "--skipApiVersionCheck"],
        env=os.environ | {"AZURITE_ACCOUNTS": f"devstoreaccount1:{key}"},
        stdout=subprocess.DEVNULL,
    )
    received: list[int] = []
    relay = Relay(port, received)
    try:
        end = time.monotonic() + 60
        while not answers(port):
            assert time.monotonic() < end, "azurite did not start"
            time.sleep(0.2)
        relay.start()
        endpoint = f"BlobEndpoint=http://127.0.0.1:{relay.port}/devstoreaccount1"
        connection = (
            f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={key};{endpoint};"
        )
        yield Account(connection, key, received)
    finally:
        relay.server.close()
        azurite.kill()
        azurite.wait()


@pytest.fixture(scope="module")
def archive(account: Account, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """Twenty nights and one torn file in a container; the sizes of the nights."""
    folder, sizes = tmp_path_factory.mktemp("nights"), []
    fs = fsspec.filesystem("abfs", connection_string=account.connection, skip_instance_cache=True)
    fs.mkdir("archive")
    for seed in range(N_NIGHTS):
        path = folder / "night.edf"
        write_simulated_edf(path, seed, hours=0.11)
        fs.put_file(str(path), f"archive/ward {seed % 3}/Jeanne DUPONT {seed}.edf")
        sizes.append(path.stat().st_size)
    assert read_header(path).channels["problem"].eq("").all()
    path.write_bytes(path.read_bytes()[:2000])
    fs.put_file(str(path), "archive/torn.edf")
    return sizes


class Watch(threading.Thread):
    """Note the largest size of a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.most, self.over = folder, 0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.02):
            with contextlib.suppress(FileNotFoundError):  # a file or its folder went while we looked
                sizes = [path.stat().st_blocks * 512 for path in self.folder.glob("sleeplab-*/*.edf")]
                self.most = max(self.most, sum(sizes))


def test_twenty_nights_pass_through_a_cache_of_one_per_worker(
    account: Account, archive: list[int], tmp_path: Path
) -> None:
    cache, out = tmp_path / "cache", tmp_path / "out"
    cache.mkdir()
    watch = Watch(cache)
    watch.start()
    account.received.clear()
    first = run(account, cache, out)
    watch.over.set()
    watch.join()
    text = first.stdout + first.stderr
    assert first.returncode == 1, text
    assert f"{N_NIGHTS} nights computed, 0 finished" in text
    assert "abfs://archive/torn.edf" in text, "the user's own screen names the file"
    transferred, needed = sum(account.received), sum(archive)
    assert needed <= transferred <= 1.03 * (needed + (N_NIGHTS + 1) * NAMING_BYTES)
    assert max(archive) <= watch.most <= 1.01 * N_WORKERS * max(archive)
    assert list(cache.glob("sleeplab-*")) == []
    assert len(pd.read_parquet(out / "nights.parquet")) == N_NIGHTS
    secret = account.key.encode()
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        content = path.read_bytes()
        assert secret not in content, path.name
        assert b"DUPONT" not in content, path.name
    assert account.key not in text

    account.received.clear()
    again = run(account, cache, out)
    assert f"0 nights computed, {N_NIGHTS} finished" in again.stdout
    assert sum(account.received) <= 1.1 * (N_NIGHTS + 2) * NAMING_BYTES, (
        "only what names a night is asked again"
    )


def run(account: Account, cache: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [
        "cohort",
        "abfs://archive",
        "--out",
        str(out),
        "--workers",
        str(N_WORKERS),
        "--cache-gb",
        "0.004",
    ]
    environment = os.environ | {
        "AZURE_STORAGE_CONNECTION_STRING": account.connection,
        "TMPDIR": str(cache),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "sleeplab", *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def test_a_wrong_key_is_told_without_any_key(account: Account, archive: list[int], tmp_path: Path) -> None:
    wrong = base64.b64encode(b"x" * 64).decode()
    other = account._replace(connection=account.connection.replace(account.key, wrong))
    done = run(other, tmp_path, tmp_path / "out")
    assert done.returncode == 2
    assert "abfs://archive must be reachable, and it is not" in done.stderr
    for key in (wrong, account.key):
        assert key not in done.stdout + done.stderr
