"""One line for each thing, and the closing line."""

from __future__ import annotations


class Report:
    """Counts what passed, failed and was skipped, and prints it at once."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0

    def heading(self, text: str) -> None:
        print(f"\n== {text}", flush=True)

    def line(self, state: str, name: str, message: str = "") -> None:
        """One thing: further lines of the message are set in."""
        first, *more = message.strip().split("\n")
        print(f"{state:<8} {name:<20} {first}".rstrip(), flush=True)
        for text in more:
            print(f"         {text}", flush=True)

    def count(self, outcome: str, name: str, message: str = "") -> None:
        """The outcome (`ok`, `fail`, `skip`) of one check."""
        if outcome == "ok":
            self.passed += 1
            self.line("ok", name, message)
        elif outcome == "skip":
            self.skipped += 1
            self.line("skipped", name, message)
        else:
            self.failed += 1
            self.line("FAILED", name, message)

    def add(self, passed: int, failed: int, skipped: int) -> None:
        """Outcomes that were printed elsewhere."""
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def close(self) -> int:
        """The closing line; the exit status."""
        print(f"\n{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return 1 if self.failed else 0
