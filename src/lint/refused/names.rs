//! Names that the version does not know.

use std::borrow::Cow;

use super::statement;
use crate::catalog::{self, Directive, Foreign, Lookup, State, foreign, sentinel};
use crate::config::{MASK, Reason, Refusal, Value};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::server::UnknownNames;
use crate::source::Span;
use crate::syntax::{Mode, StatementId};

pub(crate) static FOREIGN_COMMENT: Rule = Rule {
    id: "foreign-comment",
    severity: Severity::Fatal,
    summary: "a comment begins as in another language",
    docs: "Only `#` begins a comment. `;`, `//` and `--` are read as the name of a directive.

Bad:
    ; memory
    maxmemory 8gb

Good:
    # memory
    maxmemory 8gb
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(foreign_comment),
    ..Rule::BASE
};

pub(crate) static KEY_VALUE_SEPARATOR: Rule = Rule {
    id: "key-value-separator",
    severity: Severity::Fatal,
    summary: "a `=` or `:` stands between name and value",
    docs: "A configuration has blanks between words and nothing else. With `=` or `:` glued to it the name is
unknown; alone, the sign is a word too many. Common where people come from INI or YAML files.

Bad:
    maxmemory: 8gb

Good:
    maxmemory 8gb
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(key_value_separator),
    ..Rule::BASE
};

pub(crate) static MODULE_PARAMETER_WITHOUT_MODULE: Rule = Rule {
    id: "module-parameter-without-module",
    severity: Severity::Fatal,
    summary: "a parameter of a module, and no module is loaded that could know it",
    docs: "A name with a dot belongs to a module, and so do, since Redis 8.0, names such as `search-workers`. The
server keeps such lines until the modules are loaded; if one is left then, it stops, and names no line.

Bad:
    search.timeout 500

Good:
    port 6379
",
    group: Group::Versions,
    source: super::MEASURED,
    check: Check::Refusal(module_parameter_without_module),
    ..Rule::BASE
};

pub(crate) static UNKNOWN_DIRECTIVE: Rule = Rule {
    id: "unknown-directive",
    severity: Severity::Fatal,
    summary: "nobody knows the name",
    docs: "No version of Redis or Valkey and no other product that redisconf knows of has such a directive; most
often it is misspelt. Redis 8.0 and later keep such lines for modules and stop only when those are loaded, without
naming the line; all others stop at once. A profile that sets such a name is refused before anything is rendered.

Bad:
    maxmemry 8gb

Good:
    maxmemory 8gb
",
    group: Group::Versions,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(unknown_directive),
    ..Rule::BASE
};

/// The place of the mark that a line begins with as comments of other languages do: `;`, `//`, or `--` before a blank.
pub(super) fn foreign_mark(case: &Case<'_>, refusal: &Refusal) -> Option<Span> {
    if !matches!(refusal.reason, Reason::UnknownDirective | Reason::ModuleParameterUnclaimed) {
        return None;
    }
    let at = case.reading.statement(refusal.statement?).name.at;
    let name = case.reading.sources.bytes(at);
    let length = match name {
        [b';', ..] => name.iter().take_while(|byte| **byte == b';').count(),
        [b'/', b'/', ..] => name.iter().take_while(|byte| **byte == b'/').count(),
        b"--" => 2,
        _ => return None,
    };
    Some(Span { end: at.start + u32::try_from(length).expect("files are below 64 MiB"), ..at })
}

fn foreign_comment(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let at = foreign_mark(case, refusal).unwrap_or(refusal.at);
    let mark = String::from_utf8_lossy(case.reading.sources.bytes(at)).into_owned();
    FOREIGN_COMMENT
        .finding(at, format!("`{mark}` begins no comment"))
        .help("begin a comment with `#`")
        .fix(Fix::safe([Edit::Text { at, with: b"#".to_vec() }]))
}

/// A sign that is none to a server, and the words of the refused statement without it.
pub(super) struct Separated {
    sign: char,
    words: Vec<Vec<u8>>,
}

