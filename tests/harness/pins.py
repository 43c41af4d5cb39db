"""Read the files that pin what is fetched.

Wheels are pinned in pip's own requirements format with `--hash`, Debian
packages in a table of package, version, architecture and sha256.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

from .common import Problem


@dataclass(frozen=True)
class Deb:
    """One build of one Debian package."""

    package: str
    version: str
    architecture: str
    sha256: str


def requirements(file: Path) -> Dict[str, str]:
    """`name==version` -> the whole requirement on one line, with its hashes."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line.split("#")[0].split() for line in text.splitlines())
    return {words[0]: " ".join(words) for words in lines if words}


def requirement(file: Path, name: str) -> str:
    """The pinned requirement called `name==version`."""
    try:
        return requirements(file)[name]
    except KeyError:
        raise Problem(f"{file.name} does not pin {name}: add the requirement and its sha256") from None


def debs(file: Path, package: str, architecture: str) -> List[Deb]:
    """The acceptable builds of a package for an architecture, best first."""
    lines = (line.split("#")[0].split() for line in file.read_text(encoding="utf-8").splitlines())
    found = [Deb(*words) for words in lines if words]
    return [deb for deb in found if deb.package == package and deb.architecture in (architecture, "all")]
