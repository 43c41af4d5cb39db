"""What redisconf costs, in instructions: a change that makes it dearer has to say so.

Instructions are counted by callgrind, and do not depend on what else the machine does. The program is the one that the
other tests use (`cargo build`), so that the figures are not those of a release; but what makes the one dearer makes the
other. They are kept in tests/instructions.json, for one compiler: with another, the cases are skipped.

REDISCONF_BLESS=1 writes the figures anew.
"""

import json
import os
import re
import sys

from harness import cargo
from harness.common import ROOT, TESTS
from harness.validators import fail, ok, skip

name = "instructions"
needs = ("heavy",)

KEPT = TESTS / "instructions.json"
# So much more or less is said to be the same: the C library and the order of a folder differ between machines.
TOLERANCE = 0.03
COUNTED = re.compile(r"Collected : (\d+)")


def run(ctx):
    sys.path.insert(0, str(ROOT / "benches"))
    import corpus

    valgrind = ctx.tool("valgrind")
    compiler = ctx.run([cargo.program(), "--version"], env={"HOME": os.environ.get("HOME", "")}).out.strip()
    many = corpus.write("redis", ctx.scratch / "many", 100)
    one = next(corpus.write("redis", ctx.scratch / "one", 1, 2000).rglob("*.conf"))
    tried = {
        "start": ["--version"],
        "lint of 100 files of 100 lines": ["lint", many],
        "lint of one file of 2,000 lines": ["lint", one],
        "render of a built-in profile": ["render", "builtin:session-store"],
        "diff of two built-in profiles": ["diff", "builtin:session-store", "builtin:knowledge-base"],
    }
    program = ctx.redisconf_program()
    counted = {}
    for case, words in tried.items():
        done = ctx.run([valgrind, "--tool=callgrind", f"--callgrind-out-file={ctx.scratch / 'out'}", program, *words],
                       env={"RAYON_NUM_THREADS": "1"}, timeout=600)
        found = COUNTED.search(done.err)
        if done.code not in (0, 1) or not found:
            yield fail(case, f"callgrind did not count (status {done.code}): {done.last_words()}")
            return
        counted[case] = int(found.group(1))
    if os.environ.get("REDISCONF_BLESS") == "1":
        KEPT.write_text(json.dumps({"compiler": compiler, "instructions": counted}, indent=2) + "\n", encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    for case, now in counted.items():
        if kept["compiler"] != compiler:
            yield skip(case, f"counted with {kept['compiler']}, and this is {compiler}")
            continue
        before = kept["instructions"].get(case)
        yield judged(case, before, now)


def judged(case, before, now):
    if before is None:
        return fail(case, "no figure is kept: run with REDISCONF_BLESS=1")
    change = now / before - 1
    if abs(change) <= TOLERANCE:
        return ok(case, f"{now / 1e6:.1f} million instructions ({change:+.1%})")
    what = "dearer than" if change > 0 else "cheaper than"
    return fail(case, f"{now / 1e6:.1f} million instructions, {abs(change):.1%} {what} the {before / 1e6:.1f} million that are "
                      f"kept: mend it, or keep the new figures with REDISCONF_BLESS=1 and say why")