/// Finds a `=` or `:` between name and value of a refused statement.
pub(super) fn separated(case: &Case<'_>, refusal: &Refusal) -> Option<Separated> {
    let id = refusal.statement?;
    let mut words = case.words(id);
    let sign;
    match &refusal.reason {
        Reason::UnknownDirective | Reason::ModuleParameterUnclaimed => {
            let name = words[0].clone();
            let end = name.iter().position(|byte| b"=:".contains(byte))?;
            catalog::find(&name[..end])?;
            sign = name[end];
            let value = without_signs(&name[end..], sign);
            words[0] = name[..end].to_vec();
            if !value.is_empty() {
                words.insert(1, value.to_vec());
            }
        }
        Reason::Value(_) | Reason::FileOnlyArity => {
            let first = words.get(1)?;
            sign = *first.first().filter(|byte| b"=:".contains(byte))?;
            let value = without_signs(first, sign).to_vec();
            if value.is_empty() {
                words.remove(1);
            } else if sign == b'=' && words.len() == 2 {
                words[1] = value;
            } else {
                return None;
            }
        }
        Reason::Quotes
        | Reason::NotAUser
        | Reason::UnclosedSelector { .. }
        | Reason::Sockets(_)
        | Reason::Sentinel(_)
        | Reason::ModuleParameterEmpty
        | Reason::SentinelOutside
        | Reason::DuplicateUser
        | Reason::User(_)
        | Reason::UsersAndAclFile
        | Reason::NoSuchCommand
        | Reason::CommandExists
        | Reason::RenamesSubcommand
        | Reason::ReplicaInCluster
        | Reason::IncludeCycle
        | Reason::IncludePattern
        | Reason::SnapshotName
        | Reason::AppendName => return None,
    }
    Some(Separated { sign: char::from(sign), words })
}

/// What follows the signs at the head of a word, however many somebody's finger left there.
fn without_signs(word: &[u8], sign: u8) -> &[u8] {
    let end = word.iter().position(|byte| *byte != sign).unwrap_or(word.len());
    &word[end..]
}

fn key_value_separator(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let Separated { sign, words } = separated(case, refusal).expect("this rule is chosen only where there is one");
    let name = String::from_utf8_lossy(&words[0]).into_owned();
    let help = if matches!(refusal.reason, Reason::Value(_) | Reason::FileOnlyArity) {
        format!("leave out the `{sign}`")
    } else {
        format!("put a blank between name and value: `{name} …`")
    };
    let finding = KEY_VALUE_SEPARATOR
        .finding(case.at(id), format!("a `{sign}` stands between `{name}` and its value"))
        .help(help);
    if words.len() == 1 {
        return finding;
    }
    finding.fix(Fix::safe([Edit::Put { statement: case.at(id), words }]))
}

fn module_parameter_without_module(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let message = format!("no module is loaded that could know `{}`", case.name(id));
    let finding = MODULE_PARAMETER_WITHOUT_MODULE.finding(case.reading.statement(id).name.at, message);
    match foreign(case.reading.name(id)) {
        // Without a dot the server never asks its modules.
        Some(Foreign::Module { module, .. }) if case.server().habits().unknown_names == UnknownNames::Refuse => finding
            .help(format!("drop the line: names of {module} without a dot are read by redis 8.0 and later alone")),
        Some(Foreign::Module { module, .. }) => {
            finding.help(format!("load {module} with `loadmodule PATH`, or drop the line"))
        }
        Some(Foreign::Product { .. } | Foreign::Gone { .. }) | None => {
            finding.help("load the module with `loadmodule PATH`, or drop the line")
        }
    }
}

