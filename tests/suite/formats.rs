//! The formats of `lint`: what each says of the same findings, what stays the same between runs, and that none tells a secret.

use std::path::Path;
use std::sync::Arc;

use redisconf::catalog::View;
use redisconf::config::{Visible, resolve};
use redisconf::facts::Facts;
use redisconf::finding::{Edit, Finding, Fix, Severity};
use redisconf::lint::{self, Case, Chosen};
use redisconf::report::lint::{
    Detail, Examined, Fate, FileReport, Format, JudgedAs, Output, Settings, Summary, Suppression, SuppressionKind,
    Writer,
};
use redisconf::report::{FindingLine, Fingerprint, Look, Verdict};
use redisconf::server::{self, Server};
use redisconf::source::{Name, SourceId, Span};
use redisconf::syntax::lower::Lowering;
use redisconf::syntax::{Mode, Reading, conf};
use serde_json::Value;

/// Everything that a report can hold.
const ALL: Detail = Detail { drawn: Some(Look::PLAIN), replacements: true, fingerprints: true, suppressed: true };

fn read(server: Server, text: &str) -> Reading {
    conf::read_alone(Name::File("./conf/redis.conf".into()), text.as_bytes(), server)
}

fn redis() -> Server {
    "redis-7.4".parse().unwrap()
}

/// The place of the first occurrence of some text.
fn place(reading: &Reading, text: &str) -> Span {
    let root = reading.sources.get(SourceId::ROOT).text();
    let start = root.windows(text.len()).position(|window| window == text.as_bytes()).expect("the text is there");
    let offset = |n: usize| u32::try_from(n).unwrap();
    Span { source: SourceId::ROOT, start: offset(start), end: offset(start + text.len()) }
}

/// The report of some findings.
fn report(
    reading: &Reading,
    findings: Vec<Finding>,
    suppressed: Vec<(Finding, Suppression)>,
    fate: impl FnMut(&Finding, Option<Fingerprint>) -> Fate,
) -> FileReport {
    let view = View::of(reading.server);
    let config = resolve(reading, Mode::Server);
    let facts = Facts::default();
    let places = findings.iter().chain(suppressed.iter().map(|(finding, _)| finding));
    let lowering = Lowering::of(reading);
    let examined = Examined {
        path: Arc::from("conf/redis.conf"),
        folder: Path::new("/work"),
        title: None,
        server: JudgedAs {
            server: Some("redis-7.4".into()),
            judged_as: ["redis-7.4".into()].into(),
            because: "comment in line 1".into(),
            words: "as redis 7.4".into(),
            advice: None,
        },
        verdict: Verdict::STARTS,
        silent: vec![
            ("maxmemory-unset".into(), "memory"),
            ("another".into(), "memory"),
            ("another".into(), "workload"),
        ],
        sources: &reading.sources,
        visible: &Visible::near(reading, view, places.flat_map(Finding::places)),
        view,
        anchor: Case::new(reading, &config, &facts, Mode::Server).anchor(),
        findings,
        suppressed,
    };
    examined.report(&ALL, |fix| lowering.lower(fix), fate)
}

/// The report of what the rules say of a text.
fn linted(server: Server, text: &str) -> FileReport {
    let reading = read(server, text);
    let config = resolve(&reading, Mode::Server);
    let facts = Facts::default();
    let found = lint::inspect(&Case::new(&reading, &config, &facts, Mode::Server), &Chosen::all());
    report(&reading, found.findings, Vec::new(), |_, _| Fate::Shown)
}

/// A report without findings.
fn clean() -> FileReport {
    report(&read(redis(), TEXT), Vec::new(), Vec::new(), |_, _| Fate::Shown)
}

