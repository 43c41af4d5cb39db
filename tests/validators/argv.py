"""A real shell reads the command line, and a server started by it has what the profile says."""

from harness import cases, profiles
from harness.standin import SERVERS, written_down
from harness.verdict import Wrong, check

name = "argv"
needs = ()


def run(ctx):
    yield from outcomes(ctx, cases.samples(ctx, "argv"))
    yield from outcomes(ctx, (profiles.rendered(ctx, profile, series, "argv")
                              for profile, series in profiles.pairs(ctx, "argv", each=2)))


def outcomes(ctx, tried):
    for case in tried:
        yield case.tried(ctx, lambda case: examine(ctx, case))


def examine(ctx, case):
    program, words = written_down(ctx, ["sh", case.path], SERVERS)
    if program != f"{case.engine}-server":
        raise Wrong(f"expected {case.engine}-server to be started, it was {program}")
    return check(ctx, case.series, words, case.wanted)