fn unknown_directive(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let at = case.reading.statement(id).name.at;
    let message = format!("`{}` is no directive of {}", case.name(id), case.versions_in_words());
    let finding = super::kept_for_modules(UNKNOWN_DIRECTIVE.finding(at, message), case, refusal);
    let (help, fix) = advice(case, id);
    let finding = finding.help(help);
    match fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

/// The most helpful thing that can be said of an unknown name, and how to do it.
fn advice(case: &Case<'_>, id: StatementId) -> (String, Option<Fix>) {
    let name = case.name(id);
    let drop = Edit::Drop { statement: case.at(id) };
    match case.config.look(id) {
        Lookup::Here(directive) if directive.is.live_only => {
            let help = "drop the line: only CONFIG SET knows it, a file may not hold it";
            return (help.into(), Some(Fix::unsafe_([drop])));
        }
        Lookup::Here(directive) => {
            let server = case.server();
            let help =
                format!("drop the line: {server} ignores `{}`, and only with exactly one word", directive.name());
            return (help, Some(Fix::safe([drop])));
        }
        Lookup::Elsewhere(_) | Lookup::Never => {}
    }
    let renamed = |to: &str| renamed(case, id, to);
    if let Some(option) = name.strip_prefix("--").filter(|rest| catalog::find(rest).is_some()) {
        let help = format!("write `{option}`: the dashes are for the command line");
        return (help, Some(Fix::safe([renamed(option)])));
    }
    if let Some((meant, value)) = glued(case, id) {
        let words = vec![meant.as_bytes().to_vec(), value];
        let put = Edit::Put { statement: case.at(id), words };
        return (format!("put a blank between name and value: `{meant} …`"), Some(Fix::unsafe_([put])));
    }
    if let Some(meant) = catalog::suggest(&name, case.config.view) {
        // Under its right name a line without a value is refused, too; and what is glued to it would be lost.
        let fix = (!case.reading.words(id).is_empty()).then(|| Fix::unsafe_([renamed(meant)]));
        return (format!("did you mean `{meant}`?"), fix);
    }
    let (help, fix) = unlike(case, id, &name);
    (help.into(), fix)
}

/// The name and the value of a line that is one word, such as `maxmemory8gb`, or has an odd sign between the two. A text
/// could be the rest of any name: a number, a size or a choice is told.
fn glued(case: &Case<'_>, id: StatementId) -> Option<(&'static str, Vec<u8>)> {
    let name = case.reading.name(id);
    if !case.reading.words(id).is_empty() || case.reading.statement(id).name.open {
        return None;
    }
    let is_value = |directive: &Directive, text: &[u8]| {
        use Value::{Bool, Bytes, Int, Percent, Word};
        let value = case.config.read_back(directive, text);
        !directive.is.secret && matches!(value, Some(Bool(_) | Int(_) | Bytes(_) | Percent(_) | Word(_)))
    };
    let split = |directive: &'static Directive| {
        let head = name.get(..directive.name().len())?;
        let rest = &name[head.len()..];
        if !head.eq_ignore_ascii_case(directive.name().as_bytes()) {
            return None;
        }
        let behind_sign = rest.split_first().filter(|(sign, _)| sign.is_ascii_punctuation()).map(|(_, behind)| behind);
        let value = [rest].into_iter().chain(behind_sign).find(|text| is_value(directive, text))?;
        Some((directive.name(), value.to_vec()))
    };
    let known = case.config.view.directives().filter(|directive| directive.state == State::Accepted);
    known.filter_map(split).max_by_key(|(known, _)| known.len())
}

/// What can be said of a name that is like no directive's.
fn unlike(case: &Case<'_>, id: StatementId, name: &str) -> (Cow<'static, str>, Option<Fix>) {
    if let Lookup::Here(sub) = sentinel::view(case.server()).look(name) {
        let help = format!("write `sentinel {} …`, in the file of a Sentinel", sub.name());
        let mut words = case.words(id);
        words.insert(0, b"sentinel".to_vec());
        let put = Edit::Put { statement: case.at(id), words };
        return (help.into(), (case.mode == Mode::Sentinel).then(|| Fix::safe([put])));
    }
    let help = if name.starts_with(MASK) || case.reading.words(id).is_empty() {
        "begin the line with the name of a directive; if it belongs to the line above, join the two"
    } else if name.contains('.') {
        "drop the line: parameters of modules may stand in a file since redis 7.0"
    } else {
        "correct the name, or drop the line"
    };
    (help.into(), None)
}

/// The statement under another name.
fn renamed(case: &Case<'_>, id: StatementId, to: &str) -> Edit {
    let mut words = case.words(id);
    words[0] = to.as_bytes().to_vec();
    Edit::Put { statement: case.at(id), words }
}
