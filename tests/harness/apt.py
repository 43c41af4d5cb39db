"""Fetch Debian packages without being root and without changing the system.

apt gets a state folder of its own under target/apt, and a list of sources
derived from the system's: same mirror, but always Debian 12 (bookworm) with
its backports, so that another Debian release gets the same servers. Packages
are unpacked, not installed.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Set, Tuple

from .common import TARGET, Problem, Unavailable, sha256
from .pins import Deb, debs
from .process import Finished, run

HOME = TARGET / "apt"
OFFLINE = re.compile(r"Could not resolve|Could not connect|Connection failed|Connection timed out|Temporary failure"
                     r"|Unable to connect|Network is unreachable|Failed to fetch", re.IGNORECASE)
_updated: List[Finished] = []


def unpack(pinned: Path, packages: Sequence[str], into: Path) -> None:
    """Fetch packages pinned in the file `pinned` and unpack all of them into `into`."""
    update = _update()
    architecture = run(["dpkg", "--print-architecture"]).out.strip()
    chosen = _choose(pinned, packages, architecture, update)
    with tempfile.TemporaryDirectory(prefix="redisconf-") as folder:
        done = run([*_apt("apt-get"), "download", *(f"{deb.package}={deb.version}" for deb in chosen)],
                   cwd=folder, env=_environment())
        if done.code != 0:
            raise Problem(f"apt-get could not download {', '.join(packages)}:\n{done.last_words()}")
        for deb in chosen:
            file = next(Path(folder).glob(f"{deb.package}_*.deb"))
            if sha256(file) != deb.sha256:
                raise Problem(f"checksum mismatch: {deb.package} {deb.version} is not what {pinned.name} pins. "
                              f"The download was deleted; look at the package mirror in use")
            done = run(["dpkg-deb", "-x", file, into])
            if done.code != 0:
                raise Problem(f"{deb.package} could not be unpacked:\n{done.last_words()}")


def _choose(pinned: Path, packages: Sequence[str], architecture: str, update: Finished) -> List[Deb]:
    """The best acceptable build of each package among those on offer."""
    offered = _offered(packages)
    chosen = []
    for package in packages:
        accepted = debs(pinned, package, architecture)
        there = offered.get(package, set())
        best = next((deb for deb in accepted if deb.version in there), None)
        if best is None and not there and OFFLINE.search(update.err):
            raise Problem(f"no network: {package} could not be fetched. Check the connection and apt's sources")
        if best is None:
            wanted = " or ".join(deb.version for deb in accepted) or f"a build for {architecture}"
            has = ", ".join(sorted(there)) or "nothing"
            raise Unavailable(f"needs {package} {wanted}; the package mirror offers {has}")
        chosen.append(best)
    return chosen


def _offered(packages: Sequence[str]) -> Dict[str, Set[str]]:
    """Package -> the versions the mirror has."""
    versions: Dict[str, Set[str]] = {}
    for line in run([*_apt("apt-cache"), "madison", *packages], env=_environment()).out.splitlines():
        package, version = (field.strip() for field in line.split("|")[:2])
        versions.setdefault(package, set()).add(version)
    return versions


def _update() -> Finished:
    """Read the mirror's lists, once a run."""
    for program in ("apt-get", "apt-cache", "dpkg", "dpkg-deb"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not on this machine")
    if not _updated:
        sources = _sources(Path("/etc/apt"))
        for folder in ("lists/partial", "cache/archives/partial"):
            (HOME / folder).mkdir(parents=True, exist_ok=True)
        (HOME / "sources.list").write_text(sources, encoding="utf-8")
        _updated.append(run([*_apt("apt-get"), "update"], env=_environment()))
    return _updated[0]


def _apt(program: str) -> List[str]:
    settings = {
        "Dir::State": HOME, "Dir::State::lists": HOME / "lists", "Dir::Cache": HOME / "cache",
        "Dir::Etc::SourceList": HOME / "sources.list", "Dir::Etc::SourceParts": "/dev/null",
        "Acquire::Languages": "none", "Acquire::Retries": "2", "APT::Sandbox::User": "root",
    }
    return [program, "-q", *(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))]


def _environment() -> dict:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _sources(folder: Path) -> str:
    """The private sources list: bookworm from the mirrors the system names."""
    archive, security = _mirrors(folder)
    if archive is None:
        raise Unavailable("the system's package sources name no Debian mirror")
    lines = [f"deb {archive} bookworm main", f"deb {archive} bookworm-backports main"]
    if security is not None:
        lines.append(f"deb {security} bookworm-security main")
    return "\n".join(lines) + "\n"


def _mirrors(folder: Path) -> Tuple[Optional[str], Optional[str]]:
    """The system's first Debian mirror and its first security mirror, with their signing key."""
    entries: List[Tuple[str, str, List[str]]] = []
    for file in [folder / "sources.list", *sorted(folder.glob("sources.list.d/*"))]:
        if file.is_file() and os.access(file, os.R_OK):
            text = file.read_text(encoding="utf-8", errors="replace")
            entries += _stanzas(text) if file.suffix == ".sources" else _lines(text)
    archive = security = None
    for uri, key, components in entries:
        path = uri.rstrip("/")
        found = f"[signed-by={key}] {uri}" if key.startswith("/") else uri
        if "main" in components and re.search(r"/debian(\.list)?$", path):
            archive = archive or found
        if "main" in components and re.search(r"/debian-security(\.list)?$", path):
            security = security or found
    return archive, security


def _lines(text: str) -> List[Tuple[str, str, List[str]]]:
    """(uri, key, components) of the one-line format: `deb [options] uri suite components`."""
    found = []
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+\S+\s+([^#]*)", line.strip())
        if match:
            key = re.search(r"signed-by=(\S+)", match.group(1) or "", re.IGNORECASE)
            found.append((match.group(2), key.group(1) if key else "", match.group(3).split()))
    return found


def _stanzas(text: str) -> List[Tuple[str, str, List[str]]]:
    """(uri, key, components) of the format with one `Field: value` a line and a blank line between stanzas."""
    found = []
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", kept):
        fields = {name.lower(): value.strip() for name, value in re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.M)}
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            key, components = fields.get("signed-by", ""), fields.get("components", "").split()
            found += [(uri, key, components) for uri in fields.get("uris", "").split()]
    return found
