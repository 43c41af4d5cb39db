"""Kubernetes manifests are valid, and the server that their pod starts has what the profile says."""

from harness import cases, pod, profiles
from harness.manifests import collected, read, strictly
from harness.verdict import Wrong, check

name = "kubernetes"
needs = ("heavy",)


def run(ctx):
    yield from outcomes(ctx, cases.samples(ctx, "kubernetes"))
    yield from outcomes(ctx, [profiles.rendered(ctx, profile, series, "kubernetes", folder=True)
                              for profile, series in profiles.pairs(ctx, "kubernetes", each=2)])


def outcomes(ctx, tried):
    faults = cases.judge(ctx, strictly(ctx), tried, lambda case: collected(ctx, case.path))
    for case in tried:
        yield case.tried(ctx, lambda case: examine(ctx, case, faults))


def examine(ctx, case, faults):
    cases.refuse(faults, case)
    manifests = read(ctx, case.path)
    pods = pod.pods(manifests)
    if not pods:
        raise Wrong("there is no workload")
    for _, spec in pods:
        words = pod.start(ctx, spec, manifests, case.engine)
        said = check(ctx, case.series, words, case.wanted, pod.PASSWORD)
    return said
