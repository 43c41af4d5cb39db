//! What the built-in profiles render is kept: whoever renders in CI would roll out every change of a byte.
//!
//! `REDISCONF_BLESS=1 cargo test --test suite rendered` keeps what is rendered now. Whoever does so says in `CHANGELOG.md`
//! what changes for whom, and what it rolls: at the least every pod whose manifest carries a hash of its configuration.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use redisconf::config::layers::{Builtin, Request, builtins, load, merge};
use redisconf::render::{Chart, Options, Target, render};
use redisconf::server::{Engine, Server, all};
use redisconf::source::Disk;
use sha2::{Digest, Sha256};

/// What a layer that is never rendered alone stands on.
const BASE: &str = "builtin:primary-durable@1";

/// A line for each profile, server and target. Every server has its redis.conf; of the other targets the newest of each
/// engine is enough, for they carry the same directives.
fn rendered() -> String {
    let newest = |engine| all().iter().rev().find(|server| server.engine == engine);
    let newest = [newest(Engine::Redis), newest(Engine::Valkey)];
    let mut lines = String::new();
    for builtin in builtins() {
        for server in all() {
            for (form, options) in forms() {
                if options.target != Target::Conf && !newest.contains(&Some(server)) {
                    continue;
                }
                if let Some(hash) = hash(builtin, *server, &options) {
                    let _ = writeln!(lines, "{} {} {form} {hash}", builtin.pinned(), server.name());
                }
            }
        }
    }
    lines
}

/// Every target, and of Helm every chart.
fn forms() -> Vec<(String, Options)> {
    let mut forms = Vec::new();
    for target in Target::ALL {
        if *target == Target::Helm {
            let of = |chart: &Chart| {
                (format!("helm/{}", chart.name()), Options { chart: Some(*chart), ..Options::new(*target) })
            };
            forms.extend(Chart::ALL.iter().map(of));
        } else {
            forms.push((target.name().to_owned(), Options::new(*target)));
        }
    }
    forms
}

/// The first digits of the hash of all files; `None` for a server that the profile does not serve.
fn hash(builtin: &Builtin, server: Server, options: &Options) -> Option<String> {
    let mut request = Request { profile: builtin.pinned(), ..Request::default() };
    if builtin.name.starts_with("layer-") {
        request = Request { profile: BASE.into(), overlays: vec![builtin.pinned()], ..Request::default() };
    }
    let setup = merge(load(&request, &Disk).unwrap(), server);
    if setup.findings.iter().any(|finding| finding.rule == "unsupported-server") {
        return None;
    }
    let Ok(rendered) = render(&setup, options, &BTreeMap::new()) else { return Some("refused".into()) };
    let mut hash = Sha256::new();
    for artefact in rendered.artefacts {
        hash.update(artefact.path.to_string_lossy().as_bytes());
        hash.update([0]);
        hash.update(artefact.text);
        hash.update([0]);
    }
    Some(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

#[test]
fn what_is_rendered_is_as_it_was() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/rendered.txt");
    let now = rendered();
    assert!(now.lines().count() > 400, "{}", now.lines().count());
    if std::env::var_os("REDISCONF_BLESS").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    let of = |text: &str| -> BTreeMap<String, String> {
        text.lines().filter_map(|line| line.rsplit_once(' ')).map(|(of, hash)| (of.into(), hash.into())).collect()
    };
    let (was, is) = (of(&kept), of(&now));
    let all: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let changed: Vec<&String> = all.into_iter().filter(|of| was.get(*of) != is.get(*of)).collect();
    assert!(
        changed.is_empty(),
        "{} renderings have other bytes than before, such as {:?}: say in CHANGELOG.md what that rolls, then run \
         `REDISCONF_BLESS=1 cargo test --test suite rendered`",
        changed.len(),
        &changed[..changed.len().min(5)]
    );
}
