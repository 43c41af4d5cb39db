"""Helm values fit their chart, and every server that the chart then starts has what the profile says.

The charts are our own, in tests/charts: each carries configuration the way a
popular chart does.
"""

import re

from harness import cases, pod, profiles
from harness.common import TESTS
from harness.manifests import collected, read, strictly
from harness.validators import fail, ok
from harness.verdict import Wrong, check

name = "helm"
needs = ("heavy",)

CHARTS = TESTS / "charts"
ENGINES = {
    "bitnami/redis": ("redis",),
    "bitnami/valkey": ("valkey",),
    "cloudpirates/redis": ("redis",),
    "cloudpirates/valkey": ("valkey",),
    "command-list": ("redis", "valkey"),
    "valkey-io/valkey": ("valkey",),
}
# Profiles that a chart has no place for, and the finding that says so.
REFUSED = {
    ("dev", "valkey-io/valkey"): "chart-owns-directive",
}


def run(ctx):
    yield twins()
    yield from outcomes(ctx, cases.samples(ctx, "helm"))
    choices = [(chart, series) for chart in ENGINES for series in sorted(ctx.servers)
               if series.split("-")[0] in ENGINES[chart]]
    yield from outcomes(ctx, [profiles.rendered(ctx, profile, series, "helm", chart)
                              for profile, chart, series in profiles.rounds(ctx, "helm", choices, REFUSED)])
    yield from outcomes(ctx, list(topologies(ctx, choices)))
    yield from refusals(ctx, choices)


def outcomes(ctx, tried):
    for case in tried:
        template(ctx, case)
    faults = cases.judge(ctx, strictly(ctx), tried, lambda case: output(ctx, case) / "all.yaml")
    for case in tried:
        yield case.tried(ctx, lambda case: examine(ctx, case, faults))


def topologies(ctx, choices):
    """With replicas, and with Sentinel, the same settings have to reach every kind of pod."""
    known = profiles.built_in(ctx, "helm")
    for at, (chart, series) in enumerate(choice for choice in choices if choice[0].startswith("bitnami/")):
        options = ["--replicas", "2"] + ["--failover", "sentinel"] * (at % 2)
        fitting = [profile for profile in known if series in profile.series]
        yield profiles.rendered(ctx, fitting[at % len(fitting)], series, "helm", chart, options=options)


def refusals(ctx, choices):
    known = {profile.name: profile for profile in profiles.built_in(ctx, "helm")}
    for (profile, chart), finding in REFUSED.items():
        case = profiles.rendered(ctx, known[profile], dict(choices)[chart], "helm", chart)
        case.must_fail = finding
        yield case.tried(ctx, lambda case: "")


def template(ctx, case):
    """Let Helm fill the chart; a refusal is the case's fault."""
    if case.broken:
        return
    chart = CHARTS / case.options["chart"].replace("/", "-")
    done = ctx.run([ctx.tool("helm"), "template", "test", chart, "--values", case.path])
    if done.code != 0:
        case.broken = f"helm refuses the values:\n{done.last_words()}"
        return
    output(ctx, case).mkdir(parents=True)
    (output(ctx, case) / "all.yaml").write_text(done.out, encoding="utf-8")


def output(ctx, case):
    return ctx.scratch / "templated" / case.path.name


def examine(ctx, case, faults):
    cases.refuse(faults, case)
    manifests = read(ctx, output(ctx, case))
    started = pod.pods(manifests)
    for workload, spec in started:
        try:
            words = pod.start(ctx, spec, manifests, case.engine)
            said = check(ctx, case.series, words, case.wanted, pod.PASSWORD)
        except Wrong as wrong:
            raise Wrong(f"{workload}: {wrong}") from None
    return f"{said}, in {len(started)} kinds of pods" if len(started) > 1 else said


def twins():
    """bitnami/valkey is bitnami/redis with other words, so are our two charts."""
    def neutral(folder, words):
        files = sorted(path.relative_to(folder) for path in (folder / "templates").iterdir())
        return {file: re.sub(words, "WORD", (folder / file).read_text(encoding="utf-8")) for file in files}

    redis = neutral(CHARTS / "bitnami-redis", r"redis|\bmaster\b")
    valkey = neutral(CHARTS / "bitnami-valkey", r"valkey|\bprimary\b")
    return ok("bitnami charts alike") if redis == valkey else fail("bitnami charts alike", "their templates differ")
