use super::*;
use crate::facts::Facts;
use crate::snapshot::{Info, Snapshot};
use crate::syntax::conf;

/// A configuration for the version that its first word names: `redis-7.4: port 1`.
fn setup(text: &str) -> Setup {
    let (server, lines) = text.split_once(':').unwrap();
    let reading = conf::read_alone(crate::source::Name::Stdin, lines.trim().as_bytes(), server.parse().unwrap());
    Setup::from_reading("test", reading, Facts::default())
}

fn whole(setup: &Setup) -> Side<'_> {
    Side { setup, dump: None }
}

/// The rows of a comparison of two configurations: `name from>to`.
fn rows(from: &str, to: &str) -> Vec<String> {
    let (from, to) = (setup(from), setup(to));
    shown(&between(whole(&from), whole(&to)))
}

fn shown(found: &Comparison) -> Vec<String> {
    let text = |held: &Held| {
        let value = held.value.as_ref().map(|value| value.text().to_owned());
        held.words.clone().or(value).unwrap_or_else(|| format!("{:?}", held.said))
    };
    found.rows.iter().map(|row| format!("{} {}>{}", row.name, text(&row.from), text(&row.to))).collect()
}

fn dump(pairs: &[(&str, &str)]) -> Snapshot {
    let pairs = pairs.iter().copied().collect();
    Snapshot::new("redis-7.4".parse().unwrap(), pairs, Info::default())
}

#[test]
fn spelling_and_names_do_not_count() {
    let one = "redis-7.4: maxmemory 1gb\nslave-read-only yes\nmasterauth x\nsave 900 1\nsave 60 2\nnotify-keyspace-events KEA";
    let two = "redis-7.4: save 900 1 60 2\nmasterauth x\nmaxmemory 1024mb\nreplica-read-only yes\nnotify-keyspace-events AKE\nport 6379";
    assert_eq!(rows(one, two), [""; 0]);
    // Words and letters are numbered by each version's own list.
    let text =
        "appendfsync always\nmasterauth x\nsanitize-dump-payload clients\nnotify-keyspace-events KEA\nloglevel warning";
    let found = rows(&format!("redis-7.0: {text}"), &format!("redis-8.6: {text}"));
    for name in ["appendfsync", "masterauth", "sanitize", "notify", "loglevel"] {
        assert!(!found.iter().any(|row| row.starts_with(name)), "{found:?}");
    }
}

#[test]
fn every_directive_that_is_written_alike_means_the_same_in_all_versions() {
    for &old in crate::server::all() {
        for &new in crate::server::all() {
            let lines = |server: Server| -> String {
                let other = crate::catalog::View::of(if server == old { new } else { old });
                let both = crate::catalog::View::of(server).directives().filter(|one| {
                    let there = other.get(one.id).is_some_and(|there| there.kind == one.kind);
                    there && has_value(one) && !one.is.live_only && one.state == State::Accepted
                });
                both.filter_map(|one| Some((one, one.default?)))
                    .filter(|(one, text)| !text.is_empty() && !one.kind.is_many_valued())
                    .filter(|(one, _)| one.name() != "bind" && one.name() != "port")
                    .map(|(one, text)| format!("{} {}\n", one.name(), crate::syntax::quote::conf_word(text.as_bytes())))
                    .collect()
            };
            let text = lines(old);
            let (from, to) = (setup(&format!("{}: {text}", old.name())), setup(&format!("{}: {text}", new.name())));
            let stated = |row: &&Contrast| row.from.said != Said::By(Origin::Default);
            let by_statement = |held: &Held| matches!(held.said, Said::By(Origin::Statements(_)));
            let found = between(whole(&from), whole(&to));
            let wrong: Vec<&Contrast> = found
                .rows
                .iter()
                .filter(stated)
                .filter(|row| by_statement(&row.from) && by_statement(&row.to))
                .collect();
            assert!(wrong.is_empty(), "{old} {new}: {wrong:#?}");
        }
    }
}

#[test]
fn what_is_unset_is_the_default_of_its_version() {
    assert_eq!(rows("redis-7.4: repl-backlog-size 1mb", "redis-7.4: "), [""; 0]);
    assert_eq!(rows("redis-7.4: hz 20", "redis-7.4: "), ["hz 20>10"]);
    let found = rows("redis-7.2: ", "valkey-8.0: ");
    assert!(found.contains(&"repl-backlog-size 1mb>10mb".to_owned()), "{found:?}");
    // Every server did so before it could be said.
    let found = rows("redis-6.2: ", "redis-7.0: ");
    assert!(found.contains(&"enable-debug-command yes>no".to_owned()), "{found:?}");
    assert!(!rows("redis-6.2: ", "redis-7.0: enable-debug-command yes").iter().any(|row| row.contains("debug")));
}

#[test]
fn what_one_version_does_not_know_counts_once_somebody_sets_it() {
    let (old, new) = (setup("redis-7.0: "), setup("redis-7.4: max-new-connections-per-cycle 5"));
    let found = between(whole(&old), whole(&new));
    let row = found.rows.iter().find(|row| row.name == "max-new-connections-per-cycle").unwrap();
    assert_eq!((row.relation, &row.from.said), (Relation::OneSided, &Said::Unknown));
    assert!(found.differs());
    let plain = setup("redis-7.4: ");
    let found = between(whole(&setup("redis-7.2: ")), whole(&plain));
    assert!(found.unset[1].contains(&"max-new-connections-per-cycle") && !found.differs(), "{:?}", found.rows);
}

