"""A real shell reads the `docker run` line, and a server started by its command has what the profile says."""

from harness import cases, profiles
from harness.standin import server_words, written_down
from harness.verdict import Wrong, check

name = "docker_run"
needs = ()

# Options of `docker run` that take no value; every other one does.
ALONE = {"-d", "--detach", "-i", "--interactive", "-t", "--tty", "-it", "-ti", "-dit", "-P", "--publish-all", "--init",
         "--no-healthcheck", "--oom-kill-disable", "--privileged", "-q", "--quiet", "--read-only", "--rm"}


def run(ctx):
    yield from outcomes(ctx, cases.samples(ctx, "docker-run"))
    yield from outcomes(ctx, (profiles.rendered(ctx, profile, series, "docker-run")
                              for profile, series in profiles.pairs(ctx, "docker-run", each=2)))


def outcomes(ctx, tried):
    for case in tried:
        yield case.tried(ctx, lambda case: examine(ctx, case))


def examine(ctx, case):
    _, words = written_down(ctx, ["sh", case.path], ["docker"])
    image, command = split(words)
    if case.engine not in image:
        raise Wrong(f"the image {image} is not one of {case.engine}")
    return check(ctx, case.series, server_words(ctx, command, case.engine), case.wanted)


def split(words):
    """The image and the command out of the words after `docker`."""
    if words[:1] != ["run"]:
        raise Wrong(f"expected docker run, it is docker {' '.join(words[:1])}")
    rest = words[1:]
    while rest and rest[0].startswith("-"):
        rest = rest[1:] if rest[0] in ALONE or "=" in rest[0] else rest[2:]
    if not rest:
        raise Wrong("no image is named")
    return rest[0], rest[1:]
