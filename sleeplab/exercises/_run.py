"""Run one hand-in: ``python -m sleeplab.exercises._run NOTEBOOK PARAMETERS``, in a process of its own.

papermill puts the parameters in, nbclient (on which papermill runs) executes every cell: a cell that fails or
takes too long is stopped, and the next one goes on. What the checks say goes to the file that the environment
variable ``SLEEPLAB_PROGRESS`` names.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

CELL_TIMEOUT_S = 60
MOST_OUTPUT_BYTES = 20_000_000
TOO_MUCH_OUTPUT, CELL_STOPPED = 3, 4  # exit codes
START = 'from sleeplab.exercises import check, hint, rejoin, solution, start\n\nstart("{lesson}")'


def loopback_up() -> None:
    """Switch on the loopback of a network namespace of our own, over which a kernel is talked to."""
    import fcntl
    import socket
    import struct

    set_flags, up_and_running = 0x8914, 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh", b"lo", up_and_running))


def run_notebook(path: Path, parameters: dict[str, Any], lesson: str) -> int:
    """Execute a notebook from top to bottom, whatever its cells do; return the exit code."""
    import nbformat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # papermill's readers of remote files warn at import
        from papermill.iorw import load_notebook_node
        from papermill.parameterize import parameterize_notebook
    notebook = load_notebook_node(str(path))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    notebook = parameterize_notebook(notebook, parameters)
    start = nbformat.v4.new_code_cell(START.format(lesson=lesson))  # type: ignore[no-untyped-call]
    notebook.cells.insert(0, start)
    _client(notebook, path.parent).execute()
    ends = [output.get("ename") for cell in notebook.cells for output in cell.get("outputs", [])]
    return CELL_STOPPED if "KeyboardInterrupt" in ends else 0


def _client(notebook: Any, folder: Path) -> Any:
    from nbclient import NotebookClient

    class Client(NotebookClient):
        """A client that gives up on a notebook which writes without end."""

        written = 0

        def process_message(self, message: Any, cell: Any, cell_index: int) -> Any:
            self.written += len(str(message["content"]))
            if self.written > MOST_OUTPUT_BYTES:
                os._exit(TOO_MUCH_OUTPUT)  # at once: the kernel goes on writing
            return super().process_message(message, cell, cell_index)

    return Client(
        notebook,
        timeout=CELL_TIMEOUT_S,
        interrupt_on_timeout=True,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=40"],
    )


if __name__ == "__main__":
    if "--alone" in sys.argv:
        loopback_up()
    sys.exit(run_notebook(Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]))
