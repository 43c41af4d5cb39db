//! The catalogue is proven, not believed: it and the dumps of twelve servers say the same, both ways.
//!
//! Every deviation on purpose stands in one of the lists below, and a list that deviates nowhere fails as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write as _};
use std::path::PathBuf;

use redisconf::catalog::{self, Change, Directive, Kind, Lookup, Need, State, View, Without};
use redisconf::server::{self, Server};
use serde::Deserialize;

/// Deviations on purpose: a server, a name.
type List = &'static [(&'static str, &'static str)];

/// Names that a build has and the published release has not.
const CARRIED_BACK: List = &[("redis-7.0", "lua-enable-deprecated-api")];

/// Secrets that a server does not treat as such, though they are.
const SECRET_TO_US: List = &[
    ("redis-7.0", "tls-client-key-file-pass"),
    ("redis-7.0", "tls-key-file-pass"),
    ("redis-7.2", "tls-client-key-file-pass"),
    ("redis-7.2", "tls-key-file-pass"),
    ("valkey-7.2", "tls-client-key-file-pass"),
    ("valkey-7.2", "tls-key-file-pass"),
];

/// Unsigned numbers that are read as signed ones: the stated range is not the accepted one.
const MISSTATED_RANGES: List = &[
    ("valkey-8.0", "cluster-blacklist-ttl"),
    ("valkey-8.1", "cluster-blacklist-ttl"),
    ("valkey-9.0", "cluster-blacklist-ttl"),
    ("valkey-9.0", "slot-migration-max-failover-repl-bytes"),
    ("valkey-9.1", "cluster-blacklist-ttl"),
];

/// Redis 6.2 lists the old name and hides the new one, alone among all aliases.
const HIDDEN_NAMES: List = &[("redis-6.2", "replicaof")];

/// Redis 6.2 sets this number by code of its own, whose messages state no range.
const SET_BY_HAND: List = &[("redis-6.2", "watchdog-period")];

/// What a server said of itself; `tests/servers/DUMPS.md` explains the fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dump {
    engine: String,
    version: String,
    tls: bool,
    #[expect(dead_code, reason = "stated for people")]
    malloc: String,
    file_only: Vec<String>,
    ignored: Vec<String>,
    directives: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the marks of a dump")]
struct Said {
    name: String,
    alias_of: Option<String>,
    r#type: String,
    default: String,
    min: Option<i128>,
    max: Option<i128>,
    #[serde(default)]
    r#enum: Vec<String>,
    #[serde(default)]
    reads_back: BTreeMap<String, String>,
    mutable: bool,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    protected: bool,
    #[serde(default)]
    secret: bool,
    #[serde(default)]
    multi: bool,
    #[serde(default)]
    accepts_empty: bool,
    #[serde(default)]
    deny_loading: bool,
}

impl Dump {
    fn of(server: Server) -> Self {
        let path: PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "tests", "servers", &format!("{}.json", server.name())].iter().collect();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether this build knows the name of a directive.
    fn knows(&self, directive: &Directive) -> bool {
        let has_it = match directive.needs {
            Some(Need::Tls) => self.tls,
            // No build here has RDMA; the module is there, or its entry would not be in the dump.
            Some(Need::Rdma) => false,
            Some(Need::Jemalloc | Need::Module) | None => true,
        };
        has_it || directive.without != Some(Without::Unknown)
    }
}

/// Differences, and the deviations on purpose that were met.
#[derive(Default)]
struct Report {
    differences: String,
    excused: BTreeSet<(&'static str, &'static str)>,
}

impl Report {
    fn same<T: PartialEq + Debug>(&mut self, at: (Server, &str), what: &str, said: &T, ours: &T) {
        if said != ours {
            let (server, name) = at;
            writeln!(self.differences, "{server}, {name}: {what} is {said:?}, the catalogue says {ours:?}").unwrap();
        }
    }

    /// The same, but for what a list excuses.
    fn same_unless<T: PartialEq + Debug>(&mut self, list: List, at: (Server, &str), what: &str, said: &T, ours: &T) {
        match list.iter().find(|(server, name)| at.0.name() == *server && at.1 == *name) {
            Some(excuse) if said != ours => {
                self.excused.insert(*excuse);
            }
            Some(_) | None => self.same(at, what, said, ours),
        }
    }
}

#[test]
fn the_catalogue_says_what_twelve_servers_say() {
    let mut report = Report::default();
    let mut pairs = 0;
    for &server in server::all() {
        let dump = Dump::of(server);
        assert_eq!(format!("{}-{}", dump.engine, dump.version), format!("{}-{}", server.engine, server.habits().at));
        compare_names(&mut report, server, &dump);
        for said in &dump.directives {
            compare_facts(&mut report, server, said);
        }
        pairs += dump.directives.len() + dump.file_only.len() + dump.ignored.len();
    }
    assert!(report.differences.is_empty(), "{}", report.differences);
    let excuses = [CARRIED_BACK, SECRET_TO_US, MISSTATED_RANGES, HIDDEN_NAMES, SET_BY_HAND].concat();
    assert_eq!(report.excused.len(), excuses.len(), "an excuse excuses nothing");
    assert!(pairs > 2600, "only {pairs} names were compared");
}

fn said(names: &[String]) -> BTreeSet<&str> {
    names.iter().map(String::as_str).collect()
}

