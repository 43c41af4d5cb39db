"""The hooks run in somebody else's repository, from a clean clone of this tree, and the wheel behind them is what it says.

The wheel is built by maturin as `pip install` does it; only that it is not optimised, which would take minutes and prove
nothing, and that the crates which the tests have compiled are not compiled again.
"""

import os
import re
import shutil
from email.parser import Parser
from pathlib import Path

from harness import cargo
from harness.common import Problem
from harness.validators import fail, ok

name = "pre-commit"
needs = ("heavy",)

HOOKS = ("redisconf-lint", "redisconf-fmt", "redisconf-render-check")
PROJECT = """schema = 1

[instance.cache]
profile = "builtin:cache@1"
server = "redis-7.4"
facts = { memory = "4GiB" }
render = [{ target = "conf", to = "out/cache.conf" }]
"""
BAD = "# the cache\nPort   6379\nmaxmemory 8Gi\n"
MENDED = "# the cache\nport 6379\nmaxmemory 8gb\nmaxmemory-policy allkeys-lru\n"
STRANGE = "server {\n    listen   80;\n}\n"


def run(ctx):
    home = Path(os.path.expanduser("~"))
    environment = {
        # Each user's own, which HOME being the scratch folder would hide.
        "CARGO_HOME": os.environ.get("CARGO_HOME", str(home / ".cargo")),
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(home / ".rustup")),
        "CARGO_TARGET_DIR": str(ctx.root / os.environ.get("CARGO_TARGET_DIR", "target")),
        "MATURIN_PEP517_ARGS": "--profile dev",
        "PRE_COMMIT_HOME": str(ctx.scratch / "hooks"),
        "PRE_COMMIT_COLOR": "never",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    program = ctx.tool("pre-commit")
    ours = clone(ctx, environment)
    theirs = ctx.scratch / "theirs"
    repository(ctx, theirs, environment)

    def pre_commit(*words):
        # The first run builds the program.
        return ctx.run([program, *words], cwd=theirs, env=environment, timeout=1800)

    tried = pre_commit("try-repo", ours, "--all-files", "--verbose")
    yield verdicts("a repository with mistakes", tried, dict.fromkeys(HOOKS, "Failed"), 1,
                   ("`maxmemory`", "formatted", "stale"))
    said = (theirs / "redis.conf").read_text(encoding="utf-8")
    yield ok("fmt writes") if "\nport 6379\n" in said else fail("fmt writes", f"redis.conf is {said!r}")
    nginx = (theirs / "nginx.conf").read_text(encoding="utf-8")
    yield ok("others' files stay") if nginx == STRANGE else fail("others' files stay", f"nginx.conf is {nginx!r}")

    (theirs / "redis.conf").write_text(MENDED, encoding="utf-8")
    render(ctx, theirs)
    revision = git(ctx, ours, environment, "rev-parse", "HEAD").strip()
    hooks = "".join(f"      - id: {hook}\n" for hook in HOOKS)
    config = f"repos:\n  - repo: {ours}\n    rev: {revision}\n    hooks:\n{hooks}"
    (theirs / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    git(ctx, theirs, environment, "add", "-A")
    installed = pre_commit("run", "--all-files")
    yield verdicts("the same repository, mended", installed, dict.fromkeys(HOOKS, "Passed"), 0)
    others = pre_commit("run", "--files", "nginx.conf")
    nothing = {"redisconf-lint": "Skipped", "redisconf-fmt": "Skipped", "redisconf-render-check": "Passed"}
    yield verdicts("a file that is none of ours", others, nothing, 0)
    yield wheel(ctx, ours)


def clone(ctx, environment):
    """This tree as it is, without what git ignores, as the only commit of a repository of its own."""
    ours = ctx.scratch / "ours"
    listed = ctx.run(["git", "-C", ctx.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    if listed.code != 0:
        raise Problem(f"git could not list this tree:\n{listed.last_words()}")
    for path in filter(None, listed.out.split("\0")):
        if (ctx.root / path).is_file():
            (ours / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ctx.root / path, ours / path, follow_symlinks=False)
    commit(ctx, ours, environment)
    return ours


def repository(ctx, folder, environment):
    """A repository that uses redisconf, with a mistake for each hook."""
    folder.mkdir()
    for path, text in (("redis.conf", BAD), ("nginx.conf", STRANGE), ("redisconf.toml", PROJECT)):
        (folder / path).write_text(text, encoding="utf-8")
    render(ctx, folder)
    artefact = folder / "out" / "cache.conf"
    artefact.write_text(artefact.read_text(encoding="utf-8") + "hz 77\n", encoding="utf-8")
    commit(ctx, folder, environment)


def render(ctx, folder):
    # From inside, as the hook does it: places of facts stand in the artefact as they are reached.
    done = ctx.run([cargo.binary(), "render"], cwd=folder)
    if done.code != 0:
        raise Problem(f"the project could not be rendered:\n{done.last_words()}")


def commit(ctx, folder, environment):
    for words in (("init", "-q"), ("add", "-A"),
                  ("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-q", "-m", "all")):
        git(ctx, folder, environment, *words)


def git(ctx, folder, environment, *words):
    done = ctx.run(["git", *words], cwd=folder, env=environment)
    if done.code != 0:
        raise Problem(f"git {words[0]} failed:\n{done.last_words()}")
    return done.out


def verdicts(case, done, expected, code, words=()):
    """What pre-commit says of each hook, and words that must be in what it prints."""
    found = {}
    names = {"redisconf lint": HOOKS[0], "redisconf fmt": HOOKS[1], "redisconf render --check": HOOKS[2]}
    for line in done.out.splitlines():
        match = re.match(r"(redisconf [a-z -]+?)\.{3,}.*?(Passed|Failed|Skipped)$", line)
        if match:
            found[names[match.group(1)]] = match.group(2)
    missing = [word for word in words if word not in done.out]
    if done.code != code or found != expected or missing:
        wanted = f"expected {expected} and status {code}; got {found} and {done.code}; not said: {missing}"
        return fail(case, f"{wanted}\n{done.out[-3000:]}\n{done.err[-1000:]}")
    return ok(case)


def wheel(ctx, ours):
    """Name, version, licence and program, as pip sees them."""
    cargo = (ours / "Cargo.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.*)"', cargo, re.M).group(1)
    found = next((ctx.scratch / "hooks").glob("repo*/py_env-*/lib/python*/site-packages/redisconf-*.dist-info"), None)
    if found is None:
        return fail("wheel", "pre-commit installed no redisconf")
    metadata = Parser().parsestr((found / "METADATA").read_text(encoding="utf-8"))
    says = {key: metadata[key] for key in ("Name", "Version", "License-Expression", "Requires-Dist")}
    wanted = {"Name": "redisconf", "Version": version, "License-Expression": "MIT OR Apache-2.0", "Requires-Dist": None}
    licences = sorted(file.name for file in found.rglob("LICENSE-*"))
    if says != wanted or licences != ["LICENSE-APACHE", "LICENSE-MIT"] or not metadata.get_payload().strip():
        return fail("wheel", f"its metadata says {says}, licences {licences}; expected {wanted}")
    program = found.parents[3] / "bin" / "redisconf"
    answer = ctx.run([program, "--version"])
    if answer.out != f"redisconf {version}\n":
        return fail("wheel", f"its program says {answer.out!r}")
    return ok("wheel", version)
