"""Processes that end when the one that started them ends: workers, kernels, and a guard that clears what was half made.

Only the standard library: the guard and the kernels run this file as a program.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PR_SET_PDEATHSIG = 1  # of Linux' prctl
LINGER = 1.0 if sys.platform == "linux" else 3.0  # seconds in which a kernel that has not ended may still write
DONE = b"done"
OLD = "-old"  # added to the name of a folder that another is taking the place of


@contextmanager
def guarded(staging: Path, target: Path) -> Iterator[None]:
    """While the block runs a process of its own waits for this one's end, and then clears `staging`.

    staging : half made folder. target : the folder whose place it takes. Whatever ends this process (KILL, TERM, HUP),
    its end of the pipe closes. The guard has a session of its own: what a terminal sends does not reach it.
    """
    command = [sys.executable, "-I", "-S", __file__, "guard", str(staging), str(target)]
    quiet = subprocess.DEVNULL
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield
    finally:
        clear(staging, target)
        guard.communicate(b"" if staging.exists() else DONE)


def clear(staging: Path, target: Path) -> None:
    """Removes a half made folder; an earlier one that had made room for it comes back to `target`.

    What other commands had written into the folder that makes room goes over into the new one.
    """
    old = staging.with_name(staging.name + OLD)
    if old.exists() and not target.exists():
        old.rename(target)
    for folder in (staging, old):
        for one in other_results(folder) if target.is_dir() else ():
            if not (target / one.name).exists():
                one.rename(target / one.name)
        shutil.rmtree(folder, ignore_errors=True)


def other_results(folder: Path) -> list[Path]:
    """What other commands wrote into a folder of results: folders with a manifest of their own, tables of `check`."""
    inside = list(folder.iterdir()) if folder.is_dir() else []
    runs = [one for one in inside if one.is_dir() and not one.is_symlink() and (one / "manifest.json").is_file()]
    return runs + [one for one in inside if re.fullmatch(r"check_.+\.(csv|html)", one.name) and one.is_file()]


def start_worker(work: Path, parent: int) -> None:
    """In a new process that runs notebooks: it and its kernels end with the parent; the tools are silenced.

    "python3" is this interpreter, whatever is registered elsewhere. work : folder for what a kernel needs meanwhile.
    The heavy imports come after the first line: killed while they are read, it leaves no process.
    """
    end_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's, which ends this process
    os.environ.pop("MPLBACKEND", None)  # the notebooks show their figures inline, whatever the shell asks for
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # workers whose threads wait for each other's cores
        os.environ.setdefault(name, "1")  # take five times as long
    warnings.simplefilter("ignore")  # of the tools that run the notebook; a notebook's own warnings stay in its cells
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    from ipykernel.kernelspec import write_kernel_spec

    own = work / str(os.getpid())
    command = [sys.executable, "-P", __file__, "kernel", "-f", "{connection_file}"]
    write_kernel_spec(str(own / "kernels" / "python3"), overrides={"argv": command})
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, (str(own), os.environ.get("JUPYTER_PATH"))))
    tempfile.tempdir = str(own)  # a kernel's ports and key, and what a notebook writes aside, go with the work folder
    os.environ |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(own))


def end_with_parent(parent: int) -> None:
    """From here on this process is killed when its parent ends. parent : its process number.

    At once on Linux; elsewhere a worker waits for its parent's end in a thread, and a kernel has Jupyter's own poller.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.name == "posix" and os.getppid() != parent:  # it ended before we asked
        os._exit(1)
    starter = multiprocessing.parent_process()
    if starter is not None:
        threading.Thread(target=_end_after, args=(starter.join,), daemon=True).start()


def _end_after(waiting: Callable[[], None]) -> None:
    waiting()
    os._exit(1)


@contextmanager
def no_child_left() -> Iterator[None]:
    """Worker processes that were started inside are killed when the block is left by an error or Ctrl+C."""
    before = set(multiprocessing.active_children())
    try:
        yield
    except BaseException:
        started = set(multiprocessing.active_children()) - before
        for child in started:
            child.kill()
        for child in started:
            child.join()
        if started:  # their kernels end now (Linux), or at their poller's next look: until then they may write
            time.sleep(0.2 if sys.platform == "linux" else 1.5)
        raise


def _guard(staging: Path, target: Path) -> None:
    if sys.stdin.buffer.read() == DONE:
        return
    until = time.monotonic() + LINGER
    while time.monotonic() < until:
        clear(staging, target)
        time.sleep(0.1)


def _kernel(arguments: Sequence[str]) -> None:
    end_with_parent(int(os.environ.get("JPY_PARENT_PID", os.getppid())))
    from ipykernel import kernelapp

    kernelapp.launch_new_instance(argv=list(arguments))


if __name__ == "__main__":
    if sys.argv[1] == "guard":
        _guard(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        _kernel(sys.argv[2:])
