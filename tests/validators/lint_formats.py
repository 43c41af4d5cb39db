"""Each format of lint has the fields that its reader asks for, escaped as that reader unescapes them."""

import json
import re
from collections import Counter
from xml.etree import ElementTree

from harness import linted
from harness.validators import fail, ok

name = "lint_formats"
needs = ()

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")
CONCISE = re.compile(r"(.+?):(\d+):(\d+): (fatal|error|warning|info)\[([a-z0-9-]+)\] (.+)")
RESULTS_SHOWN = 10


class Wrong(Exception):
    """What is wrong with an output."""


def run(ctx):
    linted.write(ctx)
    dirty, clean = linted.lint(ctx, "."), linted.lint(ctx, "--select", "fatal", "clean.conf")
    checks = (("concise", concise), ("github", github), ("gitlab", gitlab), ("sarif", sarif), ("junit", junit),
              ("checkstyle", checkstyle), ("json", plain_json))
    for case, check in checks:
        yield judged(case, lambda check=check: (check(dirty), check(clean)) and None)
    yield judged("secrets", lambda: secrets(dirty))
    yield judged("alike", lambda: demand(linted.lint(ctx, ".") == dirty, "two runs say different things"))
    yield judged("status", lambda: status(ctx))
    yield judged("fingerprints", lambda: fingerprints(ctx, dirty))
    yield judged("fixes", lambda: fixes(ctx, dirty))


def judged(case, check):
    try:
        check()
    except Wrong as wrong:
        return fail(case, str(wrong))
    return ok(case)


def demand(holds, what):
    if not holds:
        raise Wrong(what)


def names(findings):
    """Which rule says something at which place, as often as it does."""
    return Counter((finding["file"], finding["line"], finding["column"], finding["rule"]) for finding in findings)


def same(texts, found, what):
    demand(names(linted.findings(texts)) == Counter(found), f"{what} has other findings than JSON")


def concise(texts):
    found = []
    for line in texts["concise"].splitlines():
        match = CONCISE.fullmatch(line)
        demand(match, f"no finding: {line}")
        found.append((match[1], int(match[2]), int(match[3]), match[5]))
    same(texts, found, "concise")


def github(texts):
    """As the runner reads it: properties are split at commas, the first `=` ends a name, then percents are undone."""
    levels, plain = Counter(), Counter()
    paths = {finding["file"] for finding in linted.findings(texts)}
    for line in texts["github"].splitlines():
        if not line.startswith("::"):
            demand(not line.lstrip().startswith("::"), f"would be read as a command: {line}")
            plain.update(re.findall(r"^(error|warning|notice): ", line))
            continue
        match = COMMAND.fullmatch(line)
        demand(match, f"no command: {line}")
        fields = dict(piece.split("=", 1) for piece in match[2].split(","))
        fields = {key: undone(value) for key, value in fields.items()}
        demand(fields["file"] in paths, f"unknown file {fields['file']!r}")
        demand(int(fields["line"]) >= 1 and int(fields["endLine"]) >= int(fields["line"]), f"lines: {line}")
        if "col" in fields or "endColumn" in fields:
            demand(fields["line"] == fields["endLine"], f"columns over several lines: {line}")
            demand(int(fields["endColumn"]) >= int(fields["col"]) >= 1, f"columns: {line}")
        message = undone(match[3])
        demand(message.startswith(f"{fields['file']}:{fields['line']}:"), f"no place in the message: {message}")
        levels[match[1]] += 1
    demand(all(count <= RESULTS_SHOWN for count in levels.values()), f"more than GitHub shows: {levels}")
    total = sum(levels.values()) + sum(plain.values())
    demand(total == len(linted.findings(texts)), f"{total} findings of {len(linted.findings(texts))}")


def undone(text):
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def gitlab(texts):
    """docs.gitlab.com/ci/testing/code_quality: the fields of the report, and their values."""
    demand(texts["gitlab"][:1] == "[", "begins with something else than the array")
    entries, seen = json.loads(texts["gitlab"]), set()
    for entry in entries:
        for key in ("description", "check_name", "fingerprint"):
            demand(isinstance(entry.get(key), str) and entry[key], f"no {key}: {entry}")
        demand(entry["severity"] in ("info", "minor", "major", "critical", "blocker"), f"severity: {entry}")
        path = entry["location"]["path"]
        demand(path and not path.startswith(("/", "./")) and "\\" not in path, f"path: {entry}")
        demand(isinstance(entry["location"]["lines"]["begin"], int), f"line: {entry}")
        seen.add(entry["fingerprint"])
    demand(len(seen) == len(entries), "a fingerprint is there twice")
    demand(len(entries) == len(linted.findings(texts)), "other findings than JSON")


