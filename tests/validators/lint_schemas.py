"""SARIF fits the official schema, and junitparser reads from JUnit's XML what lint found."""

import json

from harness import linted
from harness.validators import fail, ok

name = "lint_schemas"
needs = ("heavy",)


def run(ctx):
    linted.write(ctx)
    dirty, clean = linted.lint(ctx, "."), linted.lint(ctx, "--select", "fatal", "clean.conf")
    schema = ctx.scratch / "sarif-schema.json"
    schema.write_text(ctx.run([ctx.tool("sarif-schema")]).out, encoding="utf-8")
    for case, texts in (("findings", dirty), ("no finding", clean)):
        yield fits(ctx, schema, f"sarif, {case}", texts["sarif"], True)
        yield junit(ctx, f"junit, {case}", texts)
    # A schema that takes everything would prove nothing.
    log = json.loads(dirty["sarif"])
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    yield fits(ctx, schema, "sarif, line 0", json.dumps(log), False)
    del log["runs"][0]["tool"]
    yield fits(ctx, schema, "sarif, no tool", json.dumps(log), False)


def fits(ctx, schema, case, text, expected):
    path = ctx.scratch / "log.sarif"
    path.write_text(text, encoding="utf-8")
    done = ctx.run([ctx.tool("check-jsonschema"), "--schemafile", schema, path])
    path.unlink()
    if (done.code == 0) == expected:
        return ok(case)
    return fail(case, done.last_words() if expected else "the schema takes what is wrong")


def junit(ctx, case, texts):
    done = ctx.run([ctx.tool("junit-to-json")], input=texts["junit"])
    if done.code != 0:
        return fail(case, done.last_words())
    cases = [one for suite in json.loads(done.out) for one in suite["cases"]]
    failures = sorted(result[2] for one in cases for result in one["results"] if result[0] == "Failure")
    wanted = sorted(finding["message"] for finding in linted.findings(texts)
                    if finding["severity"] in ("fatal", "error"))
    if failures != wanted:
        return fail(case, f"{len(failures)} failures, {len(wanted)} findings from error on")
    if sum(1 for one in cases if one["out"]) != len(linted.findings(texts)) - len(wanted):
        return fail(case, "milder findings are not in the output of tests")
    return ok(case)
