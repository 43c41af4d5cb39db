"""Compare what was wanted with what CONFIG GET shows: by meaning, not by spelling.

`1gb` is 1073741824, `slave` is `replica`, the order of flags says nothing. What
differs for a reason of the server's own (a limit of the machine, a clamp) is
not a difference.
"""

from __future__ import annotations

import re
import resource
from typing import Callable, Dict, List, Union

UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 10 ** 6, "mb": 1 << 20, "g": 10 ** 9, "gb": 1 << 30}
SIZE = re.compile(r"(\d+)([kmg]?b?)", re.IGNORECASE)
ALL_EVENTS = "g$lshzxetd"
NOT_SHOWN_BESIDE_ALL = set("noc")
# One directive, two names; each server knows at least one of them.
TWINS = {"primaryauth": "masterauth", "primaryuser": "masteruser", "masterauth": "primaryauth",
         "masteruser": "primaryuser"}

Value = Union[str, bool, int, List[str]]


def text(value: Value) -> str:
    """A value out of JSON, as CONFIG GET would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " ".join(text(word) for word in value)
    return str(value)


def same(name: str, wanted: str, shown: str, series: str) -> bool:
    """Whether the directive `name` does on the server `series` what was wanted."""
    if wanted == shown:
        return True
    if name == "maxclients":
        return _limited(wanted, shown)
    if name == "bind" and series == "redis-6.2":
        return {wanted, shown} == {"", "* -::*"}
    form = FORMS.get(name, _size)
    try:
        wanted_form, shown_form = form(wanted), form(shown)
    except (ValueError, IndexError):
        return False
    if isinstance(wanted_form, dict):  # A class that was not asked for keeps whatever it has.
        return all(shown_form.get(key) == value for key, value in wanted_form.items())
    return wanted_form == shown_form


def _size(value: str) -> Union[str, int]:
    match = SIZE.fullmatch(value)
    return int(match.group(1)) * UNITS[match.group(2).lower()] if match else value


def _buffer_limits(value: str) -> Dict[str, tuple]:
    words = value.lower().split()
    if len(words) % 4:
        raise ValueError("not groups of four")
    groups = (words[start:start + 4] for start in range(0, len(words), 4))
    return {name.replace("slave", "replica"): (_size(hard), _size(soft), int(seconds))
            for name, hard, soft, seconds in groups}


def _events(value: str) -> frozenset:
    letters = set(value.replace("A", ALL_EVENTS))
    return frozenset(letters - NOT_SHOWN_BESIDE_ALL if set(ALL_EVENTS) <= letters else letters)


def _numbers(value: str) -> List[float]:
    return [float(word) for word in value.split()]


def _clamped(value: str) -> int:
    return min(max(int(value), 1), 500)


def _percent(value: str) -> Union[str, int]:
    return 0 if value == "0%" else _size(value)


def _words(value: str) -> frozenset:
    return frozenset(value.lower().split())


def _limited(wanted: str, shown: str) -> bool:
    """The server lowers maxclients when it may not open that many files."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    needs_too_many = most != resource.RLIM_INFINITY and int(wanted) + 32 > most
    return needs_too_many and int(shown) < int(wanted)


FORMS: Dict[str, Callable] = {
    "client-output-buffer-limit": _buffer_limits,
    "hz": _clamped,
    "latency-tracking-info-percentiles": _numbers,
    "maxmemory-clients": _percent,
    "notify-keyspace-events": _events,
    "save": str.split,
    "shutdown-on-sigint": _words,
    "shutdown-on-sigterm": _words,
}
