"""What a cohort's folder holds, and how it gets there: beside first, then renamed.

``nights/`` has one archive per finished night, named after the night and its settings. It is the only state:
a night whose archive is whole is finished, whatever happened to the command, the workers or the machine. All
Parquet tables are made from the archives and can be made again.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sleeplab.cohort._schemas import DATASETS, arrow_schema

NIGHTS_PER_GROUP = 64
"""Nights that share a row group: few enough to be held in memory, enough that a reader is not slowed down."""
_STALE_S = 3600
_DATE = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever the archive is written


class Store:
    """The folder of a cohort.

    Parameters
    ----------
    folder : pathlib.Path
        Made where it does not exist.

    Raises
    ------
    OSError
        If it cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        from sleeplab.flow import check_writable

        check_writable(folder)
        self.folder = folder
        self.nights = folder / "nights"
        self.nights.mkdir(parents=True, exist_ok=True)
        for left in (*self.nights.glob(".part-*"), *folder.glob(".part-*")):  # by a command that was killed
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > _STALE_S:
                    left.unlink()

    def path(self, key: str) -> Path:
        """Return where the archive of a night is."""
        return self.nights / f"{key}.zip"

    def report_path(self, night_id: str) -> Path:
        """Return where the page of a night is."""
        return self.folder / "reports" / f"{night_id}.html"

    def is_finished(self, key: str, *, with_report: bool = False) -> bool:
        """Whether the archive of a night is there and whole, and its page where one is wanted."""
        if with_report and not self.report_path(key.partition("-")[0]).is_file():
            return False
        try:
            with zipfile.ZipFile(self.path(key)) as archive:
                return set(archive.namelist()) == {f"{name}.arrow" for name in (*DATASETS, "nights")}
        except (OSError, zipfile.BadZipFile):
            return False

    def write_night(self, key: str, packed: bytes, report: str = "") -> None:
        """Keep a packed night; its page first, so that a finished night has all that was asked for."""
        if report:
            path = self.report_path(key.partition("-")[0])
            path.parent.mkdir(exist_ok=True)
            with _beside(path) as file:
                file.write(report.encode())
        with _beside(self.path(key)) as file:
            file.write(packed)

    def read_night(self, key: str, name: str) -> Any:
        """Return one Arrow table of a finished night."""
        import pyarrow as pa

        with zipfile.ZipFile(self.path(key)) as archive:
            return pa.ipc.open_file(pa.BufferReader(archive.read(f"{name}.arrow"))).read_all()

    def write_table(self, table: Any, name: str) -> Path:
        """Write one Parquet file of the cohort, such as ``nights``."""
        return write_parquet(table, self.folder / f"{name}.parquet")

    def gather(self, keys: Iterable[str]) -> None:
        """Make the data sets from the archives of these nights, and of no others.

        Each has up to 16 files, one per first digit of the pseudonym, so that few files hold many nights.
        A part that already holds exactly its nights is left as it is.
        """
        parts: dict[str, list[str]] = {}
        for key in sorted(keys):
            parts.setdefault(key[0], []).append(key)
        for name in DATASETS:
            wanted = {
                self.folder / name / f"part=p{part}" / "nights.parquet": own for part, own in parts.items()
            }
            for old in (self.folder / name).glob("part=*/nights.parquet"):
                if old not in wanted:
                    old.unlink()
                    old.parent.rmdir()
            for path, own in wanted.items():
                self._gather_part(path, name, own)

    def _gather_part(self, path: Path, name: str, keys: Sequence[str]) -> None:
        """Write one part of a data set, its nights in the order of their names."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        mark = ",".join(keys).encode()
        if path.is_file() and (pq.read_schema(path).metadata or {}).get(b"nights") == mark:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = arrow_schema(name).with_metadata({b"nights": mark})
        with _beside(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for first in range(0, len(keys), NIGHTS_PER_GROUP):
                own = [self.read_night(key, name) for key in keys[first : first + NIGHTS_PER_GROUP]]
                writer.write_table(pa.concat_tables(own).cast(schema))


def pack(tables: Mapping[str, Any]) -> bytes:
    """Make the archive of a night from its Arrow tables: the same bytes for the same tables.

    Arrow's own format, because the command opens every archive when it makes the data sets: a table of few
    rows and many columns is read three times as fast as from Parquet, and takes the same room.
    """
    import pyarrow as pa

    packed = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with zipfile.ZipFile(packed, "w") as archive:
        for name, table in sorted(tables.items()):
            buffer = io.BytesIO()
            with pa.ipc.new_file(buffer, table.schema, options=options) as writer:
                writer.write_table(table)
            archive.writestr(zipfile.ZipInfo(f"{name}.arrow", _DATE), buffer.getvalue())
    return packed.getvalue()


def write_parquet(table: Any, path: Path) -> Path:
    """Write an Arrow table as one file, beside its place first."""
    import pyarrow.parquet as pq

    with _beside(path) as file:
        pq.write_table(table, file, compression="zstd")
    return path


@contextmanager
def _beside(path: Path) -> Iterator[Any]:
    """Open a file beside its place; it comes there, safely on disk, when the block ends well."""
    handle, name = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
