"""Does a server that is started like this do what the profile asks for?"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Sequence

from .boot import REPLACED, Refused, booted, shown
from .common import Problem
from .meaning import TWINS, same, text
from .resp import Client, ErrorReply


class Wrong(Problem):
    """The artefact is not right; the text says what was expected and what was there."""


@dataclass(frozen=True)
class Wanted:
    """What a profile asks for: directives as CONFIG GET shows them, and commands under another name.

    A new name that is empty means that the command must be gone.
    """

    settings: Mapping[str, str]
    renamed: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(document: dict) -> "Wanted":
        """From the document of `redisconf show --output-format json`. A value that is hidden is left out."""
        settings: Dict[str, str] = {}
        renamed: Dict[str, str] = {}
        for entry in document["entries"]:
            name, value = entry["name"], entry["value"]
            if name == "rename-command":
                old, new = shlex.split(text(value))
                renamed[old] = new
            elif value is not None and entry.get("in_config_get", True) and name not in REPLACED:
                settings[name] = text(value)
        return Wanted(settings, renamed)


def check(ctx, series: str, words: Sequence[str], wanted: Wanted, password: Optional[str] = None) -> str:
    """Start the server and compare. Returns how much was compared; anything amiss is a `Wrong`."""
    try:
        with booted(ctx, series, words, password) as client:
            amiss = _settings(client, series, wanted) + _commands(client, wanted)
    except (Refused, ConnectionError) as reason:
        raise Wrong(f"{series}: {reason}\nstarted with: {_short(words)}") from None
    if amiss:
        raise Wrong("\n".join([*amiss, f"{series} was started with: {_short(words)}"]))
    return f"{len(wanted.settings)} directives equal"


def _settings(client: Client, series: str, wanted: Wanted) -> List[str]:
    amiss = []
    for name, value in sorted(wanted.settings.items()):
        there = shown(client, name)
        if there is None and name in TWINS:
            there = shown(client, TWINS[name])
        if there is None:
            amiss.append(f"{name}: {series} does not know it")
        elif not same(name, value, there, series):
            amiss.append(f"{name}: expected {value!r}, {series} has {there!r}")
    return amiss


def _commands(client: Client, wanted: Wanted) -> List[str]:
    amiss = []
    for old, new in sorted(wanted.renamed.items()):
        if not _unknown(client.call(old)):
            amiss.append(f"rename-command: {old} still answers")
        if new and _unknown(client.call(new)):
            amiss.append(f"rename-command: {old} does not answer as {new!r}")
    return amiss


def _unknown(reply) -> bool:
    return isinstance(reply, ErrorReply) and "unknown command" in reply


def _short(words: Sequence[str]) -> str:
    line = " ".join(repr(word) if not word or set(word) - set(WORD) else word for word in words)
    return line if len(line) <= 700 else line[:700] + " …"


WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:%+=,"
