"""Whether a computer is ready for the lessons and for a night."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

PACKAGES = ("mne", "yasa", "edfio", "matplotlib", "seaborn", "jupyterlab", "papermill", "nbval")
FREE_DISK_GB = 2.0  # a simulated night (0.15 GB), its reports, the executed lessons
MEMORY_GB = (
    4.0  # measured peak of `sleeplab report` on 8 h of 16 channels, JupyterLab and a browser beside it
)


def _package_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _memory_gb() -> float:
    import psutil

    return float(psutil.virtual_memory().total) / 1e9


def _can_write(folder: str) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def check_computer() -> pd.DataFrame:
    """Check what sleeplab needs of this computer; nothing is changed and nothing is sent.

    Returns
    -------
    pandas.DataFrame
        One row per check: ``check``, ``ok`` (bool), ``found`` (str), ``needed`` (str). No name of a person,
        a computer or a folder stands in it, so it may be sent to whoever helps.

    Examples
    --------
    >>> import sleeplab
    >>> checks = sleeplab.check_computer()
    >>> bool(checks.set_index("check").loc["Python", "ok"])
    True
    """
    import pandas as pd

    python = sys.version_info
    rows = [
        ("Python", (3, 11) <= python[:2] <= (3, 13), f"{python[0]}.{python[1]}.{python[2]}", "3.11 to 3.13")
    ]
    for name in PACKAGES:
        found = _package_version(name)
        rows.append((f"package {name}", bool(found), found or "not installed", "installed"))
    cores = os.cpu_count() or 1
    rows.append(("processor cores", cores >= 2, str(cores), "2"))
    memory = _memory_gb()
    rows.append(("memory", memory >= MEMORY_GB * 0.9, f"{memory:.0f} GB", f"{MEMORY_GB:.0f} GB"))
    free = shutil.disk_usage(".").free / 1e9
    rows.append(("free disk space", free >= FREE_DISK_GB, f"{free:.0f} GB", f"{FREE_DISK_GB:.0f} GB"))
    for check, folder in (("can write here", "."), ("can write temporary files", tempfile.gettempdir())):
        writable = _can_write(folder)
        rows.append((check, writable, "yes" if writable else "no", "yes"))
    return pd.DataFrame(rows, columns=["check", "ok", "found", "needed"])
