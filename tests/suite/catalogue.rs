//! The catalogue is proven, not believed: it and the dumps of twelve servers say the same, both ways.
//!
//! Every deviation on purpose stands in one of the lists below, and a list that deviates nowhere fails as well.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use redisconf::catalog::{self, Change, Directive, Kind, Lookup, Need, State, View, Without};
use redisconf::server::{self, Server};
use serde::Deserialize;

/// Names that a build has and the published release has not.
const CARRIED_BACK: &[(&str, &str)] = &[("redis-7.0", "lua-enable-deprecated-api")];

/// Secrets that a server does not treat as such, though they are.
const SECRET_TO_US: &[(&str, &str)] = &[
    ("redis-7.0", "tls-client-key-file-pass"),
    ("redis-7.0", "tls-key-file-pass"),
    ("redis-7.2", "tls-client-key-file-pass"),
    ("redis-7.2", "tls-key-file-pass"),
    ("valkey-7.2", "tls-client-key-file-pass"),
    ("valkey-7.2", "tls-key-file-pass"),
];

/// Unsigned numbers that are read as signed ones: the stated range is not the accepted one.
const MISSTATED_RANGES: &[(&str, &str)] = &[
    ("valkey-8.0", "cluster-blacklist-ttl"),
    ("valkey-8.1", "cluster-blacklist-ttl"),
    ("valkey-9.0", "cluster-blacklist-ttl"),
    ("valkey-9.0", "slot-migration-max-failover-repl-bytes"),
    ("valkey-9.1", "cluster-blacklist-ttl"),
    ("valkey-9.1", "slot-migration-max-failover-repl-bytes"),
];

/// Redis 6.2 lists the old name and hides the new one, alone among all aliases.
const HIDDEN_NAMES: &[(&str, &str)] = &[("redis-6.2", "replicaof")];

