"""Alerts are rules that Prometheus takes, and each fires and stays silent where its own tests say so."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

from harness import profiles
from harness.validators import fail, ok

name = "prometheus_rules"
needs = ("heavy",)

RULES, TESTS = "prometheus-rules.yaml", "prometheus-rules.test.yaml"


def run(ctx):
    promtool = ctx.tool("promtool")
    tried = [profiles.rendered(ctx, profile, series, "prometheus-rules", folder=True)
             for profile, series in profiles.pairs(ctx, "prometheus-rules", each=2)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda case: judged(ctx, promtool, case), tried)
        yield from pool.map(lambda case: bent(ctx, promtool, case), tried[:1])


def judged(ctx, promtool, case):
    if case.broken:
        return fail(case.title, case.broken)
    for words in (["check", "rules", RULES], ["test", "rules", TESTS]):
        done = ctx.run([promtool, *words], cwd=case.path)
        if done.code != 0:
            return fail(case.title, f"promtool {' '.join(words)}:\n{done.out[-2000:]}\n{done.last_words()}")
    alerts = (case.path / RULES).read_text(encoding="utf-8").count("- alert:")
    tests = (case.path / TESTS).read_text(encoding="utf-8").count("eval_time:")
    if alerts < 5 or tests != 2 * alerts:
        return fail(case.title, f"{alerts} alerts with {tests} tests")
    return ok(case.title)


def bent(ctx, promtool, case):
    """Tests that nothing could fail would show nothing: with other thresholds they fail."""
    title = f"{case.title}: with a threshold bent"
    folder = ctx.scratch / "bent"
    folder.mkdir()
    text = (case.path / RULES).read_text(encoding="utf-8")
    (folder / RULES).write_text(re.sub(r"> \d+\"", '> 1e30"', text), encoding="utf-8")
    (folder / TESTS).write_text((case.path / TESTS).read_text(encoding="utf-8"), encoding="utf-8")
    done = ctx.run([promtool, "test", "rules", TESTS], cwd=folder)
    return ok(title) if done.code != 0 else fail(title, "promtool finds nothing wrong")
