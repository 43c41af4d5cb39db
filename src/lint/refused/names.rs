//! Names that the version does not know.

use super::statement;
use crate::catalog::{self, DirectiveId, Lookup, sentinel};
use crate::config::{MASK, Refusal, Stage};
use crate::finding::{Finding, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::server::{self, Server};
use crate::syntax::StatementId;

pub(crate) static BYTE_ORDER_MARK: Rule = Rule {
    id: "byte-order-mark",
    severity: Severity::Fatal,
    summary: "the file begins with a byte order mark",
    docs: "Some editors put three invisible bytes at the start of a UTF-8 file. To a server they are part of the first
word, even if that is a comment.

Bad:
    \u{feff}port 6379

Good:
    port 6379
",
    group: Group::Versions,
    source: super::MEASURED,
    check: Check::Refusal(byte_order_mark),
    ..Rule::BASE
};

pub(crate) static MODULE_PARAMETER_WITHOUT_MODULE: Rule = Rule {
    id: "module-parameter-without-module",
    severity: Severity::Fatal,
    summary: "a parameter with a dot, and no module is loaded that could know it",
    docs:
        "A name with a dot belongs to a module. The server keeps such lines until the modules are loaded; if one is left
then, it stops, and names no line.

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
    summary: "the server version does not know the name",
    docs: "Misspelt, of the other engine, of another version, or of a fork. Redis 8.0 and later keep such lines for modules
and stop only when those are loaded, without naming the line; all others stop at once. A profile that sets such a name
is refused before anything is rendered.

Bad:
    maxmemry 8gb

Good:
    maxmemory 8gb
",
    group: Group::Versions,
    source: super::MEASURED,
    check: Check::Refusal(unknown_directive),
    ..Rule::BASE
};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether the refused name begins with a byte order mark.
pub(super) fn starts_with_mark(case: &Case<'_>, refusal: &Refusal) -> bool {
    refusal.statement.is_some_and(|id| case.reading.name(id).starts_with(MARK))
}

fn byte_order_mark(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let at = case.reading.statement(statement(refusal)).name.at;
    BYTE_ORDER_MARK
        .finding(at, "three invisible bytes (EF BB BF) come before the first word")
        .help("save the file as UTF-8 without a byte order mark")
}

fn module_parameter_without_module(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let message = format!("no module is loaded that could know `{}`", case.name(id));
    MODULE_PARAMETER_WITHOUT_MODULE
        .finding(case.reading.statement(id).name.at, message)
        .help("load the module with `loadmodule PATH`, or drop the line")
}

fn unknown_directive(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let server = case.server();
    let at = case.reading.statement(id).name.at;
    let finding = UNKNOWN_DIRECTIVE.finding(at, format!("`{}` is no directive of {server}", case.name(id)));
    let finding = match refusal.stage {
        Stage::Modules => finding.here(format!("{server} keeps it for modules, and later names no line")),
        Stage::File | Stage::Users | Stage::Data => finding,
    };
    finding.help(advice(case, id))
}

/// The most helpful thing that can be said of an unknown name.
fn advice(case: &Case<'_>, id: StatementId) -> String {
    let name = case.name(id);
    match case.config.view.look(case.reading.name(id)) {
        Lookup::Here(directive) if directive.is.live_only => {
            return "drop the line: only CONFIG SET knows it, a file may not hold it".into();
        }
        Lookup::Here(directive) => {
            return format!(
                "drop the line: {} ignores `{}`, and only with exactly one word",
                case.server(),
                directive.name()
            );
        }
        Lookup::Elsewhere(entry) => return elsewhere(case, &name, entry),
        Lookup::Never => {}
    }
    if let Some(option) = name.strip_prefix("--").filter(|rest| catalog::find(rest).is_some()) {
        return format!("write `{option}`: the dashes are for the command line");
    }
    if let Some(glued) = glued(&name) {
        return format!("put a blank between name and value: `{glued} …`");
    }
    if let Some(meant) = catalog::suggest(&name, case.config.view) {
        return format!("did you mean `{meant}`?");
    }
    if let Lookup::Here(sub) = sentinel::view(case.server()).look(&name) {
        return format!("write `sentinel {} …`, in the file of a Sentinel", sub.name());
    }
    if name.starts_with(MASK) || case.reading.words(id).is_empty() {
        return "begin the line with the name of a directive; if it belongs to the line above, join the two".into();
    }
    if name.contains('.') {
        return "drop the line: parameters of modules may stand in a file since redis 7.0".into();
    }
    "correct the name, or drop the line".into()
}

/// The directive in `maxmemory:`, `maxmemory=8gb` (which is shown as `maxmemory***`).
fn glued(name: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let end = name.find(|c| !plain(c))?;
    catalog::find(&name[..end]).is_some().then_some(&name[..end])
}

/// A name that other versions know.
fn elsewhere(case: &Case<'_>, name: &str, entry: DirectiveId) -> String {
    let server = case.server();
    if let Some(directive) = case.config.view.get(entry) {
        return format!("write `{}`, as {server} calls it", directive.name());
    }
    let knows = |(_, directive): &(Server, &'static catalog::Directive)| directive.names.contains(&name);
    let knowing: Vec<Server> = catalog::history(entry).iter().filter(|known| knows(known)).map(|(s, _)| *s).collect();
    let own: Vec<Server> = knowing.iter().copied().filter(|known| known.engine == server.engine).collect();
    match (own.first(), own.last()) {
        (Some(first), _) if *first > server => format!("drop the line, or use {first} or later, which knows it"),
        (_, Some(last)) if *last < server => {
            let gone = server::all().iter().find(|next| next.engine == last.engine && *next > last);
            format!("drop the line: it is gone since {}", gone.unwrap_or(&server))
        }
        (_, _) => match knowing.first().map(|known| known.engine) {
            // Valkey grew out of Redis: what only old Redis knew was there before the two parted.
            Some(engine) if engine == server.engine => "drop the line".into(),
            Some(_) => format!("drop the line: only {} knows it", server::in_words(&knowing)),
            None => "drop the line".into(),
        },
    }
}
