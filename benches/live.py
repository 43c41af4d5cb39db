#!/usr/bin/env python3
"""What `redisconf diff --live` costs beside redis-cli: one server, and many in one call.

    benches/live.py REDISCONF SERVER CLI

REDISCONF is a release build, SERVER and CLI are redis-server and redis-cli (or valkey's). Whole processes are
timed, all in the same run, in turn; the median counts. The endpoints are unix sockets of a few servers: each is a
server of its own to the program.
"""

import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

ROUNDS = 20
ENDPOINTS = 500
SERVERS = 10
PROFILE = "builtin:session-store"


def start(server: str, home: pathlib.Path, number: int) -> tuple[subprocess.Popen, str]:
    """Starts a server and waits for its socket."""
    folder = home / f"s{number}"
    folder.mkdir()
    socket = folder / "s"
    arguments = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""]
    process = subprocess.Popen([server, *arguments], stdout=subprocess.DEVNULL, cwd=folder)
    while not socket.exists():
        time.sleep(0.01)
    time.sleep(0.1)
    return process, str(socket)


def timed(command: list[str], home: pathlib.Path) -> float:
    """Seconds of a whole process."""
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home, check=False)
    return time.perf_counter() - begun


def one(redisconf: str, cli: str, socket: str, home: pathlib.Path) -> dict[str, float]:
    """One server: medians in seconds."""
    asked = {
        "redis-cli CONFIG GET *": [cli, "-s", socket, "CONFIG", "GET", "*"],
        "diff --live": [redisconf, "diff", PROFILE, "--live", f"unix://{socket}"],
        "--version": [redisconf, "--version"],
    }
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS + 2):
        for name, command in asked.items():
            times[name].append(timed(command, home))
    return {name: statistics.median(some[2:]) for name, some in times.items()}


@dataclass
class Many:
    """Seconds of both, and our peak of memory in kilobytes."""

    ours: float
    shell: float
    memory: int


def many(redisconf: str, cli: str, sockets: list[str], home: pathlib.Path) -> Many:
    """Many endpoints in one call, beside a loop of redis-cli in a shell."""
    endpoints = []
    for number in range(ENDPOINTS):
        link = home / f"e{number}"
        link.symlink_to(sockets[number % len(sockets)])
        endpoints.append(str(link))
    script = home / "loop.sh"
    script.write_text("".join(f"{cli} -s {socket} CONFIG GET '*'\n" for socket in endpoints))
    flags = [part for socket in endpoints for part in ("--live", f"unix://{socket}")]
    command = [redisconf, "diff", PROFILE, *flags]
    ours, theirs = [], []
    for _ in range(7):
        theirs.append(timed(["sh", str(script)], home))
        ours.append(timed(command, home))
    kept = home / "memory"
    subprocess.run([sys.executable, "-c", MEMORY, str(kept), *command], stdout=subprocess.DEVNULL, check=False)
    return Many(statistics.median(ours), statistics.median(theirs), int(kept.read_text()))


MEMORY = """
import pathlib, resource, subprocess, sys
subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""


@contextlib.contextmanager
def servers(server: str, home: pathlib.Path) -> Iterator[list[str]]:
    """The sockets of servers that are ended afterwards."""
    processes = []
    try:
        started = []
        for number in range(SERVERS):
            started.append(start(server, home, number))
            processes.append(started[-1][0])
        yield [socket for _, socket in started]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def main() -> None:
    redisconf, server, cli = (os.path.abspath(argument) for argument in sys.argv[1:4])
    with tempfile.TemporaryDirectory(prefix="live-") as folder:
        home = pathlib.Path(folder)
        with servers(server, home) as sockets:
            medians = one(redisconf, cli, sockets[0], home)
            for name, median in medians.items():
                print(f"{name:24} {median * 1000:7.2f} ms")
            print(f"{'ratio':24} {medians['diff --live'] / medians['redis-cli CONFIG GET *']:7.2f}   (at most 1.3)")
            found = many(redisconf, cli, sockets, home)
            print(f"{ENDPOINTS} endpoints {found.ours * 1000:.0f} ms, loop of redis-cli {found.shell * 1000:.0f} ms")
            print(f"{'times faster':24} {found.shell / found.ours:7.1f}   (at least 20)")
            print(f"peak of memory: {found.memory / 1024:.1f} MB (at most 100)")


if __name__ == "__main__":
    main()
