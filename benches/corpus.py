"""Files to lint, plausible and always the same: half of them clean, half with a few mistakes each.

`redis` writes redis.conf, `python` modules for ruff, `dotenv` .env files, `toml` TOML. Every file has the same number of lines.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Callable, Dict, List

SEED = 20261122
WORDS = ("cache session order invoice user token queue event search index profile basket price stock mail upload report "
         "worker region shard replica backup metric audit feature").split()

# Groups of a redis.conf that every version takes. In braces a number that differs from file to file; the first statement of
# a group is in every file, the others in most.
SECTIONS: Dict[str, List[str]] = {
    "Network": ["bind 127.0.0.1", "port {port}", "tcp-backlog 511", "timeout 0", "tcp-keepalive 300",
                "protected-mode yes"],
    "Process": ["daemonize no", "loglevel notice", "databases 16", "always-show-logo no",
                "set-proc-title yes", "proc-title-template \"{{title}} {{listen-addr}} {{server-mode}}\""],
    "Snapshots": ["save 3600 1", "stop-writes-on-bgsave-error yes", "rdbcompression yes", "rdbchecksum yes",
                  "dbfilename dump-{port}.rdb", "rdb-del-sync-files no", "dir /data"],
    "Replication": ["replica-serve-stale-data yes", "replica-read-only yes", "repl-diskless-sync yes",
                    "repl-diskless-sync-delay 5", "repl-disable-tcp-nodelay no", "replica-priority 100",
                    "repl-backlog-size 64mb", "repl-timeout 60"],
    "Memory": ["maxmemory {gib}gb\nmaxmemory-policy allkeys-lru", "maxmemory-samples 5",
               "lazyfree-lazy-eviction yes", "lazyfree-lazy-expire yes", "lazyfree-lazy-server-del yes",
               "replica-lazy-flush yes", "lazyfree-lazy-user-del yes"],
    "Append-only file": ["appendonly yes", "appendfilename \"appendonly.aof\"", "appendfsync everysec",
                         "no-appendfsync-on-rewrite no", "auto-aof-rewrite-percentage 100",
                         "auto-aof-rewrite-min-size 64mb", "aof-load-truncated yes", "aof-use-rdb-preamble yes"],
    "Latency": ["slowlog-log-slower-than 10000", "slowlog-max-len 512", "latency-monitor-threshold 100",
                "notify-keyspace-events \"\""],
    "Encodings": ["list-compress-depth 0", "set-max-intset-entries 512", "hll-sparse-max-bytes 3000",
                  "stream-node-max-bytes 4096", "stream-node-max-entries 100", "activerehashing yes"],
    "Scripts": ["lua-time-limit 5000", "acllog-max-len 128", "tracking-table-max-keys 1000000",
                "cluster-enabled no", "oom-score-adj no", "disable-thp yes", "rdb-save-incremental-fsync yes",
                "aof-rewrite-incremental-fsync yes", "active-expire-effort 1"],
    "Clients": ["maxclients {clients}", "client-output-buffer-limit normal 0 0 0",
                "client-output-buffer-limit replica 256mb 64mb 60", "client-output-buffer-limit pubsub 32mb 8mb 60",
                "hz 10", "jemalloc-bg-thread yes"],
}
# What goes wrong in the other half: a line that takes the place of a clean one.
MISTAKES = ["maxmemory 8Gi", "maxmemory-policy allkeys_lru", "appendfsync every-sec", "timeout 10s", "tcp-keepalive -1",
            "protected-mode off", "slave-read-only yes", "bind 0.0.0.0", "save 900 1 # every quarter", "hz 1000",
            "maxmemory-polcy allkeys-lru", "requirepass secret", "list-max-ziplist-size -2", "vm-enabled no",
            "latency-monitor-threshold 0", "lua-replicate-commands yes"]


def redis(chance: random.Random, lines: int, clean: bool) -> List[str]:
    numbers = {"port": chance.randrange(6379, 6999), "gib": chance.randrange(1, 32),
               "clients": chance.randrange(1000, 20000, 500)}
    text = [f"# {comment(chance)}"]
    settings: List[int] = []
    for section, statements in SECTIONS.items():
        text += ["", f"# {section}: {comment(chance)}"]
        for index, statement in enumerate(statements):
            if index == 0 or chance.random() < 0.85:
                if chance.random() < 0.2:
                    text.append(f"# {comment(chance)}")
                settings.append(len(text))
                text += statement.format(**numbers).split("\n")
    text = text[:lines]
    settings = [at for at in settings if at < lines]
    if not clean:
        for at in chance.sample(settings, 4):
            text[at] = chance.choice(MISTAKES)
    while len(text) < lines:
        text.append(f"# {comment(chance)}")
    return text


def comment(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randrange(3, 9)))


def python(chance: random.Random, lines: int, clean: bool) -> List[str]:
    imports = ["json", "os", *([] if clean else chance.sample(["re", "sys", "math", "time", "shutil"], 2))]
    text = ['"""' + comment(chance) + '."""', "", *(f"import {module}" for module in sorted(imports))]
    while len(text) < lines - 8:
        first, second = chance.sample(WORDS, 2)
        broken = not clean and chance.random() < 0.15
        text += ["", "", f"def {first}_{second}_{len(text)}({second}, limit={chance.randrange(100)}):",
                 f'    """{comment(chance)}."""',
                 f"    found = [{first} for {first} in {second} if {first} {'==' if broken else 'is not'} None]",
                 f"    path = os.path.join(\"{first}\", str(limit))",
                 f"    unused = {chance.randrange(9)}" if broken else f"    # {comment(chance)}",
                 "    return json.dumps({\"path\": path, \"found\": found})"]
    while len(text) < lines:
        text.append(f"# {comment(chance)}")
    return text[:lines]


def dotenv(chance: random.Random, lines: int, clean: bool) -> List[str]:
    names = sorted({f"{chance.choice(WORDS)}_{chance.choice(WORDS)}_{number}".upper() for number in range(lines)})
    text = [f"{name}={chance.choice(WORDS)}{chance.randrange(10000)}" for name in names][:lines]
    if not clean:
        # None that would put all keys below it out of order.
        for at in chance.sample(range(len(text)), 4):
            name, value = text[at].split("=")
            text[at] = chance.choice([f"{name} = {value}", f"{name}={value} ", f"{name}", f"{name}={value} {value}"])
    return text


def toml(chance: random.Random, lines: int, clean: bool) -> List[str]:
    text: List[str] = []
    while len(text) < lines - 8:
        first, second = chance.sample(WORDS, 2)
        text += ["", f"# {comment(chance)}", f"[{first}-{len(text)}]", f'name = "{second}"',
                 f"limit = {chance.randrange(10000)}", f'path = "/srv/{first}/{second}"',
                 f"weights = [{', '.join(str(chance.randrange(99)) for _ in range(4))}]", f"{second} = true"]
    if not clean:
        # A key said twice, a string without its end: mistakes of syntax are all that TOML has without a schema.
        at = next(at for at, line in enumerate(text) if line.startswith("limit") and at > lines // 2)
        text[at + 1] = chance.choice([text[at], 'path = "/srv'])
    while len(text) < lines:
        text.append(f"# {comment(chance)}")
    return text[:lines]


KINDS: Dict[str, Callable] = {"redis": redis, "python": python, "dotenv": dotenv, "toml": toml}
NAMES = {"redis": "redis-{:05}.conf", "python": "module_{:05}.py", "dotenv": ".env.{:05}", "toml": "table_{:05}.toml"}


def write(kind: str, folder: Path, files: int, lines: int = 100) -> Path:
    """Write the files of a kind, a hundred to a folder, unless they are there."""
    stamp = folder / ".complete"
    wanted = f"{SEED} {kind} {files} {lines} {hash_of_this()}"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return folder
    if stamp.is_file():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} holds something else: remove it")
    for number in range(files):
        chance = random.Random(f"{SEED} {kind} {number}")
        text = KINDS[kind](chance, lines, clean=number % 2 == 0)
        path = folder / f"{number // 100:03}" / NAMES[kind].format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(text) + "\n", encoding="utf-8")
    stamp.write_text(wanted, encoding="utf-8")
    return folder


def hash_of_this() -> str:
    import hashlib

    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
