"""The Python checks in tests/validators, and what they are given to work with.

tests/README.md describes how one is written.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import traceback
from pathlib import Path
from types import ModuleType
from typing import Dict, Iterator, Mapping, Optional, Sequence, Tuple

from . import cargo, process
from .common import ROOT, TESTS, Problem, Unavailable
from .report import Report

Outcome = Tuple[str, str, str]
NEEDS = ("heavy", "root")


def ok(case: str, message: str = "") -> Outcome:
    """The case holds."""
    return (case, "ok", message)


def fail(case: str, message: str) -> Outcome:
    """The case does not hold; the message says what was expected and what was there."""
    return (case, "fail", message)


def skip(case: str, message: str) -> Outcome:
    """The case cannot be tried here; the message says why."""
    return (case, "skip", message)


class Context:
    """What a validator gets: the tree, an empty folder, servers, tools and a way to run programs.

    `servers` maps a series (`redis-7.0`) to the server program. What cannot be
    had is reported as skipped by itself: just ask for it.
    """

    root = ROOT

    def __init__(self, scratch: Path, servers: Dict[str, Path], absent: Dict[str, str], tools: Dict[str, Path],
                 missing: Dict[str, str]):
        self.scratch, self.servers, self._absent, self._tools, self._missing = scratch, servers, absent, tools, missing

    def server(self, series: str) -> Path:
        """The server program of a series."""
        if series in self.servers:
            return self.servers[series]
        raise Unavailable(f"{series}: {self._absent.get(series, 'no such server')}")

    def tool(self, name: str) -> Path:
        """A program such as `helm`."""
        if name in self._tools:
            return self._tools[name]
        raise Unavailable(f"{name}: {self._missing.get(name, 'no such tool')}")

    def redisconf(self, *words, input: Optional[str] = None) -> process.Finished:
        """Run redisconf, built from this tree, in the scratch folder."""
        return self.run([self.redisconf_program(), *words], input=input)

    def redisconf_program(self) -> Path:
        """The program itself, for what runs it in its own way."""
        if not hasattr(self, "_redisconf"):
            self._redisconf = cargo.binary()
        return self._redisconf

    def run(self, command: Sequence, input: Optional[str] = None, cwd: Optional[Path] = None,
            env: Optional[Mapping[str, str]] = None, timeout: float = 60) -> process.Finished:
        """Run a program to its end, in the scratch folder. `env` is added to the environment."""
        return process.run(command, input, cwd or self.scratch, self._environment(env), timeout)

    @contextlib.contextmanager
    def running(self, command: Sequence, cwd: Optional[Path] = None,
                env: Optional[Mapping[str, str]] = None) -> Iterator[subprocess.Popen]:
        """Keep a program running for the length of a `with` block; then it is ended."""
        with open(self.scratch / "running.log", "ab") as log:
            started = subprocess.Popen([str(word) for word in command], cwd=cwd or self.scratch, stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL, env=self._environment(env), start_new_session=True)
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(5)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
            process.end_group(started.pid)

    def _environment(self, more: Optional[Mapping[str, str]]) -> dict:
        # HOME is scratch as well: no tool reads or writes the user's own settings.
        return {**os.environ, "HOME": str(self.scratch), "TMPDIR": str(self.scratch), "LC_ALL": "C", **(more or {})}


def run_all(report: Report, wanted: Optional[str], heavy: bool, context) -> None:
    """Run the validators whose name contains `wanted`. `context(name)` makes a fresh Context."""
    for file in sorted((TESTS / "validators").glob("*.py")):
        if wanted is None or wanted in file.stem:
            _run(report, file, heavy, context)


def _run(report: Report, file: Path, heavy: bool, context) -> None:
    try:
        validator = _load(file)
        reason = _unmet(validator, heavy)
        if reason:
            report.count("skip", validator.name, reason)
            return
        for case, outcome, message in validator.run(context(validator.name)):
            if outcome not in ("ok", "fail", "skip"):
                raise Problem(f"case {case}: the outcome is ok, fail or skip, not {outcome!r}")
            report.count(outcome, f"{validator.name}: {case}", message)
    except Unavailable as reason:
        report.count("skip", file.stem, str(reason))
    except Problem as problem:
        report.count("fail", file.stem, str(problem))
    except Exception:  # A validator with a mistake in it must not hide the others.
        report.count("fail", file.stem, "the validator itself failed:\n" + traceback.format_exc(limit=-4))


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"validators.{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    wrong = [name for name in ("name", "needs", "run") if not hasattr(module, name)]
    if wrong or set(module.needs) - set(NEEDS):
        raise Problem(f"{file.name} must define `name`, `needs` (any of {NEEDS}) and `run(ctx)`")
    return module


def _unmet(validator: ModuleType, heavy: bool) -> str:
    """Why the validator cannot run, or nothing."""
    if "heavy" in validator.needs and not heavy:
        return "runs only with --all"
    if "root" in validator.needs and os.geteuid() != 0:
        return "needs root"
    return ""
