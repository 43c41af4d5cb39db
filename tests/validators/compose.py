"""Compose files are valid, and a server started by their command has what the profile says."""

from harness import cases, profiles
from harness.manifests import load
from harness.standin import server_words
from harness.verdict import Wrong, check

name = "compose"
needs = ("heavy",)


def run(ctx):
    yield from outcomes(ctx, cases.samples(ctx, "compose"))
    yield from outcomes(ctx, [profiles.rendered(ctx, profile, series, "compose")
                              for profile, series in profiles.pairs(ctx, each=2)])


def outcomes(ctx, tried):
    command = [ctx.tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    faults = cases.judge(ctx, command, tried, lambda case: case.path)
    for case in tried:
        yield case.tried(ctx, lambda case: examine(ctx, case, faults))


def examine(ctx, case, faults):
    cases.refuse(faults, case)
    words = server_words(ctx, command_of(ctx, case.path), case.engine)
    return check(ctx, case.series, words, case.wanted)


def command_of(ctx, path):
    """The command as docker-compose hands it to Docker."""
    done = ctx.run([ctx.tool("docker-compose"), "--file", path, "config"])
    if done.code != 0:
        raise Wrong(f"docker-compose refuses it:\n{done.last_words()}")
    services = [service for service in load(ctx, done.out)[0]["services"].values() if "command" in service]
    if len(services) != 1:
        raise Wrong(f"expected one service with a command, there are {len(services)}")
    command = services[0]["command"]
    if not isinstance(command, list):
        raise Wrong("the command is one string; only a list keeps its words as they are")
    # What `config` prints could be read again, so it doubles every dollar sign.
    return [word.replace("$$", "$") for word in command]
