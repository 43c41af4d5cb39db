"""The Rust tests: `cargo test --locked`, streamed and counted."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import List, Optional

from .common import ROOT, TARGET, Problem
from .process import run, stream
from .report import Report

RESULT = re.compile(r"test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def program() -> str:
    """Where cargo is."""
    found = shutil.which("cargo")
    if found is None:
        raise Problem("cargo was not found: install Rust (the version in Cargo.toml or newer) and put it on the PATH")
    return found


def environment(servers: Path, absent: List[str], scratch: Path) -> dict:
    """What the Rust tests are told: where the servers are, and which of them may be missing."""
    return {
        **os.environ,
        "REDISCONF_SERVERS": "required",
        "REDISCONF_SERVERS_DIR": str(servers),
        "REDISCONF_OPTIONAL_SERVERS": ",".join(absent),
        "TMPDIR": str(scratch),
    }


def test(report: Report, wanted: Optional[str], env: dict) -> None:
    """Run the tests whose name contains `wanted` (all without it) and add up what they report."""
    counted = Report()

    def each(line: str) -> None:
        print(line, flush=True)
        match = RESULT.search(COLOUR.sub("", line))
        if match:
            counted.add(*(int(number) for number in match.groups()))

    command = [program(), "test", "--locked", "--no-fail-fast", *([wanted] if wanted else [])]
    code, left = stream(command, each, cwd=ROOT, env=env)
    report.add(counted.passed, counted.failed, counted.skipped)
    if code != 0 and counted.failed == 0:
        report.count("fail", "cargo test", f"ended with status {code}, see above")
    if left:
        report.count("fail", "cargo test", "the tests left processes behind; they were ended")


def binary() -> Path:
    """The redisconf program, built from this tree."""
    done = run([program(), "build", "--locked", "--quiet"], cwd=ROOT, timeout=1800)
    if done.code != 0:
        raise Problem(f"cargo build failed:\n{done.last_words(20)}")
    folder = Path(os.environ.get("CARGO_TARGET_DIR", str(TARGET)))
    return (ROOT / folder) / "debug" / "redisconf"