/// One output of some reports.
fn written(format: Format, settings: &Settings, reports: &[FileReport]) -> String {
    let mut out = Vec::new();
    let mut writer = Writer::new(format, settings);
    let mut summary = Summary::new(Severity::Warning);
    writer.begin(&mut out).unwrap();
    for report in reports {
        summary.add(report);
        writer.file(&mut out, report).unwrap();
    }
    summary.suggest("conf");
    writer.end(&mut out, &summary).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain(format: Format, reports: &[FileReport]) -> String {
    written(format, &Settings::PLAIN, reports)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const TEXT: &str = "# a comment\nmaxmemory 8gb\nsave 3600 1\nsave 7200 1\nrequirepass c4n4ry\n";

/// A report with one finding of each kind: with a fix, with a label, about a secret; and one that is suppressed.
fn example() -> FileReport {
    let reading = read(redis(), TEXT);
    let at = |text| place(&reading, text);
    let words = |line: &str| line.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
    let statement = at("maxmemory 8gb");
    let mut first = Finding::new("out-of-range", Severity::Error, at("8gb"), "`8gb` is too much: 100%, a, b")
        .here("too much")
        .help("set `maxmemory` to `4gb`")
        .fix(Fix::safe([Edit::Put { statement, words: words("maxmemory 4gb") }]));
    first.used.push("memory");
    let second = Finding::new("my-own-rule", Severity::Warning, at("save 7200 1"), "it can never fire")
        .label(at("save 3600 1"), "this one comes first")
        .fix(Fix::unsafe_([Edit::Drop { statement: at("save 7200 1") }]));
    let secret = at("requirepass c4n4ry");
    let third = Finding::new("plain-password", Severity::Warning, secret, "a password stands here")
        .fix(Fix::unsafe_([Edit::Put { statement: secret, words: words("requirepass c4n4ry2") }]));
    let hidden = Finding::new("some-info", Severity::Info, at("save 3600 1"), "good to know");
    let suppressed = Finding::new("out-of-range", Severity::Error, at("save 3600 1"), "suppressed");
    let why =
        Suppression { kind: SuppressionKind::Comment, reason: Some("INC-1".into()), until: Some("2027-01-31".into()) };
    report(&reading, vec![first, second, third, hidden], vec![(suppressed, why)], |finding, fingerprint| {
        assert!(fingerprint.is_some());
        if finding.severity < Severity::Warning { Fate::Hidden } else { Fate::Shown }
    })
}

#[test]
fn concise_is_a_line_a_finding() {
    assert_eq!(
        plain(Format::Concise, &[example()]),
        "conf/redis.conf:2:11: error[out-of-range] `8gb` is too much: 100%, a, b\n\
         conf/redis.conf:4:1: warning[my-own-rule] it can never fire\n\
         conf/redis.conf:5:1: warning[plain-password] a password stands here\n"
    );
}

#[test]
fn human_has_frames_fixes_and_a_summary() {
    let text = plain(Format::Human, &[example()]);
    let start = "conf/redis.conf:2:11: error[out-of-range] `8gb` is too much: 100%, a, b\n   ╭────\n 2 │ maxmemory 8gb\n   \
                 ·           ─┬─\n   ·            ╰── too much\n   ╰────\n  fix: set `maxmemory` to `4gb` (safe, --fix)\n";
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains(" 5 │ requirepass ***\n"), "{text}");
    let end = "\nstarts, judged as redis 7.4 (comment in line 1)\n1 error · 2 warnings · 3 fixable (1 by --fix, 2 more by \
               --unsafe-fixes) · 1 info hidden (--level info) · 1 suppressed · 2 rules silent for want of facts: memory \
               (2), workload (1)\nnext: redisconf lint --fix conf · redisconf explain out-of-range\n";
    assert!(text.ends_with(end), "{text}");
    let quiet = written(Format::Human, &Settings { quiet: true, ..Settings::PLAIN }, &[example()]);
    assert!(text.starts_with(&quiet) && !quiet.contains("judged"), "{quiet}");
}

#[test]
fn what_a_file_does_wrong_again_and_again_is_drawn_for_people_a_few_times() {
    let text = format!("port 70000\n{}", "hz 10\n".repeat(30));
    let reading = read(redis(), &text);
    let line = |number: u32| Span { source: SourceId::ROOT, start: 11 + 6 * number, end: 16 + 6 * number };
    let again = (0..30).map(|number| Finding::new("repeated", Severity::Warning, line(number), "again"));
    let once = Finding::new("out-of-range", Severity::Error, place(&reading, "70000"), "too much");
    let findings = again.chain([once]).collect();
    let report = report(&reading, findings, Vec::new(), |_, _| Fate::Shown);
    let human = plain(Format::Human, std::slice::from_ref(&report));
    assert_eq!(human.matches("warning[repeated]").count(), 20);
    assert_eq!(human.matches("error[out-of-range]").count(), 1, "a rule does not hide another");
    let rest = "… and 10 more of repeated; --output-format concise lists them all\n\nstarts, judged";
    assert!(human.contains(rest) && human.contains("1 error · 30 warning"), "{human}");
    let all = [Format::Concise, Format::Json, Format::Jsonl, Format::Sarif, Format::Gitlab, Format::Junit];
    for format in all.into_iter().chain([Format::Checkstyle]) {
        let text = plain(format, std::slice::from_ref(&report));
        assert!(text.matches("again").count() >= 30, "{format:?}: {text}");
    }
}

#[test]
fn a_summary_of_many_files_says_how_many_start() {
    let mut summary = Summary::new(Severity::Warning);
    assert_eq!(summary.human(Look::PLAIN), "nothing was judged\n");
    let mut one = clean();
    for (index, because) in ["project file", "project file", "image tag"].into_iter().enumerate() {
        one.path = format!("{index}.conf").into();
        one.server.because = because.into();
        one.verdict.starts = index > 0;
        one.silent.clear();
        summary.add(&one);
    }
    summary.skip("sentinel.conf", "it is not Redis's");
    assert_eq!(
        summary.human(Look::PLAIN),
        "3 files judged 2 as redis 7.4 (project file), 1 as redis 7.4 (image tag) · 1 does not start\n\
         no findings · 1 file skipped\n"
    );
}

#[test]
fn json_is_one_object_and_jsonl_one_a_line() {
    let whole = json(&plain(Format::Json, &[example(), example()]));
    assert_eq!((whole["schema_version"].as_u64(), whole["command"].as_str()), (Some(1), Some("lint")));
    let file = &whole["files"][1];
    assert_eq!(file["path"], "conf/redis.conf");
    assert_eq!((&file["silent"]["memory"], &file["hidden"]["info"]), (&Value::from(2), &Value::from(1)));
    let finding = &file["findings"][0];
    for (key, value) in [
        ("rule", "out-of-range"),
        ("severity", "error"),
        ("group", "values"),
        ("file", "conf/redis.conf"),
        ("message", "`8gb` is too much: 100%, a, b"),
        ("explain", "redisconf explain out-of-range"),
    ] {
        assert_eq!(finding[key], value, "{key}");
    }
    assert_eq!(finding["facts"][0], "memory");
    assert_eq!(finding["fix"]["safety"], "safe");
    assert_eq!(finding["fix"]["replacements"][0]["text"], "4gb");
    assert_eq!(file["findings"][1]["labels"][0]["line"], 3);
    assert_eq!(file["findings"][1]["explain"], Value::Null);
    assert_eq!(file["suppressed"][0]["suppression"]["reason"], "INC-1");
    let summary = &whole["summary"];
    assert_eq!((&summary["files"], &summary["configurations"]), (&Value::from(1), &Value::from(2)));
    assert_eq!(summary["silent"][0]["rules"], Value::from(vec!["another", "maxmemory-unset"]));

    let lines: Vec<Value> = plain(Format::Jsonl, &[example()]).lines().map(json).collect();
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["file", "finding", "finding", "finding", "suppressed", "summary"]);
    assert!(lines.iter().all(|line| line["schema_version"] == 1));
    assert_eq!(lines[1]["message"], finding["message"]);
    assert_eq!(json(&plain(Format::Json, &[]))["files"], Value::Array(Vec::new()));
}