def sarif(texts):
    """What GitHub's code scanning requires; the schema is checked by lint_schemas."""
    log = json.loads(texts["sarif"])
    demand(log["version"] == "2.1.0" and log["$schema"], "version and schema")
    demand(len(log["runs"]) == 1, "one run")
    run = log["runs"][0]
    driver = run["tool"]["driver"]
    demand(driver["name"] == "redisconf" and driver["semanticVersion"], "the driver has no name or version")
    rules = driver["rules"]
    demand(len({rule["id"] for rule in rules}) == len(rules), "a rule is there twice")
    for rule in rules:
        for key in ("shortDescription", "fullDescription", "help"):
            demand(rule[key]["text"], f"{rule['id']} has no {key}")
        demand(len(rule["shortDescription"]["text"]) <= 1024 and len(rule["fullDescription"]["text"]) <= 1024,
               f"{rule['id']}: too long")
        demand(rule["defaultConfiguration"]["level"] in ("note", "warning", "error"), f"{rule['id']}: level")
        properties = rule["properties"]
        demand(properties["precision"] in ("very-high", "high", "medium", "low"), f"{rule['id']}: precision")
        demand(len(properties["tags"]) <= 10, f"{rule['id']}: tags")
        if "security-severity" in properties:
            value = properties["security-severity"]
            demand(isinstance(value, str) and 0 < float(value) <= 10, f"{rule['id']}: security-severity")
            demand("security" in properties["tags"], f"{rule['id']}: not tagged")
        else:
            demand(properties["problem.severity"] in ("error", "warning", "recommendation"), f"{rule['id']}: severity")
    found = []
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        demand(rule["id"] == result["ruleId"], f"the number of {result['ruleId']} is that of {rule['id']}")
        demand(order(result["level"]) <= order(rule["defaultConfiguration"]["level"]), f"{rule['id']}: worse than its rule")
        demand(result["message"]["text"] and result["partialFingerprints"], f"{rule['id']}: no message or fingerprint")
        demand("primaryLocationLineHash" not in result["partialFingerprints"], "that key is GitHub's")
        place = result["locations"][0]["physicalLocation"]
        uri, region = place["artifactLocation"]["uri"], place["region"]
        demand(re.fullmatch(r"([A-Za-z0-9._~/@!$()*,=+-]|%[0-9A-F]{2})+", uri), f"no URI: {uri}")
        demand((region["endLine"], region["endColumn"]) >= (region["startLine"], region["startColumn"]) >= (1, 1),
               f"region: {region}")
        if all(one["kind"] in ("inSource", "external") for one in result.get("suppressions", [{"kind": ""}])):
            continue
        found.append((decoded(uri), region["startLine"], region["startColumn"], result["ruleId"]))
    same(texts, found, "SARIF")


def order(level):
    return ("none", "note", "warning", "error").index(level)


def decoded(uri):
    return re.sub(rb"%(..)", lambda code: bytes([int(code[1], 16)]), uri.encode()).decode("utf-8")


def junit(texts):
    """The elements and attributes that Jenkins, GitLab and others know."""
    root = ElementTree.fromstring(texts["junit"].encode("utf-8"))
    demand(root.tag == "testsuites", root.tag)
    cases = 0
    for suite in root:
        demand(suite.tag == "testsuite" and suite.get("name"), "a suite without a name")
        inside = list(suite)
        demand(int(suite.get("tests")) == len(inside), f"{suite.get('name')}: tests")
        failed = [case for case in inside if case.find("failure") is not None]
        demand(int(suite.get("failures")) == len(failed), f"{suite.get('name')}: failures")
        demand(suite.get("errors") == "0", "errors are for tests that broke")
        for case in inside:
            demand(case.tag == "testcase" and case.get("name") and case.get("classname"), "a case without a name")
            for part in case:
                demand(part.tag in ("failure", "system-out") and part.text, f"{part.tag} in a case")
                demand(part.tag != "failure" or part.get("message") and part.get("type"), "a failure without words")
            cases += len(list(case))
    demand(cases == len(linted.findings(texts)), "other findings than JSON")


