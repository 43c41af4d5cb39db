"""What a validator tries: an artefact, the server it is for, and what that server must then have.

There are two kinds. A sample was written by hand and lies in
tests/validators/samples: it shows that the validator sees what it should, so
most samples must fail, for the reason they name. The others are rendered.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

from .common import TESTS
from .validators import Context, Outcome, fail, ok, skip
from .verdict import Wanted, Wrong

SAMPLES = TESTS / "validators" / "samples"
HEADER = re.compile(r"# ([a-z]+): (.*)")


@dataclass
class Case:
    """One artefact. `path` is a file, or a folder if it has several; `broken` says why there is none.

    `must_fail` is a part of the message that a bad sample must lead to.
    """

    title: str
    path: Path
    series: str
    wanted: Wanted
    must_fail: Optional[str] = None
    options: Dict[str, str] = field(default_factory=dict)
    broken: Optional[str] = None

    @property
    def engine(self) -> str:
        return self.series.split("-")[0]

    def tried(self, ctx: Context, examine: Callable[["Case"], str]) -> Outcome:
        """The outcome; `examine` says what was compared, or raises `Wrong`."""
        if self.series not in ctx.servers:
            return skip(self.title, f"{self.series} is not there")
        try:
            if self.broken:
                raise Wrong(self.broken)
            message = examine(self)
        except Wrong as wrong:
            if self.must_fail is None:
                return fail(self.title, str(wrong))
            if self.must_fail not in str(wrong):
                return fail(self.title, f"was found wrong, but not for `{self.must_fail}`:\n{wrong}")
            return ok(self.title, f"refused: {self.must_fail}")
        if self.must_fail is not None:
            return fail(self.title, f"was not found wrong; expected `{self.must_fail}`")
        return ok(self.title, message)


def samples(ctx: Context, target: str) -> List[Case]:
    """The samples of a target. Their first lines say which server and settings they are for, and what is wrong."""
    known = {name: document for file in ("wanted.json", "nasty.json")
             for name, document in json.loads((SAMPLES / file).read_text(encoding="utf-8")).items()}
    found = []
    for path in sorted((SAMPLES / target).iterdir()):
        options = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            match = HEADER.fullmatch(line)
            if match is None:
                break
            options[match.group(1)] = match.group(2)
        wanted = Wanted(**known[options["wanted"]])
        found.append(Case(f"sample {path.stem}", path, options["server"], wanted, options.get("wrong"), options))
    return found


def judge(ctx: Context, command: Sequence, cases: Sequence[Case], file: Callable[[Case], Path]) -> Dict[str, str]:
    """What a schema checker has against each case, by title; cases without fault are left out.

    A checker is slow to start: what should be good is judged in one call, samples that must fail in another, and
    one by one only where that finds something.
    """
    faults = {}
    for must_fail in (False, True):
        group = [case for case in cases if case.broken is None and (case.must_fail is not None) == must_fail]
        if group and ctx.run([*command, *map(file, group)], timeout=300).code != 0:
            single = {case.title: ctx.run([*command, file(case)], timeout=300) for case in group}
            faults.update({title: done.last_words(8) for title, done in single.items() if done.code != 0})
    return faults


def refuse(faults: Dict[str, str], case: Case) -> None:
    """Raise what the schema checker had against the case."""
    if case.title in faults:
        raise Wrong(faults[case.title])
