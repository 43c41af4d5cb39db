//! `redisconf explain`: what is known of a directive, a rule or a group of rules.

use super::Exit;
use super::args::{Explain, Format, Global};
use super::failure::Failure;
use super::server::newest;
use super::terminal::Terminal;
use crate::catalog::{self, Changed, Directive, Kind, Lookup, State, View, bytes_in_words, sentinel};
use crate::lint::{self, Group};
use crate::report::{self, DirectivePage, HistoryLine, RuleList, RulePage};
use crate::server::{self, Engine, Server};

pub(super) fn run(command: &Explain, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (human, json) = match command.name.as_slice() {
        [name] => match (lint::rule(name), catalog::find(name), Group::of(name).map(RuleList::of)) {
            (Some(rule), _, _) => {
                let page = RulePage::of(rule);
                (page.human(terminal.look), report::json("explain", &page))
            }
            (None, Some(id), group) => {
                let page = page("", name, &catalog::history(id), &catalog::changes(id), command.server);
                // A directive can be called as a group is: people get both, programs the directive.
                let rules = group.filter(|group| !group.rules.is_empty());
                let rules = rules.map(|group| format!("\n{}", group.human(terminal.look))).unwrap_or_default();
                (page.human(terminal.look) + &rules, report::json("explain", &page))
            }
            (None, None, Some(group)) if group.rules.is_empty() => {
                return Err(Failure::new(format!("no built-in rule is of the group `{name}`")));
            }
            (None, None, Some(group)) => (group.human(terminal.look), report::json("explain", &group)),
            (None, None, None) => return Err(unknown(name, asked_or_newest(command))),
        },
        [first, sub] if first.eq_ignore_ascii_case("sentinel") => match sentinel::find(sub) {
            Some(id) => {
                let page = page("sentinel ", sub, &sentinel::history(id), &sentinel::changes(id), command.server);
                (page.human(terminal.look), report::json("explain", &page))
            }
            None => return Err(unknown_after_sentinel(sub, asked_or_newest(command))),
        },
        words => {
            let message = format!("`{}` are two names", words.join(" "));
            return Err(Failure::new(message).help("explain one at a time; only `sentinel` has a second word"));
        }
    };
    terminal.print(match global.format() {
        Format::Human => &human,
        Format::Json => &json,
    })?;
    Ok(Exit::Done)
}

fn asked_or_newest(command: &Explain) -> Server {
    command.server.unwrap_or_else(|| newest(Engine::Redis))
}

/// The failure for a name that `server` does not know, or nobody.
pub(super) fn unknown(name: &str, server: Server) -> Failure {
    let view = View::of(server);
    match view.look(name) {
        Lookup::Elsewhere(id) => {
            let known = catalog::history(id).iter().map(|(server, _)| *server).collect::<Vec<_>>();
            let message = format!("`{name}` is no directive of {}", view.server());
            let help = match view.get(id) {
                Some(directive) => format!("there it is called `{}`", directive.name()),
                None => format!("{} knows it: choose one with --server", server::in_words(&known)),
            };
            Failure::new(message).help(help)
        }
        Lookup::Here(_) | Lookup::Never => {
            let failure = Failure::new(format!("`{name}` is neither a directive nor a rule"));
            let anywhere = || server::all().iter().rev().find_map(|server| catalog::suggest(name, View::of(*server)));
            match catalog::suggest(name, view).or_else(|| lint::suggest(name)).or_else(anywhere) {
                Some(meant) => failure.help(format!("did you mean `{meant}`?")),
                None => failure.help("`redisconf show --all FILE` lists the directives of a version"),
            }
        }
    }
}

fn unknown_after_sentinel(name: &str, server: Server) -> Failure {
    let failure = Failure::new(format!("`sentinel {name}` is not known to any server"));
    match sentinel::suggest(name, server) {
        Some(meant) => failure.help(format!("did you mean `sentinel {meant}`?")),
        None => failure.help(format!("known are: {}", sentinel::all_names().join(", "))),
    }
}

/// The page of an entry: for the asked server if it knows the entry, else for the newest that knows it by this name.
fn page(
    prefix: &str,
    name: &str,
    history: &[(Server, &'static Directive)],
    changes: &[Changed],
    asked: Option<Server>,
) -> DirectivePage {
    let known: Vec<Server> = history.iter().map(|(server, _)| *server).collect();
    let at = |server: Server| history.iter().find(|(known, _)| *known == server.resolve().known);
    let named = |known: &&(Server, &'static Directive)| known.1.names.iter().any(|n| n.eq_ignore_ascii_case(name));
    let newest = || {
        let redis = history.iter().filter(named).rfind(|(server, _)| server.engine == Engine::Redis);
        redis.or_else(|| history.iter().rfind(named)).or(history.last())
    };
    let (server, directive) =
        *asked.and_then(at).or_else(newest).expect("every entry is known to a server, as the catalogue's tests say");
    let remark = match asked {
        Some(asked) if at(asked).is_none() => Some(format!("{} does not know it.", asked.resolve().known)),
        Some(asked) if !asked.resolve().exact => Some(format!("Nothing is known of {asked}; this holds for {server}.")),
        Some(_) | None => None,
    };
    let default_in_words = match (&directive.kind, directive.default.and_then(|text| text.parse::<u64>().ok())) {
        (Kind::Memory { .. } | Kind::MemoryOrPercent { .. }, Some(bytes)) => {
            Some(bytes_in_words(bytes)).filter(|words| *words != bytes.to_string())
        }
        (_, _) => None,
    };
    let mut traits: Vec<String> = directive.is.sentences().into_iter().map(str::to_owned).collect();
    if directive.state == State::Inert {
        traits.insert(0, "this version accepts it with one word and ignores it".into());
    }
    let needs = directive.needs.map(|need| match directive.without {
        Some(without) => format!("{}; {}", need.words(), without.words()),
        None => need.words().into(),
    });
    let history_line = |changed: &Changed| HistoryLine { server: changed.server.name(), what: changed.what.clone() };
    DirectivePage {
        name: format!("{prefix}{}", directive.name()),
        server: server.name(),
        remark,
        summary: directive.summary.into(),
        aliases: directive.names[1..].iter().map(|name| (*name).to_owned()).collect(),
        takes: directive.kind.to_string(),
        default: directive.default.map(str::to_owned),
        default_in_words,
        change: directive.change.sentence().into(),
        repeat: directive.repeat.sentence().into(),
        needs,
        traits,
        known_in: server::in_words(&known),
        history: changes.iter().map(history_line).collect(),
    }
}
