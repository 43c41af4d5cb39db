"""A few configurations full of mistakes, linted in all formats at once: what the validators of formats look at."""

from __future__ import annotations

import json
from typing import Dict, List

from .common import Problem

FORMATS = ("checkstyle", "concise", "github", "gitlab", "human", "json", "jsonl", "junit", "markdown", "sarif")

MISTAKES = """# redisconf: server=redis-7.4
port x
maxmemory 8Gi
maxmemory-policy allkeys_lru
appendonly true
save 3600 1
save 7200 1
requirepass c4n4ry
user ann on >c4n4ry +@red
user ann on
logfile "größe 💥" more words
hz 10 # why
bind 127.0.0.1
"""

FILES = {
    "clean.conf": "# redisconf: server=redis-7.4\nport 6379\n",
    "conf/redis.conf": MISTAKES,
    # Names that every format has to escape in its own way.
    "conf/a b, c:d%0A#1 <&\"'>.conf": MISTAKES,
    "conf/größe.conf": "# redisconf: server=redis-7.4\r\n# redisconf: ignore[user-data-in-logs] asked for in OPS-1\r\n"
                       "maxmemory 8Gi\r\ntimeout 10s\r\n",
    "many.conf": "# redisconf: server=redis-7.4\n" + "".join(f"maxmemory {n}Gi\n" for n in range(1, 31)),
    "old.conf": "# redisconf: server=valkey-8.1\n" + "slave-read-only yes\n" * 12 + "daemonize yes\n",
}

# What no byte of any output may hold.
SECRET = "c4n4ry"


def write(ctx) -> None:
    """Put the files into the scratch folder."""
    for name, text in FILES.items():
        path = ctx.scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


def lint(ctx, *words) -> Dict[str, str]:
    """What each format says of some files, asked for in one run; every run of lint ends alike."""
    outputs = [f"--output-format={name}=out.{name}" for name in FORMATS]
    done = ctx.redisconf("lint", "--no-config", "--level", "info", "--show-suppressed", *outputs, *words)
    if done.code not in (0, 1):
        raise Problem(f"redisconf lint ended with status {done.code}:\n{done.last_words()}")
    texts = {}
    for name in FORMATS:
        path = ctx.scratch / f"out.{name}"
        texts[name] = path.read_bytes().decode("utf-8")
        path.unlink()
    return texts


def findings(texts: Dict[str, str]) -> List[dict]:
    """The findings, as our own JSON has them."""
    return [finding for file in json.loads(texts["json"])["files"] for finding in file["findings"]]
