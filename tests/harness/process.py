"""Run a program so that nothing of it outlives the run.

Each program gets a process group of its own. When it has ended, or its time
is up, whatever is left of the group is ended too.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Callable, Mapping, Optional, Sequence


@dataclass(frozen=True)
class Finished:
    """How a program ended. `code` is None when its time was up."""

    code: Optional[int]
    out: str
    err: str

    def last_words(self, lines: int = 6) -> str:
        """The end of what it said, for an error message."""
        said = (self.err.strip() or self.out.strip() or "it said nothing").splitlines()
        return "\n".join(said[-lines:])


def run(command: Sequence, input: Optional[str] = None, cwd=None, env: Optional[Mapping[str, str]] = None,
        timeout: float = 600) -> Finished:
    """Run a program to its end. A program that is not there is an OSError."""
    process = _start(command, cwd, env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate((input or "").encode(), timeout=timeout)
        code: Optional[int] = process.returncode
    except subprocess.TimeoutExpired:
        end_group(process.pid)
        out, err = process.communicate()
        code = None
        err += f"\nended after {timeout:g} seconds".encode()
    finally:
        end_group(process.pid)
    return Finished(code, out.decode(errors="replace"), err.decode(errors="replace"))


def stream(command: Sequence, line: Callable[[str], None], cwd=None, env: Optional[Mapping[str, str]] = None) -> tuple:
    """Run a program and hand over each line as it comes; (exit code, whether it left processes behind)."""
    process = _start(command, cwd, env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # A process left behind may hold the pipe open: so the end of the program counts, not the end of its output.
    reader = threading.Thread(target=_read, args=(process, line), daemon=True)
    reader.start()
    try:
        code = process.wait()
        left = not _gone_within(process.pid, seconds=2)
    finally:
        end_group(process.pid)
        process.wait()
        reader.join(5)
    return code, left


def _read(process: subprocess.Popen, line: Callable[[str], None]) -> None:
    try:
        for raw in process.stdout:
            line(raw.decode(errors="replace").rstrip("\n"))
    except BrokenPipeError:  # Nobody listens to us any more, so nobody would empty the pipe.
        end_group(process.pid)


def _start(command: Sequence, cwd, env, **streams) -> subprocess.Popen:
    words = [str(word) for word in command]
    return subprocess.Popen(words, cwd=cwd, env=None if env is None else dict(env), start_new_session=True, **streams)


def end_group(group: int) -> None:
    """End every process of a group: politely first."""
    for how, seconds in ((signal.SIGTERM, 2), (signal.SIGKILL, 2)):
        try:
            os.killpg(group, how)
        except (ProcessLookupError, PermissionError):
            return
        if _gone_within(group, seconds):
            return


def _gone_within(group: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while True:
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
