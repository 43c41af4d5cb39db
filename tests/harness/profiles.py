"""Which profiles are rendered for which servers, and the rendering itself.

Not every profile meets every server on every target. Each profile comes up at
least once a target, and each target with every server; the choice is the same
on every run.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Mapping, Optional, Sequence, Tuple

from .cases import SAMPLES, Case
from .common import Unavailable
from .validators import Context
from .verdict import Wanted, Wrong


@dataclass(frozen=True)
class Profile:
    """A profile and the servers it can be tried on. `wanted` is set where we know better than redisconf."""

    name: str
    series: Tuple[str, ...]
    source: str
    wanted: Optional[Wanted] = None

    def expectation(self, ctx: Context, series: str) -> Wanted:
        """What redisconf says that this server has with this profile."""
        if self.wanted is not None:
            return self.wanted
        document = _answer(ctx, "show", self.source, "--server", series, "--output-format", "json")
        if not document.get("entries"):
            raise Wrong("`redisconf show` gives no entries, so there is nothing to compare")
        return Wanted.of(document)


def built_in(ctx: Context, target: str) -> List[Profile]:
    """The profiles that can be rendered by themselves."""
    if "render" not in ctx.redisconf("--help").out:
        raise Unavailable("this redisconf has no `render` yet; only the samples were tried")
    found = []
    for profile in _answer(ctx, "profiles", "--output-format", "json")["profiles"]:
        series = tuple(name for name in sorted(ctx.servers) if name in profile["servers"])
        if series and not profile["abstract"]:
            found.append(Profile(profile["name"], series, profile["name"]))
    if not found:
        raise Wrong("`redisconf profiles` names no profile that could be rendered for a server that is here")
    if "unknown target" in ctx.redisconf("render", found[0].source, "--target", target).err:
        raise Unavailable(f"this redisconf has no target `{target}` yet; only the samples were tried")
    return sorted(found, key=lambda profile: profile.name)


def nasty(ctx: Context) -> List[Profile]:
    """Profiles with values that every kind of artefact could trip over."""
    found = []
    for name, document in json.loads((SAMPLES / "nasty.json").read_text(encoding="utf-8")).items():
        path = ctx.scratch / f"{name}.toml"
        path.write_text(_toml(name, document), encoding="utf-8")
        found.append(Profile(name, tuple(sorted(ctx.servers)), str(path), Wanted(**document)))
    return found


def pairs(ctx: Context, target: str, each: int) -> Iterator[Tuple[Profile, str]]:
    """Every profile, the nasty ones too, with `each` servers in turn, so that every server has its turn as well."""
    for at, profile in enumerate(built_in(ctx, target) + nasty(ctx)):
        for step in range(min(each, len(profile.series))):
            yield profile, profile.series[(at * each + step) % len(profile.series)]


def rounds(ctx: Context, target: str, choices: Sequence[Tuple[str, str]],
           refused: Mapping[Tuple[str, str], str]) -> Iterator[Tuple[Profile, str, str]]:
    """Every (option, server) with some profile, and every profile with some (option, server).

    Then the nasty ones with each option. `refused` names pairs of profile and option that cannot be had.
    """
    turns, met = deque(built_in(ctx, target)), set()

    def fits(profile: Profile, option: str, series: str) -> bool:
        return series in profile.series and (profile.name, option) not in refused

    for option, series in choices:
        profile = next((profile for profile in turns if fits(profile, option, series)), None)
        if profile is not None:
            turns.remove(profile)
            turns.append(profile)
            met.add(profile)
            yield profile, option, series
    for profile in [profile for profile in turns if profile not in met]:
        option, series = next(choice for choice in choices if fits(profile, *choice))
        yield profile, option, series
    for at, profile in enumerate(nasty(ctx)):
        for option in dict(choices):
            servers = [series for name, series in choices if name == option]
            yield profile, option, servers[at % len(servers)]


def rendered(ctx: Context, profile: Profile, series: str, target: str, chart: str = "", folder: bool = False,
             options: Sequence[str] = ()) -> Case:
    """The case of one profile, rendered for one server."""
    title = " ".join(word for word in (profile.name, chart, series, *options) if word)
    path = ctx.scratch / "rendered" / title.replace("/", "-").replace(" ", "_")
    path.parent.mkdir(exist_ok=True)
    if target == "prometheus-rules":
        path.mkdir()  # What is not there yet would be the name of the first of its two files.
    words = ["render", profile.source, "--target", target, "--server", series]
    words += ["--chart", chart] if chart else []
    words += options
    words += ["--output", path] if folder else []
    done = ctx.redisconf(*words)
    if done.code != 0:
        broken = f"redisconf {' '.join(map(str, words))} ended with status {done.code}:\n{done.last_words()}"
        return Case(title, path, series, Wanted({}), broken=broken)
    if not folder:
        path = path.with_name(f"{path.name}.yaml")
        path.write_text(done.out, encoding="utf-8")
    try:
        return Case(title, path, series, profile.expectation(ctx, series), options={"chart": chart})
    except Wrong as wrong:
        return Case(title, path, series, Wanted({}), broken=str(wrong))


def _answer(ctx: Context, *words: str) -> dict:
    done = ctx.redisconf(*words)
    try:
        if done.code == 0:
            return json.loads(done.out)
    except ValueError:
        pass
    raise Wrong(f"redisconf {' '.join(words)} gave no JSON; status {done.code}:\n{done.last_words()}")


def _toml(name: str, document: dict) -> str:
    """A profile. A JSON string of characters up to U+FFFF is a TOML string."""
    def line(key: str, value: str) -> str:
        return f"{key} = {json.dumps(value)}"

    head = ["schema = 1", line("name", name), line("summary", "values that artefacts trip over"),
            line("workload", "cache"), 'servers = ["redis >= 6.2", "valkey >= 7.2"]', 'default-server = "redis-7.4"']
    settings = [line(key, value) for key, value in document["settings"].items()]
    renamed = [line(key, value) for key, value in document["renamed"].items()]
    return "\n".join([*head, "", "[settings]", *settings, "", "[rename-commands]", *renamed, ""])