#[test]
fn sarif_has_every_rule_and_the_worst_level_of_each() {
    let mut first = example();
    let mild = FindingLine { severity: Severity::Info, ..first.findings[0].clone() };
    first.findings.insert(0, mild);
    let log = json(&plain(Format::Sarif, &[first]));
    let run = &log["runs"][0];
    let (results, rules) = (&run["results"], run["tool"]["driver"]["rules"].as_array().unwrap());
    assert_eq!(rules.len(), lint::RULES.len() + 2);
    for result in results.as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let of = |id: &str| rules.iter().find(|rule| rule["id"] == id).unwrap();
    assert_eq!(of("out-of-range")["defaultConfiguration"]["level"], "error");
    assert_eq!(of("my-own-rule")["defaultConfiguration"]["level"], "warning");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let result = &results[1];
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        [&region["startLine"], &region["startColumn"], &region["endLine"], &region["endColumn"]],
        [2, 11, 2, 14]
    );
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "conf/redis.conf");
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "4gb");
    assert_eq!(result["partialFingerprints"]["redisconf/v1"].as_str().unwrap().len(), 64);
    assert_eq!(results[2]["relatedLocations"][0]["message"]["text"], "this one comes first");
    // A fix that touches a secret is not given, for without its text it would be a deletion.
    assert_eq!(results[3]["fixes"], Value::Null);
    assert_eq!(results[4]["suppressions"][0]["kind"], "inSource");
    assert_eq!(results[4]["suppressions"][0]["justification"], "INC-1");
    let from_root = Settings { prefix: "services/a b".into(), ..Settings::PLAIN };
    let log = json(&written(Format::Sarif, &from_root, &[example()]));
    let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(location["uri"], "services/a%20b/conf/redis.conf");
}

