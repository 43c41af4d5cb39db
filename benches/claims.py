#!/usr/bin/env python3
"""What is often said of Redis settings, measured: writes docs/claims.md.

    benches/claims.py --server-bin /usr/bin/redis-server
    benches/claims.py --server-bin valkey-server --only io-threads --rounds 20

Each claim is a pair of configurations under a load, compared by `redisconf bench`, whose verdict is what counts: nothing is
claimed that it does not claim. The page tells the machine it was made on; on another, run it again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Tuple

ROOT = Path(__file__).resolve().parent.parent
BASE = 'save ""\nappendonly no\nprotected-mode yes\n'


@dataclass(frozen=True)
class Claim:
    """Something people say, with the pair that tests it."""

    name: str
    said: str
    a: str
    b: str
    load: Tuple[str, ...]


CLAIMS = (
    Claim("relaxed-snapshots", "Fewer save points make commands faster: A saves each second, B in an hour.",
          'save 1 1\n', 'save 3600 1\n', ("--workload", "kb", "--saves", "points", "--keys", "20000")),
    Claim("aof-everysec", "An append-only file that is synced each second costs next to nothing: A has none, B has one.",
          BASE, BASE + "appendonly yes\nappendfsync everysec\n", ("--workload", "queue")),
    Claim("aof-always", "Syncing each write is slow: A syncs each second, B each write.",
          BASE + "appendonly yes\nappendfsync everysec\n", BASE + "appendonly yes\nappendfsync always\n",
          ("--workload", "queue")),
    Claim("io-threads", "Ten I/O threads are already optimised: A has one thread, B ten.",
          BASE, BASE + "io-threads 10\n", ("--workload", "cache", "--clients", "16")),
    Claim("pubsub-buffers", "Larger output buffers make messages faster: A has the default 32mb 8mb 60, B 256mb 128mb 60.",
          BASE, BASE + "client-output-buffer-limit pubsub 256mb 128mb 60\n", ("--workload", "pubsub")),
    Claim("pubsub-buffers-stalled", "Larger output buffers lose less: the same with small limits, 256kb against 32mb, and two "
          "subscribers that never read.", BASE + "client-output-buffer-limit pubsub 256kb 0 0\n",
          BASE + "client-output-buffer-limit pubsub 32mb 8mb 60\n",
          ("--workload", "pubsub", "--stalled", "2", "--value-size", "4096")),
    Claim("connection-reuse", "A connection for each message is slow: A keeps its connections, B opens one for each.",
          BASE, BASE, ("--workload", "pubsub", "--connect-b", "per-message")),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server-bin", required=True)
    parser.add_argument("--redisconf", default=str(ROOT / "target" / "release" / "redisconf"))
    parser.add_argument("--only", action="append", choices=[claim.name for claim in CLAIMS])
    parser.add_argument("--rounds", default="10")
    parser.add_argument("--duration", default="2")
    parser.add_argument("--busy", default="50")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "claims.md")
    options = parser.parse_args()
    results = []
    for claim in CLAIMS:
        if options.only and claim.name not in options.only:
            continue
        result = measured(claim, options)
        if result is None:
            return 2
        results.append((claim, result))
        print(f"{claim.name}: {told(result)}", file=sys.stderr)
    options.output.write_text(page(results, options), encoding="utf-8")
    return 0


def measured(claim, options):
    with tempfile.TemporaryDirectory() as folder:
        sides = [Path(folder) / name for name in ("a.conf", "b.conf")]
        for path, text in zip(sides, (claim.a, claim.b)):
            path.write_text(text, encoding="utf-8")
        words = [options.redisconf, "bench", *map(str, sides), "--server-bin", options.server_bin, *claim.load,
                 "--rounds", options.rounds, "--duration", options.duration, "--busy", options.busy,
                 "--output-format", "json"]
        done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    # 3 is an answer, too: that nothing can be claimed.
    return json.loads(done.stdout) if done.returncode in (0, 3) else None


def told(result) -> str:
    return result["claim"] + (f": {result['reason']}" if "reason" in result else "")


def page(results, options) -> str:
    lines = ["# What is often said, measured", "",
             "Made by `benches/claims.py`, which anyone can run; do not edit.",
             "How it is judged: [benchmarking.md](benchmarking.md).", ""]
    if results:
        machine, first = results[0][1]["machine"], results[0][1]
        facts = [f"{first['server']} ({first['allocator']})",
                 f"{machine['processors']} processors {machine['model'] or ''}".strip(),
                 machine["governor"] and f"governor {machine['governor']}", machine["kernel"],
                 f"{options.rounds} rounds of twice {options.duration} s", f"seed {first['seed']}"]
        lines += ["Measured on: " + ", ".join(fact for fact in facts if fact) + ".", ""]
    for claim, result in results:
        others = result["machine"]["others"]
        busy = f" Others took {others:.0%} of the processors." if others is not None else ""
        lines += [f"## {claim.name}", "", claim.said, "", f"**{told(result)}**.{busy}", "",
                  "| | A | B | B to A | 99 % interval | |", "|---|---|---|---|---|---|"]
        for line in result["measures"]:
            interval = " to ".join(f"{end:+.0%}" for end in line["interval"]) if line["interval"] else "-"
            cells = [line["name"], value(line, "a"), value(line, "b"), f"{line['change']:+.0%}", interval, line["verdict"]]
            lines.append(f"| {' | '.join(cells)} |")
        counts = [f"{line['name']} {line['a']} against {line['b']}" for line in result["counts"]]
        lines += ["", "Counted: " + ", ".join(counts) + "." if counts else "", ""]
    return "\n".join(lines).rstrip() + "\n"


def value(line, side) -> str:
    median = line[side]["median"]
    if line["unit"] == "ns":
        return f"{median / 1e6:.3g} ms" if median >= 1e6 else f"{median / 1e3:.3g} µs"
    return f"{median:.0f}/s" if line["unit"] == "1/s" else f"{median:.0f}"


if __name__ == "__main__":
    sys.exit(main())