def checkstyle(texts):
    root = ElementTree.fromstring(texts["checkstyle"].encode("utf-8"))
    demand(root.tag == "checkstyle" and root.get("version"), "the root")
    found = []
    for file in root:
        demand(file.tag == "file" and file.get("name"), "a file without a name")
        for error in file:
            demand(error.tag == "error" and error.get("message"), "an error without a message")
            demand(error.get("severity") in ("error", "warning", "info"), f"severity {error.get('severity')}")
            demand(error.get("source", "").startswith("redisconf."), "no source")
            rule = error.get("source")[len("redisconf."):]
            found.append((file.get("name"), int(error.get("line")), int(error.get("column")), rule))
    same(texts, found, "checkstyle")


def plain_json(texts):
    whole = json.loads(texts["json"])
    lines = [json.loads(line) for line in texts["jsonl"].splitlines()]
    demand(whole["schema_version"] == 1 and all(line["schema_version"] == 1 for line in lines), "schema version")
    found = [line for line in lines if line["type"] == "finding"]
    same(texts, names(found).elements(), "JSON Lines")
    demand(lines[-1]["type"] == "summary", "no summary at the end")
    demand({key: value for key, value in lines[-1].items() if key not in ("type", "schema_version")} == whole["summary"],
           "the summaries differ")
    demand(sum(whole["summary"]["findings"].values()) == len(found), "the summary counts otherwise")
    text = {file: content.splitlines() for file, content in linted.FILES.items()}
    for finding in found:
        line = text[finding["file"]][finding["line"] - 1]
        demand(1 <= finding["column"] <= len(line) + 1, f"columns are no characters: {finding}")


def secrets(texts):
    for format, text in texts.items():
        demand(linted.SECRET not in text, f"{format} tells a secret")


def status(ctx):
    """However it is written, the same run ends alike."""
    for file in ("clean.conf", "conf/redis.conf"):
        codes = {format: ctx.redisconf("lint", "--no-config", file, "--output-format", format).code
                 for format in linted.FORMATS}
        demand(len(set(codes.values())) == 1, f"{file}: {codes}")


def fingerprints(ctx, before):
    """Lines that come in above and below change no fingerprint."""
    def prints(texts):
        return sorted(entry["fingerprint"] for entry in json.loads(texts["gitlab"])
                      if entry["location"]["path"] == "conf/redis.conf")

    path = ctx.scratch / "conf" / "redis.conf"
    old = path.read_text(encoding="utf-8")
    path.write_text(old.replace("port x\n", "# a comment\n\nport x\n\n# more\n"), encoding="utf-8")
    after = linted.lint(ctx, ".")
    path.write_text(old, encoding="utf-8")
    demand(prints(before) and prints(after) == prints(before), "comments change fingerprints")


def fixes(ctx, texts):
    """A viewer that carries out a fix of SARIF gets a file in which that finding is no more."""
    tried = 0
    path = ctx.scratch / "fixed.conf"
    for result in json.loads(texts["sarif"])["runs"][0]["results"]:
        for fix in result.get("fixes", []):
            change = fix["artifactChanges"][0]
            file = decoded(change["artifactLocation"]["uri"])
            if file != "conf/redis.conf":
                continue
            path.write_bytes(carried_out(linted.FILES[file], change["replacements"]).encode("utf-8"))
            left = linted.findings(linted.lint(ctx, "fixed.conf"))
            was = [finding for finding in linted.findings(texts)
                   if (finding["file"], finding["rule"]) == (file, result["ruleId"])]
            now = [finding for finding in left if finding["rule"] == result["ruleId"]]
            demand(len(now) < len(was), f"the fix of {result['ruleId']} does not help: {fix}")
            tried += 1
    path.unlink(missing_ok=True)
    demand(tried >= 2, f"only {tried} fixes were tried")


def carried_out(text, replacements):
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def offset(line, column):
        return starts[line - 1] + column - 1

    def region(replacement):
        where = replacement["deletedRegion"]
        return (offset(where["startLine"], where["startColumn"]), offset(where["endLine"], where["endColumn"]))

    for replacement in sorted(replacements, key=region, reverse=True):
        start, end = region(replacement)
        text = text[:start] + replacement["insertedContent"]["text"] + text[end:]
    return text