#[test]
fn github_gets_commands_ten_a_level() {
    let text = plain(Format::Github, &[example(), example(), example(), example(), example(), example()]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "::error file=conf/redis.conf,line=2,endLine=2,col=11,endColumn=14,title=redisconf out-of-range::\
         conf/redis.conf:2:11: error[out-of-range] `8gb` is too much: 100%25, a, b%0Ahelp: set `maxmemory` to `4gb`"
    );
    assert_eq!(lines.iter().filter(|line| line.starts_with("::warning ")).count(), 10);
    assert_eq!(lines.iter().filter(|line| line.starts_with("warning: conf/redis.conf:")).count(), 2);
    assert!(text.contains("2 more of level warning stand in this log only"), "{text}");
    let mut long = example();
    long.findings[0].end_line = 3;
    assert!(plain(Format::Github, &[long]).starts_with("::error file=conf/redis.conf,line=2,endLine=3,title="));
}

#[test]
fn gitlab_gets_unique_fingerprints() {
    let mut other = example();
    // The same file once more is no news; another finding that happens to look the same is.
    for finding in &mut other.findings {
        finding.at.line += 10;
    }
    let report = json(&plain(Format::Gitlab, &[example(), example(), other]));
    let entries = report.as_array().unwrap();
    assert_eq!(entries.len(), 6);
    let mut prints: Vec<&str> = entries.iter().map(|entry| entry["fingerprint"].as_str().unwrap()).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), 6);
    assert_eq!(entries[0]["severity"], "critical");
    assert_eq!(entries[0]["description"], "out-of-range: `8gb` is too much: 100%, a, b");
    assert_eq!(
        (&entries[0]["location"]["path"], &entries[0]["location"]["lines"]["begin"]),
        (&"conf/redis.conf".into(), &2.into())
    );
    assert_eq!(plain(Format::Gitlab, &[]), "[]\n");
}

#[test]
fn junit_calls_failed_what_fails_the_run() {
    let text = plain(Format::Junit, &[example(), clean()]);
    assert!(text.contains("<testsuite name=\"conf/redis.conf\" tests=\"3\" failures=\"1\""), "{text}");
    assert!(text.contains("<failure message=\"`8gb` is too much: 100%, a, b\" type=\"error\">"), "{text}");
    assert_eq!(text.matches("<system-out>").count(), 2);
    assert!(text.contains("<testcase name=\"clean\""), "{text}");
    let strict = written(Format::Junit, &Settings { fail_on: Severity::Warning, ..Settings::PLAIN }, &[example()]);
    assert_eq!(strict.matches("<failure").count(), 3);
}

#[test]
fn checkstyle_groups_by_file() {
    let mut report = example();
    report.findings[1].at.file = "conf/\"<included>\".conf".into();
    let text = plain(Format::Checkstyle, &[report]);
    assert_eq!(text.matches("<file name=\"conf/redis.conf\">").count(), 2);
    assert!(text.contains(
        "  <file name=\"conf/&quot;&lt;included&gt;&quot;.conf\">\n    <error line=\"4\" column=\"1\" severity=\"warning\" \
         message=\"it can never fire\" source=\"redisconf.my-own-rule\"/>\n  </file>\n"
    ));
}

