"""Every heavy tool accepts what is right and refuses what is wrong, without a network."""

import json

from harness.common import Unavailable
from harness.validators import fail, ok, skip

name = "tools"
needs = ("heavy",)

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
       "spec": {"containers": [{"name": "a", "image": "a"}]}}
RULES = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: %s\n"


def run(ctx):
    compose = {"services": {"a": {"image": "a"}}}
    # tool, its words, a good file, a bad file (JSON is YAML as well)
    checks = [
        ("kubectl", ["kustomize", "."], "kustomization.yaml", {"resources": []}, {"resources": ["no-such-file.yaml"]}),
        ("helm", ["template", "."], "Chart.yaml", chart("1.0.0"), chart("one")),
        ("kubernetes-validate", ["--strict", "pod.yaml"], "pod.yaml", POD, {**POD, "spce": {}}),
        ("check-jsonschema", ["--builtin-schema", "vendor.compose-spec", "compose.yaml"], "compose.yaml", compose,
         {"services": {"a": {"imgae": "a"}}}),
        ("docker-compose", ["-f", "compose.yaml", "config", "-q"], "compose.yaml", {"version": "3.8", **compose},
         {"version": "3.8", "services": {"a": {"imgae": "a"}}}),
        ("promtool", ["check", "rules", "rules.yaml"], "rules.yaml", RULES % "up == 0", RULES % "up == == 0"),
    ]
    for tool, words, file, good, bad in checks:
        yield judges(ctx, tool, words, file, good, bad)


def judges(ctx, tool, words, file, good, bad):
    try:
        program = ctx.tool(tool)
    except Unavailable as reason:
        return skip(tool, str(reason))
    folder = ctx.scratch / tool
    for text, expected in ((good, True), (bad, False)):
        (folder / "templates").mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        done = ctx.run([program, *words], cwd=folder)
        if (done.code == 0) != expected:
            which = "good" if expected else "bad"
            return fail(tool, f"ended with status {done.code} on the {which} file:\n{done.last_words()}")
    return ok(tool)


def chart(version):
    return {"apiVersion": "v2", "name": "a", "version": version}
