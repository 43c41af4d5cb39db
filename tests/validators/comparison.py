"""What the validators of artefacts rely on: values are compared by meaning, and `$` read as Kubernetes reads it."""

from harness.meaning import same
from harness.pod import expand
from harness.validators import fail, ok

name = "comparison"
needs = ()

EQUAL = [
    ("maxmemory", "100mb", "104857600"),
    ("client-output-buffer-limit", "pubsub 32mb 8mb 60", "normal 0 0 0 slave 1 1 1 pubsub 33554432 8388608 60"),
    ("client-output-buffer-limit", "replica 1gb 0 0", "normal 0 0 0 slave 1073741824 0 0 pubsub 1 1 1"),
    ("notify-keyspace-events", "KEA", "AKE"),
    ("notify-keyspace-events", "g$lshzxetdE", "AE"),
    ("latency-tracking-info-percentiles", "50.0 99.90", "50 99.9"),
    ("hz", "1000", "500"),
    ("maxmemory-clients", "0%", "0"),
    ("shutdown-on-sigterm", "save now", "now save"),
]
DIFFERENT = [
    ("maxmemory", "100m", "104857600"),
    ("save", "", "3600 1 300 100 60 10000"),
    ("save", "3600 1 300 100", "300 100 3600 1"),
    ("client-output-buffer-limit", "pubsub 32mb 8mb 60", "normal 0 0 0 slave 0 0 0 pubsub 33554432 8388608 61"),
    ("notify-keyspace-events", "KEA", "AE"),
    ("maxmemory-clients", "5%", "5"),
    ("syslog-ident", "a b", "a  b"),
]
ENV = {"HOME": "/root"}
EXPANDED = [
    ("$(HOME)", "/root"), ("$$(HOME)", "$(HOME)"), ("$$$(HOME)", "$/root"), ("${HOME} $HOME", "${HOME} $HOME"),
    ("$(NONE)", "$(NONE)"), ("$(HOME", "$(HOME"), ("a$", "a$"), ("$$", "$"), ("$x$$y", "$x$y"),
]


def run(ctx):
    for directive, wanted, shown in EQUAL:
        holds = same(directive, wanted, shown, "redis-7.0")
        yield verdict(f"{directive} {wanted}", holds, f"should equal {shown}")
    for directive, wanted, shown in DIFFERENT:
        holds = not same(directive, wanted, shown, "redis-7.0")
        yield verdict(f"{directive} {wanted}", holds, f"should not equal {shown}")
    for series, expected in (("redis-6.2", True), ("redis-7.0", False)):
        holds = same("bind", "* -::*", "", series) == expected
        yield verdict(f"bind on {series}", holds, "an empty bind is every interface on 6.2 alone")
    for text, expected in EXPANDED:
        got = expand(text, ENV)
        yield verdict(text, got == expected, f"expected {expected}, got {got}")


def verdict(case, holds, message):
    return ok(case) if holds else fail(case, message)
