"""Compose files are valid, and a server started by their command has what the profile says."""

import os
from concurrent.futures import ThreadPoolExecutor

from harness import cases, profiles
from harness.manifests import load
from harness.standin import server_words
from harness.verdict import Wrong, check

name = "compose"
needs = ("heavy",)


def run(ctx):
    yield from outcomes(ctx, cases.samples(ctx, "compose"))
    yield from outcomes(ctx, [profiles.rendered(ctx, profile, series, "compose")
                              for profile, series in profiles.pairs(ctx, "compose", each=2)])


def outcomes(ctx, tried):
    command = [ctx.tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    faults = cases.judge(ctx, command, tried, lambda case: case.path)
    # docker-compose takes a second to start, so as many at once as there are processors.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        read = dict(zip((case.title for case in tried), pool.map(lambda case: configured(ctx, case), tried)))
    for case in tried:
        yield case.tried(ctx, lambda case: examine(ctx, case, faults, read[case.title]))


def configured(ctx, case):
    """What docker-compose reads out of the file."""
    return None if case.broken else ctx.run([ctx.tool("docker-compose"), "--file", case.path, "config"])


def examine(ctx, case, faults, read):
    cases.refuse(faults, case)
    return check(ctx, case.series, server_words(ctx, command_of(ctx, read), case.engine), case.wanted)


def command_of(ctx, read):
    """The command as docker-compose hands it to Docker."""
    if read.code != 0:
        raise Wrong(f"docker-compose refuses it:\n{read.last_words()}")
    services = [service for service in load(ctx, read.out)[0]["services"].values() if "command" in service]
    if len(services) != 1:
        raise Wrong(f"expected one service with a command, there are {len(services)}")
    command = services[0]["command"]
    if not isinstance(command, list):
        raise Wrong("the command is one string; only a list keeps its words as they are")
    # What `config` prints could be read again, so it doubles every dollar sign.
    return [word.replace("$$", "$") for word in command]