/// Redis 6.2 sets this number by code of its own, whose messages state no range.
const SET_BY_HAND: &[(&str, &str)] = &[("redis-6.2", "watchdog-period")];

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
    reads_back: std::collections::BTreeMap<String, String>,
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
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, at: (Server, &str), what: &str, said: T, ours: T) {
        if said != ours {
            let (server, name) = at;
            writeln!(self.differences, "{server}, {name}: {what} is {said:?}, the catalogue says {ours:?}").unwrap();
        }
    }

    /// The same, but for what a list excuses.
    fn same_unless(
        &mut self,
        list: &'static [(&'static str, &'static str)],
        at: (Server, &str),
        what: &str,
        said: impl PartialEq + std::fmt::Debug,
        ours: impl PartialEq + std::fmt::Debug,
    ) {
        let (said, ours) = (format!("{said:?}"), format!("{ours:?}"));
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

/// Both ways: every name the server knows, every name the catalogue claims, and which names belong together.
fn compare_names(report: &mut Report, server: Server, dump: &Dump) {
    let view = View::of(server);
    let live = |directive: &&Directive| directive.state == State::Accepted && !directive.is.file_only;
    let names = |wanted: &dyn Fn(&&Directive) -> bool| -> BTreeSet<String> {
        let found = view.directives().filter(|directive| dump.knows(directive) && wanted(directive));
        found.flat_map(|directive| directive.names.iter().map(ToString::to_string)).collect()
    };
    let mut said: BTreeSet<String> = dump.directives.iter().map(|said| said.name.clone()).collect();
    for excuse in CARRIED_BACK.iter().filter(|(at, _)| *at == server.name()) {
        assert!(said.remove(excuse.1), "{excuse:?}");
        assert!(!matches!(view.look(excuse.1), Lookup::Here(_)), "{excuse:?}");
        report.excused.insert(*excuse);
    }
    report.same((server, "all"), "the live names", said, names(&live));
    let said: BTreeSet<String> = dump.ignored.iter().cloned().collect();
    report.same((server, "all"), "the ignored names", said, names(&|directive| directive.state == State::Inert));
    let said: BTreeSet<String> = dump.file_only.iter().cloned().collect();
    report.same((server, "all"), "the file-only names", said, names(&|directive| directive.is.file_only));

    for name in dump.directives.iter().map(|said| &said.name).chain(&dump.file_only).chain(&dump.ignored) {
        for spelling in [name.clone(), name.to_ascii_uppercase()] {
            let known = matches!(view.look(&spelling), Lookup::Here(_));
            let carried_back = CARRIED_BACK.contains(&(&server.name(), name));
            report.same((server, name), "knowing it", !carried_back, known);
        }
    }
}

fn compare_facts(report: &mut Report, server: Server, said: &Said) {
    let at = (server, said.name.as_str());
    let Lookup::Here(ours) = View::of(server).look(&said.name) else { return };
    let alias_of = (ours.name() != said.name).then(|| ours.name().to_owned());
    report.same(at, "the preferred name", said.alias_of.clone(), alias_of);
    let default = if said.default == "<cwd>" { "." } else { &said.default };
    report.same(at, "the default", Some(default), ours.default);
    report.same(at, "being mutable", said.mutable, ours.change == Change::Live);
    report.same(at, "being protected", said.protected, ours.is.protected);
    report.same(at, "taking many arguments", said.multi, ours.kind.is_many_valued());
    report.same_unless(HIDDEN_NAMES, at, "being hidden", said.hidden, ours.is.hidden);
    report.same_unless(SECRET_TO_US, at, "being secret", said.secret, ours.is.secret);
    if server.name() != "redis-6.2" {
        report.same(at, "being refused while loading", said.deny_loading, ours.is.not_while_loading);
    }
    report.same_unless(SET_BY_HAND, at, "the type", said.r#type.as_str(), dump_type(&ours.kind));
    let stated = said.min.zip(said.max);
    let excuses = if SET_BY_HAND.contains(&(&server.name(), &said.name)) { SET_BY_HAND } else { MISSTATED_RANGES };
    report.same_unless(excuses, at, "the range", stated, range(&ours.kind));
    if let Some(words) = words(&ours.kind) {
        report.same(at, "the words", said.r#enum.clone(), words);
    }
    if let Kind::Enum(words) = &ours.kind {
        let read_back = words.iter().filter(|word| word.name != word.shown);
        let ours = read_back.map(|word| (word.name.clone(), word.shown.clone())).collect();
        report.same(at, "what reads back", said.reads_back.clone(), ours);
    }
    if let Some(accepts_empty) = accepts_empty(&ours.kind) {
        report.same(at, "accepting an empty text", said.accepts_empty, accepts_empty);
    }
}

/// The type a dump gives to what our catalogue calls by this kind.
fn dump_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bool => "bool",
        Kind::Int { .. } => "int",
        Kind::Memory { .. } => "memory",
        Kind::MemoryOrPercent { .. } => "memory-or-percent",
        Kind::Octal { .. } => "octal",
        Kind::Enum(_) => "enum",
        Kind::Flags(_) => "enum-flags",
        Kind::Text(_) | Kind::Bytes => "string",
        Kind::Words { .. } => "string-list",
        Kind::Save
        | Kind::BufferLimits
        | Kind::Events(_)
        | Kind::Percentiles
        | Kind::OomValues
        | Kind::ReplicaOf
        | Kind::Dir => "special",
        Kind::Include | Kind::RenameCommand | Kind::LoadModule | Kind::User | Kind::Sentinel => "file-only",
    }
}

fn range(kind: &Kind) -> Option<(i128, i128)> {
    match kind {
        Kind::Int { min, max }
        | Kind::Memory { min, max }
        | Kind::MemoryOrPercent { min, max }
        | Kind::Octal { min, max } => Some((*min, *max)),
        Kind::Bool
        | Kind::Enum(_)
        | Kind::Flags(_)
        | Kind::Text(_)
        | Kind::Bytes
        | Kind::Words { .. }
        | Kind::Save
        | Kind::BufferLimits
        | Kind::Events(_)
        | Kind::Percentiles
        | Kind::OomValues
        | Kind::ReplicaOf
        | Kind::Dir
        | Kind::Include
        | Kind::RenameCommand
        | Kind::LoadModule
        | Kind::User
        | Kind::Sentinel => None,
    }
}

fn words(kind: &Kind) -> Option<Vec<String>> {
    match kind {
        Kind::Enum(words) => Some(words.iter().map(|word| word.name.clone()).collect()),
        Kind::Flags(words) => Some(words.iter().map(|word| word.name.clone()).collect()),
        _ => None,
    }
}

/// Whether a text may be empty; other kinds have rules of their own.
fn accepts_empty(kind: &Kind) -> Option<bool> {
    match kind {
        Kind::Text(rules) => Some(!rules.not_empty && !rules.title_template),
        Kind::Bytes => Some(true),
        _ => None,
    }
}

#[test]
fn every_directive_is_known_to_some_server() {
    for name in catalog::all_names() {
        let id = catalog::find(name).expect("names are found");
        assert!(!catalog::servers_knowing(id).is_empty(), "{name}");
    }
}
