"""Paths, the two ways in which something cannot be had, and stamps."""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
TARGET = ROOT / "target"
STAMP = ".pin"


class Unavailable(Exception):
    """It does not exist for this machine. The thing is skipped; the text is the reason."""


class Problem(Exception):
    """It should have worked. The thing failed; the text says what to do about it."""


def machine() -> str:
    """`x86_64` or `aarch64`; everything fetched is built for Linux on one of these."""
    name = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if not sys.platform.startswith("linux") or name not in ("x86_64", "aarch64"):
        raise Unavailable(f"there is no build for {platform.system()} on {platform.machine()}")
    return name


def sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def is_current(folder: Path, pin: str) -> bool:
    """Whether `folder` holds exactly what `pin` describes."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == pin


class Replacement:
    """Builds a folder beside its place and moves it there only when it is complete.

    `with Replacement(folder, pin) as new:` fills `new`. After an error nothing is
    there, and least of all what an earlier pin described.
    """

    def __init__(self, folder: Path, pin: str):
        self.folder, self.pin = folder, pin
        self.new = folder.with_name(f".new-{folder.name}")

    def __enter__(self) -> Path:
        for old in (self.folder, self.new):
            shutil.rmtree(old, ignore_errors=True)
        self.new.mkdir(parents=True)
        return self.new

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            (self.new / STAMP).write_text(self.pin, encoding="utf-8")
            self.new.rename(self.folder)
        else:
            shutil.rmtree(self.new, ignore_errors=True)


def write_script(path: Path, text: str) -> None:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
    path.chmod(0o755)
