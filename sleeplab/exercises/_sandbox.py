"""Start untrusted code with limits: time, memory, and no network where the system allows it.

What is isolated is said in SECURITY.md. Files are not: the code may read and write what its user may.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from sleeplab.exercises._run import CELL_STOPPED, TOO_MUCH_OUTPUT

_PROCESSES = ("--pid", "--fork", "--kill-child", "--mount-proc")
_NAMESPACES = (
    ("unshare", "--net", *_PROCESSES),
    ("unshare", "--user", "--map-root-user", "--net", *_PROCESSES),
)
_LOOK_EVERY_S = 0.3
_ENDS = {0: "", TOO_MUCH_OUTPUT: "output", CELL_STOPPED: "cell"}
_KEPT = ("PATH", "LANG", "SYSTEMROOT", "TEMP", "TMP", "SLEEPLAB_LANG", "SLEEPLAB_DATA")
_LARGEST_FILE_BYTES = 2_000_000_000
_ADDRESSES_PER_MEMORY = 4  # threads and libraries reserve addresses that they never use
_TRY = "from sleeplab.exercises._run import loopback_up; loopback_up()"


class Limits(NamedTuple):
    """What one hand-in may use."""

    seconds: float = 180.0
    memory_gb: float = 4.0


@cache
def isolation() -> tuple[str, ...]:
    """Return the command that takes the network away and ends every process; () where none works."""
    if sys.platform != "linux":
        return ()
    for command in _NAMESPACES:
        try:
            done = subprocess.run(  # noqa: S603
                [*command, sys.executable, "-c", _TRY], capture_output=True, timeout=20, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return command
    return ()


def run_limited(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], limits: Limits
) -> str:
    """Run a program of Python with limits; return "" or which limit it broke.

    Parameters
    ----------
    arguments : sequence of str
        For Python, for example ``["-m", "sleeplab.exercises._run", …]``.
    folder : pathlib.Path
        Where it runs; also its home, so that it finds no settings or keys of whoever marks.
    environment : mapping
        Variables, beside the few that Python needs.
    limits : Limits
        Time and memory of the program and all that it starts.
    """
    prefix = isolation()
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    home = {
        "HOME": str(folder),
        "USERPROFILE": str(folder),
        "IPYTHONDIR": str(folder),
        "JUPYTER_RUNTIME_DIR": str(folder),
    }
    threads = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(  # noqa: S603  # our own interpreter; what it runs is why there are limits
        [*prefix, sys.executable, *arguments, *(["--alone"] if prefix else [])],
        cwd=folder,
        env={**kept, **home, **threads, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=partial(_set_limits, limits) if os.name == "posix" else None,
    )
    try:
        return _watch(process, limits)
    finally:
        _kill(process)


def _set_limits(limits: Limits) -> None:
    """Limit what the operating system can: addresses, the size of a file, and no core dump."""
    import resource

    addresses = int(_ADDRESSES_PER_MEMORY * limits.memory_gb * 1e9)
    wanted = {"RLIMIT_AS": addresses, "RLIMIT_FSIZE": _LARGEST_FILE_BYTES, "RLIMIT_CORE": 0}
    for name, most in wanted.items():
        with suppress(ValueError, OSError):  # macOS knows, and refuses, some
            resource.setrlimit(getattr(resource, name), (most, most))


def _watch(process: subprocess.Popen[bytes], limits: Limits) -> str:
    end = time.monotonic() + limits.seconds
    while process.poll() is None:
        if time.monotonic() > end:
            return "time"
        if _memory_gb(process.pid) > limits.memory_gb:
            return "memory"
        time.sleep(_LOOK_EVERY_S)
    return _ENDS.get(process.returncode, "crash")


def _family(pid: int) -> list[object]:
    import psutil

    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def _memory_gb(pid: int) -> float:
    import psutil

    total = 0
    for one in _family(pid):
        try:
            total += one.memory_info().rss  # type: ignore[attr-defined]
        except psutil.Error:
            continue
    return total / 1e9


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and all that it has started."""
    import psutil

    for one in reversed(_family(process.pid)):
        try:
            one.kill()  # type: ignore[attr-defined]
        except psutil.Error:
            continue
    process.wait()