/// Both ways: every name the server knows, every name the catalogue claims.
fn compare_names(report: &mut Report, server: Server, dump: &Dump) {
    let view = View::of(server);
    let claimed = |wanted: fn(&Directive) -> bool| -> BTreeSet<&str> {
        let found = view.directives().filter(|directive| dump.knows(directive) && wanted(directive));
        found.flat_map(|directive| directive.names.iter().copied()).collect()
    };
    let mut live: BTreeSet<&str> = dump.directives.iter().map(|said| said.name.as_str()).collect();
    for excuse in CARRIED_BACK.iter().filter(|(at, _)| *at == server.name()) {
        assert!(live.remove(excuse.1) && !matches!(view.look(excuse.1), Lookup::Here(_)), "{excuse:?}");
        report.excused.insert(*excuse);
    }
    let lists = [
        ("live", live, claimed(|directive| directive.state == State::Accepted && !directive.is.file_only)),
        ("ignored", said(&dump.ignored), claimed(|directive| directive.state == State::Inert)),
        ("file-only", said(&dump.file_only), claimed(|directive| directive.is.file_only)),
    ];
    for (what, said, ours) in lists {
        for name in said.symmetric_difference(&ours) {
            report.same((server, name), &format!("being {what}"), &said.contains(name), &ours.contains(name));
        }
        for name in said {
            let shouted = name.to_ascii_uppercase();
            let known = [name, &shouted].map(|spelling| matches!(view.look(spelling), Lookup::Here(_)));
            report.same((server, name), "finding it", &[true, true], &known);
        }
    }
}

fn compare_facts(report: &mut Report, server: Server, said: &Said) {
    let at = (server, said.name.as_str());
    let Lookup::Here(ours) = View::of(server).look(&said.name) else { return };
    let alias_of = (ours.name() != said.name).then(|| ours.name().to_owned());
    report.same(at, "the preferred name", &said.alias_of, &alias_of);
    let default = if said.default == "<cwd>" { "." } else { &said.default };
    report.same(at, "the default", &Some(default), &ours.default);
    report.same(at, "being mutable", &said.mutable, &(ours.change == Change::Live));
    report.same(at, "being protected", &said.protected, &ours.is.protected);
    report.same(at, "taking many arguments", &said.multi, &ours.kind.is_many_valued());
    report.same_unless(HIDDEN_NAMES, at, "being hidden", &said.hidden, &ours.is.hidden);
    report.same_unless(SECRET_TO_US, at, "being secret", &said.secret, &ours.is.secret);
    if server.name() != "redis-6.2" {
        report.same(at, "being refused while loading", &said.deny_loading, &ours.is.not_while_loading);
    }
    let shape = Shape::of(&ours.kind);
    let by_hand = SET_BY_HAND.contains(&(&server.name(), &said.name));
    let ranges = if by_hand { SET_BY_HAND } else { MISSTATED_RANGES };
    report.same_unless(SET_BY_HAND, at, "the type", &said.r#type.as_str(), &shape.r#type);
    report.same_unless(ranges, at, "the range", &said.min.zip(said.max), &shape.range);
    report.same(at, "the words", &said.r#enum, &shape.words);
    if let Kind::Enum(words) = &ours.kind {
        let read_back = words.iter().filter(|word| word.name != word.shown);
        let ours = read_back.map(|word| (word.name.clone(), word.shown.clone())).collect();
        report.same(at, "what reads back", &said.reads_back, &ours);
    }
    if let Some(ours) = shape.accepts_empty {
        report.same(at, "accepting an empty text", &said.accepts_empty, &ours);
    }
}

/// What a dump would say of a kind.
struct Shape {
    r#type: &'static str,
    range: Option<(i128, i128)>,
    words: Vec<String>,
    /// Only said of texts; what other kinds make of an empty text is not the catalogue's business.
    accepts_empty: Option<bool>,
}

impl Shape {
    fn of(kind: &Kind) -> Self {
        let plain = |r#type| Self { r#type, range: None, words: Vec::new(), accepts_empty: None };
        let ranged = |r#type, min: &i128, max: &i128| Self { range: Some((*min, *max)), ..plain(r#type) };
        match kind {
            Kind::Bool => plain("bool"),
            Kind::Int { min, max } => ranged("int", min, max),
            Kind::Memory { min, max } => ranged("memory", min, max),
            Kind::MemoryOrPercent { min, max } => ranged("memory-or-percent", min, max),
            Kind::Octal { min, max } => ranged("octal", min, max),
            Kind::Enum(words) => Self { words: words.iter().map(|word| word.name.clone()).collect(), ..plain("enum") },
            Kind::Flags(words) => {
                Self { words: words.iter().map(|word| word.name.clone()).collect(), ..plain("enum-flags") }
            }
            Kind::Text(rules) => {
                Self { accepts_empty: Some(!rules.not_empty && !rules.title_template), ..plain("string") }
            }
            Kind::Bytes => Self { accepts_empty: Some(true), ..plain("string") },
            Kind::Words { .. } => plain("string-list"),
            Kind::Save
            | Kind::BufferLimits
            | Kind::Events(_)
            | Kind::Percentiles
            | Kind::OomValues
            | Kind::ReplicaOf
            | Kind::Dir => plain("special"),
            Kind::Include | Kind::RenameCommand | Kind::LoadModule | Kind::User | Kind::Sentinel => plain("file-only"),
        }
    }
}

#[test]
fn every_directive_is_known_to_some_server() {
    for name in catalog::all_names() {
        let id = catalog::find(name).expect("names are found");
        assert!(!catalog::servers_knowing(id).is_empty(), "{name}");
    }
}
