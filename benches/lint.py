#!/usr/bin/env python3
"""How fast `redisconf lint` is, beside `ruff check` and `dotenv-linter`, each on 1,000 files of 100 lines of its own kind.

    benches/lint.py                     everything: fetch and build the peers, write the files, measure
    benches/lint.py prepare             only fetch, build and write
    benches/lint.py peers               1,000 files, all three, on one core and on all
    benches/lint.py growth              10,000 files against 1,000, with peak memory
    benches/lint.py single              one file of 2,000 lines, whole process
    benches/lint.py hostile             files that no configuration is: huge, endless lines, include bombs

Runs are interleaved (one of each, then again), after one round that is not counted. No tool keeps a cache; the files are in
the system's. Needs Python 3.9, cargo and taskset. What is fetched and written goes to target/bench. It prints whether each
aim is met and always ends with 0: a machine with other things to do is no failure.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import corpus  # noqa: E402
from harness import pip  # noqa: E402
from harness.common import ROOT, TARGET, Replacement, is_current  # noqa: E402

BENCH = TARGET / "bench"
DOTENV_LINTER = "4.0.0"
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Tool:
    """A program, its words, the folder of files it is for, and how it ends if it did its work."""

    name: str
    command: List[str]
    folder: Path
    ends: Tuple[int, ...] = (0, 1)


@dataclass
class Run:
    """How one run went: seconds on the clock, seconds of processor, exit status."""

    wall: float
    cpu: float
    status: int


def measure(command: List[str], folder: Path, one_core: bool, limit: Optional[int] = None) -> Run:
    """Run a program with its output thrown away."""
    words = ["taskset", "-c", "0", *command] if one_core else command

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    start = time.perf_counter()
    process = subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, preexec_fn=limited if limit else None)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(wall, usage.ru_utime + usage.ru_stime, process.returncode)


def peak_memory(command: List[str], folder: Path) -> int:
    """Bytes. A program inherits the peak of the process that starts it, so a small Python starts it; that one needs 10 MB."""
    ask = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3, stderr=-3, stdin=-3); "
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-I", "-S", "-c", ask, *command], cwd=folder, stdout=subprocess.PIPE,
                          text=True, check=True)
    return int(done.stdout) * 1024


def interleaved(tools: List[Tool], rounds: int, one_core: bool) -> Dict[str, List[Run]]:
    """One of each, then again; the first round is not counted."""
    runs: Dict[str, List[Run]] = {tool.name: [] for tool in tools}
    for number in range(rounds + 1):
        for tool in tools:
            run = measure(tool.command, tool.folder, one_core)
            if run.status not in tool.ends:
                raise SystemExit(f"{tool.name} ended with status {run.status}: {' '.join(tool.command)} in {tool.folder}")
            if number > 0:
                runs[tool.name].append(run)
    return runs


def median(runs: List[Run]) -> Run:
    return Run(statistics.median(run.wall for run in runs), statistics.median(run.cpu for run in runs), runs[-1].status)


class Report:
    """Lines for people, and the same as JSON."""

    def __init__(self) -> None:
        self.figures: Dict[str, object] = {"machine": f"{os.cpu_count()} cores", "seed": corpus.SEED}

    def line(self, text: str = "") -> None:
        print(text, flush=True)

    def figure(self, key: str, value: float, text: str, aim: Optional[bool] = None) -> None:
        self.figures[key] = value
        verdict = "" if aim is None else ("   met" if aim else "   NOT MET")
        self.line(f"  {text}{verdict}")


def peers(options, report: Report) -> None:
    """redisconf beside the others."""
    tools = [redisconf(options), ruff(options), dotenv_linter(options)]
    for one_core in (True, False):
        where = "one core" if one_core else "all cores"
        report.line(f"\n{options.files} files of 100 lines, {where}, median of {options.rounds}")
        runs = interleaved(tools, options.rounds, one_core)
        ours = median(runs["redisconf"])
        for name, each in runs.items():
            middle = median(each)
            lines = options.files * 100 / middle.wall
            report.line(f"  {name:<14} {middle.wall * 1000:8.1f} ms   processor {middle.cpu * 1000:8.1f} ms   "
                        f"{lines / 1e6:6.2f} M lines/s   status {middle.status}")
            report.figures[f"{where}: {name}"] = {"wall": middle.wall, "cpu": middle.cpu,
                                                  "runs": [run.wall for run in each]}
        for other in ("ruff", "dotenv-linter"):
            ratio = median(runs[other]).wall / ours.wall
            report.figure(f"{where}: times faster than {other}", ratio, f"{ratio:.1f} times as fast as {other} (aim: 4)",
                          ratio >= 4)
        lines = options.files * 100 / ours.wall
        report.figure(f"{where}: lines/s", lines, f"{lines / 1e6:.2f} million lines a second (aim: 2 on one core)",
                      lines >= 2e6 if one_core else None)


def growth(options, report: Report) -> None:
    """Ten times the files."""
    small, large = redisconf(options), redisconf(options, options.files * 10)
    tools = [Tool("small", small.command, small.folder), Tool("large", large.command, large.folder)]
    for one_core in (True, False):
        where = "one core" if one_core else "all cores"
        report.line(f"\n{options.files * 10} files against {options.files}, {where}")
        runs = interleaved(tools, max(3, options.rounds // 3), one_core)
        few, many = median(runs["small"]), median(runs["large"])
        ratio = many.wall / few.wall
        report.figure(f"growth, {where}", ratio, f"{few.wall * 1000:.1f} ms -> {many.wall * 1000:.1f} ms: "
                                                 f"{ratio:.1f} times as long (aim: at most 11)", ratio <= 11)
    memory = peak_memory(large.command, large.folder)
    report.figure("memory", memory, f"{memory / MEGABYTE:.1f} MB at its peak, all cores (aim: at most 60)",
                  memory <= 60 * MEGABYTE)


def single(options, report: Report) -> None:
    """One large file, from the start of the process to its end."""
    folder = corpus.write("redis", BENCH / "single", 1, 2000)
    file = next(folder.rglob("*.conf"))
    tool = Tool("one file", [program(options), "lint", str(file)], folder)
    nothing = Tool("nothing", [program(options), "--version"], folder)
    report.line("\none file of 2,000 lines, whole process")
    runs = interleaved([tool, nothing], options.rounds * 3, one_core=True)
    wall = median(runs["one file"]).wall * 1000
    report.figure("single", wall / 1000, f"{wall:.2f} ms (aim: at most 5; starting and ending the program alone takes "
                                         f"{median(runs['nothing']).wall * 1000:.2f} ms)", wall <= 5)


def hostile(options, report: Report) -> None:
    """Each must end by itself, with a status of its own, in bounded memory."""
    folder = BENCH / "hostile"
    folder.mkdir(parents=True, exist_ok=True)
    report.line("\nfiles that no configuration is")
    for name, make in HOSTILE.items():
        path = folder / f"{name}.conf"
        if not path.exists():
            make(path)
        run = measure([program(options), "lint", str(path)], folder, one_core=False, limit=4 << 30)
        memory = peak_memory([program(options), "lint", str(path)], folder) / MEGABYTE
        report.figure(f"hostile: {name}", run.wall, f"{name:<22} {path.stat().st_size / MEGABYTE:7.1f} MB   status "
                      f"{run.status}   {run.wall:6.2f} s   {memory:7.1f} MB of memory", run.status in (0, 1, 2))


def many_lines(path: Path) -> None:
    path.write_text("maxmemory 1gb\n" * 1_000_000, encoding="utf-8")


def bad_lines(path: Path) -> None:
    path.write_text("maxmemory 8Gi\n" * 1_000_000, encoding="utf-8")


def huge(path: Path) -> None:
    with open(path, "wb") as file:
        file.write(b"port 6379\n" * 10_485_760)


def long_line(path: Path) -> None:
    path.write_bytes(b"requirepass " + b"x" * (50 * MEGABYTE) + b"\n")


def many_words(path: Path) -> None:
    path.write_bytes(b"bind" + b" ::1" * 5_000_000 + b"\n")


def bomb(path: Path) -> None:
    """Each level includes the next twice."""
    levels = [path.with_name(f"bomb-{level}.inc") for level in range(40)]
    for level, below in zip(levels, levels[1:]):
        level.write_text(f"include {below}\ninclude {below}\n", encoding="utf-8")
    levels[-1].write_text("port 1\n", encoding="utf-8")
    path.write_text(f"include {levels[0]}\n", encoding="utf-8")


def cycle(path: Path) -> None:
    path.write_text(f"port 1\ninclude {path}\n", encoding="utf-8")


def noise(path: Path) -> None:
    import random

    path.write_bytes(random.Random(corpus.SEED).randbytes(4 * MEGABYTE))


HOSTILE = {"a million lines": many_lines, "a million mistakes": bad_lines, "a hundred megabytes": huge,
           "one line of 50 MB": long_line, "five million words": many_words, "an include bomb": bomb,
           "an include cycle": cycle, "random bytes": noise}


def program(options) -> str:
    """redisconf as it is released, or the one that was named."""
    if options.redisconf:
        return str(options.redisconf.resolve())
    folder = Path(os.environ.get("CARGO_TARGET_DIR", str(TARGET)))
    if not getattr(options, "built", False):
        subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True)
        options.built = True
    return str(ROOT / folder / "release" / "redisconf")


def redisconf(options, files: Optional[int] = None) -> Tool:
    files = files or options.files
    folder = corpus.write("redis", BENCH / f"redis-{files}", files)
    return Tool("redisconf", [program(options), "lint", *options.flags, "."], folder)


def wheels() -> Path:
    """The programs of the peers that come as wheels."""
    place, pin = BENCH / "wheels", (HERE / "peers.txt").read_text(encoding="utf-8")
    if not is_current(place, pin):
        with Replacement(place, pin) as new:
            pip.install(HERE / "peers.txt", new)
    return place / "bin"


def ruff(options) -> Tool:
    folder = corpus.write("python", BENCH / f"python-{options.files}", options.files)
    return Tool("ruff", [str(wheels() / "ruff"), "check", "--no-cache", "--isolated", "."], folder)


def dotenv_linter(options) -> Tool:
    """The one in Rust; without its look for updates, which would ask the network on every run."""
    folder = corpus.write("dotenv", BENCH / f"dotenv-{options.files}", options.files)
    place = BENCH / "dotenv-linter"
    if not is_current(place, DOTENV_LINTER):
        with Replacement(place, DOTENV_LINTER) as new:
            subprocess.run(["cargo", "install", "dotenv-linter", "--version", DOTENV_LINTER, "--locked", "--quiet",
                            "--no-default-features", "--root", str(new)], cwd=BENCH, check=True)
    return Tool("dotenv-linter", [str(place / "bin" / "dotenv-linter"), "check", "--recursive", "--plain", "."], folder)


def prepare(options, report: Report) -> None:
    """Fetch, build and write; and tell how many of our files have findings."""
    for tool in (redisconf(options), redisconf(options, options.files * 10), ruff(options), dotenv_linter(options)):
        report.line(f"ready: {tool.name} in {tool.folder.relative_to(ROOT)}: {' '.join(tool.command)}")
    corpus.write("redis", BENCH / "single", 1, 2000)
    tool = redisconf(options)
    said = subprocess.run([*tool.command, "--output-format", "concise"], cwd=tool.folder, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False).stdout
    found = [line.split(":")[0] for line in said.splitlines() if ".conf:" in line]
    clean = {name for name in found if int(name.rsplit("-", 1)[1].split(".")[0]) % 2 == 0}
    report.line(f"{len(set(found))} of {options.files} files have findings, {len(found)} in all; "
                f"of those that should be clean: {len(clean)}")


PARTS = {"prepare": prepare, "peers": peers, "growth": growth, "single": single, "hostile": hostile}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benches/lint.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=15, help="counted runs of each (15)")
    parser.add_argument("--files", type=int, default=1000, help="files of each kind (1000)")
    parser.add_argument("--redisconf", type=Path, help="this program instead of a release build of this tree")
    parser.add_argument("--flags", type=shlex.split, default=[], metavar="WORDS",
                        help="more words for `redisconf lint`, as one: --flags='--server redis-7.4'")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    if shutil.which("taskset") is None:
        raise SystemExit("taskset was not found: it is in util-linux")
    BENCH.mkdir(parents=True, exist_ok=True)
    report = Report()
    report.line(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for part in options.parts or PARTS:
        PARTS[part](options, report)
    if options.json:
        options.json.write_text(json.dumps(report.figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