#[test]
fn markdown_is_a_list() {
    let text = plain(Format::Markdown, &[example()]);
    assert!(text.contains(
        "### conf/redis.conf\n\n- line 2: **error** `out-of-range` `8gb` is too much: 100%, a, b  \n  → set `maxmemory` to `4gb`\n"
    ));
    assert!(text.contains("\nstarts, judged as redis 7.4 (comment in line 1)  \n"), "{text}");
}

#[test]
fn formats_are_read_with_their_files() {
    let read = |text: &str| Format::parse(text);
    assert_eq!(read("sarif=out/a=b.sarif"), Ok(Output { format: Format::Sarif, path: Some("out/a=b.sarif".into()) }));
    assert_eq!(read("concise"), Ok(Output { format: Format::Concise, path: None }));
    assert_eq!(read("sarf").unwrap_err(), "there is no format `sarf`; did you mean `sarif`?");
    assert_eq!(read("json=").unwrap_err(), "no file is named behind `json=`");
    assert!(read("text").unwrap_err().ends_with("human, json, jsonl, junit, markdown, sarif"));
    assert!(Format::ALL.is_sorted_by_key(|format| format.word()));
}

/// The fingerprint of a finding at some text, by a rule that says something.
fn fingerprint(text: &str, at: &str, message: &str) -> Fingerprint {
    let reading = read(redis(), text);
    let finding = Finding::new("a-rule", Severity::Warning, place(&reading, at), message);
    report(&reading, vec![finding], Vec::new(), |_, _| Fate::Shown).findings[0].fingerprint.unwrap()
}

#[test]
fn a_fingerprint_survives_unrelated_edits_and_no_others() {
    let first = fingerprint("port 1\nmaxmemory 8gb\n", "maxmemory 8gb", "`maxmemory` is 8 GiB of 7");
    for same in ["# more\n\nport 2\n  maxmemory  8gb\nhz 10\n", "MAXMEMORY 8gb\n", "hz 1\nmaxmemory \"8gb\"\n"] {
        let at = if same.contains("MAX") { "MAXMEMORY" } else { "maxmemory" };
        assert_eq!(first, fingerprint(same, at, "`maxmemory` is 8 GiB of 6"), "{same}");
    }
    assert_ne!(first, fingerprint("port 1\nmaxmemory 9gb\n", "maxmemory 9gb", "`maxmemory` is 9 GiB of 7"));
    // What is said of something that is not there does not depend on the line it happens to point at.
    let absent = |text: &str, at: &str| fingerprint(text, at, "no `maxmemory` is set");
    assert_eq!(absent("port 1\nhz 10\n", "port"), absent("bind ::1\nport 1\nhz 10\n", "bind"));
    // Of the first line itself, it does.
    let first_line = |text: &str, at: &str| fingerprint(text, at, "`port` is below 1024");
    assert_ne!(first_line("port 1\n", "port 1"), first_line("port 2\n", "port 2"));
}

#[test]
fn a_fingerprint_knows_nothing_of_a_secret() {
    for (line, other) in [
        ("requirepass c4n4ry", "requirepass other"),
        ("user a on >c4n4ry +@all", "user a on >other +@all"),
        ("requirepas c4n4ry", "requirepas other"),
        ("requirepass=c4n4ry", "requirepass=other"),
        ("rename-command CONFIG c4n4ry", "rename-command CONFIG other"),
    ] {
        let of = |line: &str| fingerprint(&format!("port 1\n{line}\n"), line.split(['=', ' ']).next().unwrap(), "x");
        assert_eq!(of(line), of(other), "{line}");
    }
}

#[test]
fn equal_findings_are_told_apart_by_their_order_in_the_file() {
    let reading = read(redis(), "port 1\nhz 10\nport 1\n");
    let finding = |at: Span| Finding::new("a-rule", Severity::Warning, at, "`port` it is");
    let (first, second) = (reading.statements()[0].at, reading.statements()[2].at);
    let prints = |findings: Vec<Finding>| -> Vec<Fingerprint> {
        let report = report(&reading, findings, Vec::new(), |_, _| Fate::Shown);
        report.findings.iter().map(|line| line.fingerprint.unwrap()).collect()
    };
    let both = prints(vec![finding(first), finding(second)]);
    assert_ne!(both[0], both[1]);
    assert_eq!(prints(vec![finding(second), finding(first)]), [both[1], both[0]]);
}

