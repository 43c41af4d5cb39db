"""Fetch Python wheels with pip, checked against pinned sha256 sums.

pip is taken from the running Python, else from a private environment in
target/tools/pip, else (Debian removes `ensurepip`) from a Debian package.
The user's own pip configuration (index, proxy, certificates) applies.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import List

from . import apt
from .common import TARGET, TESTS, Problem, Unavailable, machine
from .process import Finished, run

OFFLINE = re.compile(
    r"NewConnectionError|NameResolutionError|Max retries|Temporary failure in name|Network is unreachable"
    r"|Connection refused|ConnectTimeout|ReadTimeout|timed out|ProxyError", re.IGNORECASE)
_found: List[List[str]] = []


def download(requirement: str, into: Path) -> Path:
    """Fetch the wheel of one requirement line for this machine, whatever the running Python is."""
    tags = [f"--platform=manylinux{tag}_{machine()}" for tag in ("2014", "_2_17", "_2_28")]
    with tempfile.TemporaryDirectory(prefix="redisconf-") as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text(requirement + "\n", encoding="utf-8")
        _pip(requirement.split()[0], "download", "--no-deps", "--require-hashes", "--only-binary=:all:",
             "--implementation=cp", "--python-version=3.11", *tags, "--dest", into, "--requirement", listed)
    return next(into.glob("*.whl"))


def install(listed: Path, into: Path) -> None:
    """Install pinned packages for the running Python into a folder of their own."""
    _pip(listed.name, "install", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile",
         "--target", into, "--requirement", listed)


def _pip(what: str, action: str, *words) -> None:
    command = [*_command(), action, "--quiet", "--no-input", "--disable-pip-version-check", "--retries=2", *words]
    done = run(command, env=_environment())
    if done.code != 0:
        raise Problem(_explain(what, done))


def _environment() -> dict:
    # Both settings concern the user's own environment, which is not touched.
    return {**os.environ, "PIP_REQUIRE_VIRTUALENV": "false", "PIP_USER": "false"}


def _explain(what: str, done: Finished) -> str:
    said = done.err + done.out
    if "DO NOT MATCH THE HASHES" in said:
        return (f"checksum mismatch: {what} is not what is pinned. The download was deleted. Run again; if it stays, "
                f"empty pip's cache (`pip cache purge`) or look at the package index in use")
    if OFFLINE.search(said):
        return (f"no network: {what} could not be fetched. Check the connection, the proxy (HTTPS_PROXY) and pip's "
                f"index settings")
    return f"pip could not fetch {what}:\n{done.last_words()}"


def _command() -> List[str]:
    if not _found:
        _found.append(_search())
    return _found[0]


def _search() -> List[str]:
    """The command that runs pip."""
    own = [sys.executable, "-m", "pip"]
    if _works(own):
        return own
    place = TARGET / "tools" / "pip"
    private = [str(place / "bin" / "python"), "-m", "pip"]
    if _works(private):
        return private
    shutil.rmtree(place, ignore_errors=True)
    if run([sys.executable, "-m", "venv", place]).code == 0 and _works(private):
        return private
    shutil.rmtree(place, ignore_errors=True)
    return _from_debian(place)


def _from_debian(place: Path) -> List[str]:
    try:
        apt.unpack(TESTS / "tools" / "debs.txt", ["python3-pip-whl"], place)
    except Unavailable as reason:
        raise Problem(f"this Python ({sys.executable}) has no pip, and none could be made ({reason}): "
                      f"install pip, for example the package python3-pip or python3-venv") from None
    wheel = next(place.glob("usr/share/python-wheels/pip-*.whl"))
    return [sys.executable, f"{wheel}/pip"]


def _works(command: List[str]) -> bool:
    try:
        return run([*command, "--version"]).code == 0
    except OSError:
        return False