#[test]
fn a_dump_tells_only_what_it_has() {
    let (conf, none) = (setup("redis-7.4: maxmemory 1gb\nhz 20\nmaxclients 10000"), setup("redis-7.4: "));
    let snapshot = dump(&[("maxmemory", "1073741824"), ("maxclients", "4064"), ("foo.bar", "1"), ("timeout", "5")]);
    let found = between(whole(&conf), Side { setup: &none, dump: Some(&snapshot) });
    assert_eq!(shown(&found), ["hz 20>Nobody", "maxclients 10000>4064", "timeout 0>5"]);
    let relations: Vec<Relation> = found.rows.iter().map(|row| row.relation).collect();
    assert_eq!(relations, [Relation::NotCompared, Relation::Limited, Relation::Different]);
    assert_eq!(found.strange[1], ["foo.bar"]);
    let other = dump(&[("maxmemory", "1gb?")]);
    let side = |dump| Side { setup: &none, dump: Some(dump) };
    assert_eq!(shown(&between(side(&snapshot), side(&other)))[..1], ["maxmemory 1gb>1gb?"]);
}

#[test]
fn secrets_are_compared_and_not_shown() {
    let lines =
        "loadmodule /x.so\nrequirepass hunter2\nuser ann on >hunter2 +get\nrename-command GET hunter2\nfoo.bar hunter2";
    let (one, two) = (format!("redis-7.4: {lines}"), format!("redis-7.4: {}", lines.replace("hunter2", "hunter3")));
    assert_eq!(rows(&one, &one), [""; 0]);
    let (from, to) = (setup(&one), setup(&two));
    let found = between(whole(&from), whole(&to));
    assert_eq!(found.rows.len(), 4, "{found:#?}");
    assert!(!format!("{found:?}").contains("hunter"));
    let dumps = [dump(&[("requirepass", "hunter2"), ("masterauth", "")]), dump(&[("requirepass", "hunter3")])];
    let none = setup("redis-7.4: ");
    let [one, two] = dumps.each_ref().map(|dump| Side { setup: &none, dump: Some(dump) });
    let found = between(one, two);
    assert_eq!(found.rows.len(), 1);
    assert!(!format!("{found:?}").contains("hunter"));
}

#[test]
fn users_compare_by_what_they_may_do() {
    let named = |from: &str, to: &str| rows(&format!("redis-7.4: {from}"), &format!("redis-7.4: {to}"));
    assert_eq!(named("user a on nopass ~* +@all", "user a ALLKEYS allcommands on nopass"), [""; 0]);
    assert_eq!(named("user a on nopass ~*", ""), ["user a on nopass ~*>Nobody"]);
    // The user that everybody starts as is there without being defined.
    assert_eq!(named("user default on nopass ~* &* +@all", ""), [""; 0]);
    assert_eq!(named("user default on nopass ~* +@all", ""), ["user default on nopass ~* +@all>Nobody"]);
}

#[test]
fn an_empty_bind_of_6_2_listens_everywhere() {
    assert!(!rows("redis-6.2: bind \"\"", "redis-7.0: ").iter().any(|row| row.starts_with("bind")));
    assert!(!rows("redis-6.2: ", "redis-7.0: ").iter().any(|row| row.starts_with("bind ")));
}

#[test]
fn passwords_that_are_kept_elsewhere_compare_by_their_names() {
    use crate::config::layers::{Request, load, merge};
    use crate::source::Memory;
    let profile = |secret: &str| {
        let text = format!("schema = 1\n[users.ann]\nrules = \"on +get\"\npasswords = [{{ secret = \"{secret}\" }}]\n");
        let files = Memory::new([("p.toml", text)]);
        let request = Request { profile: "p.toml".into(), ..Request::default() };
        merge(load(&request, &files).unwrap(), "redis-7.4".parse().unwrap())
    };
    let (one, two) = (profile("app"), profile("other"));
    assert_eq!(between(whole(&one), whole(&one)).rows, []);
    let found = between(whole(&one), whole(&two));
    assert_eq!(found.rows[0].note.as_deref(), Some("other passwords"));
    // Against a password in clear nothing is known.
    let clear = setup("redis-7.4: user ann on +get >hunter2");
    let found = between(whole(&one), whole(&clear));
    assert_eq!((found.rows.len(), found.rows[0].relation), (1, Relation::NotCompared));
    let rights = setup("redis-7.4: user ann on +set >hunter2");
    assert_eq!(between(whole(&one), whole(&rights)).rows[0].relation, Relation::Different);
}

#[test]
fn a_dump_shows_no_users_and_no_renamed_commands() {
    let one = setup("redis-7.4: user ann on +get >hunter2\nrename-command FLUSHALL \"\"");
    let two = setup("redis-7.4:");
    let dump = dump(&[("hz", "10")]);
    let found = between(whole(&one), Side { setup: &two, dump: Some(&dump) });
    let unseen: Vec<&str> = found.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(unseen, ["user ann", "rename-command flushall"]);
    assert!(found.rows.iter().all(|row| row.relation == Relation::NotCompared) && !found.differs());
    assert!(!format!("{:?}", found.rows).contains("hunter2"));
}