#[test]
fn a_fix_is_shown_unless_it_touches_a_secret() {
    let text = "maxmemory 8gb\nrequirepass c4n4ry\nuser a on >c4n4ry\nmaxmemory 1gb # c4n4ry\n";
    let reading = read(redis(), text);
    let statement = |index: usize| reading.statements()[index].at;
    let words = |line: &str| line.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
    let put = |index, line: &str| Edit::Put { statement: statement(index), words: words(line) };
    let add = |line: &str| Edit::Add { after: statement(0), words: words(line) };
    let shown_of = |fix: Fix| {
        let finding = Finding::new("a-rule", Severity::Warning, statement(0), "x").fix(fix);
        let report = report(&reading, vec![finding], Vec::new(), |_, _| Fate::Shown);
        let fix = report.findings[0].fix.clone().unwrap();
        assert!(!fix.replacements.is_empty());
        let texts: Vec<Option<String>> = fix.replacements.into_iter().map(|one| one.text).collect();
        assert_eq!(texts.iter().all(Option::is_some), texts.iter().any(Option::is_some), "all or none");
        texts[0].is_some()
    };
    let shown = |edits: Vec<Edit>| shown_of(Fix::safe(edits));
    assert!(shown(vec![put(0, "maxmemory 4gb")]));
    assert!(!shown_of(Fix::safe(vec![put(0, "maxmemory 4gb")]).of_secret()));
    assert!(shown(vec![add("maxclients 10000")]));
    assert!(shown(vec![Edit::Comment { above: statement(0), text: b"note".to_vec() }]));
    assert!(shown(vec![Edit::Drop { statement: statement(1) }]));
    assert!(!shown(vec![put(1, "requirepass c4n4ry2")]));
    assert!(!shown(vec![put(2, "user a on >c4n4ry ~*")]));
    assert!(!shown(vec![put(0, "maxmemory 4gb"), add("masterauth c4n4ry")]));
    assert!(!shown(vec![Edit::Comment { above: statement(1), text: b"c4n4ry".to_vec() }]));
}

/// Lines in which a secret stands, some of them wrong.
const SECRETS: &[&str] = &[
    "requirepass c4n4ry",
    "requirepass \"c4n4ry\" # the old one: c4n4ry",
    "requirepass 'c4n4ry",
    "requirepass=c4n4ry",
    "requirepass: c4n4ry",
    "requirepas c4n4ry",
    "requirepass\nc4n4ry",
    "\u{feff}requirepass c4n4ry",
    "masterauth c4n4ry\nmasterauth other",
    "tls-client-key-file-pass c4n4ry x",
    "user default on c4n4ry",
    "user a on >c4n4ry\nuser a on #c4n4ry",
    "user a on (~* >c4n4ry",
    "user a on >c4n4ry\naclfile /etc/redis/users.acl",
    "rename-command CONFIG c4n4ry\nrename-command CONFIG c4n4ry",
    "rename-command FLUSHALL \"c4n4ry\nrename-command x",
    "loadmodule /usr/lib/a.so PASSWORD c4n4ry\nsearch.password c4n4ry",
    "sentinel auth-pass main c4n4ry",
    "# c4n4ry\nport x",
    "port x\nrequirepass c4n4ry",
    "requirepass c4n4ry\0\nport x",
];

#[test]
fn no_format_tells_a_secret() {
    let mut findings = 0;
    for server in server::all() {
        let mut reports: Vec<FileReport> =
            SECRETS.iter().map(|line| linted(*server, &format!("timeout 1\n{line}\n"))).collect();
        findings += reports.iter().map(|report| report.findings.len()).sum::<usize>();
        reports.push(example());
        for format in Format::ALL {
            let text = plain(format, &reports);
            assert!(!text.contains("c4n4ry") && text.len() > 100, "{server} {format:?}:\n{text}");
        }
    }
    assert!(findings > 200, "{findings}");
}
