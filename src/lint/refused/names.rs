//! Names that the version does not know.

use super::statement;
use crate::catalog::{self, Foreign, Lookup, foreign, sentinel};
use crate::config::{MASK, Refusal, Stage};
use crate::finding::{Finding, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::server::UnknownNames;
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
    summary: "a parameter of a module, and no module is loaded that could know it",
    docs:
        "A name with a dot belongs to a module, and so do, since Redis 8.0, names such as `search-workers`. The server
keeps such lines until the modules are loaded; if one is left then, it stops, and names no line.

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
    docs: "No version of Redis or Valkey and no other product that redisconf knows of has such a directive; most often it is
misspelt. Redis 8.0 and later keep such lines for modules and stop only when those are loaded, without naming the line;
all others stop at once.

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
    let server = case.server();
    let at = case.reading.statement(id).name.at;
    let finding = UNKNOWN_DIRECTIVE.finding(at, format!("`{}` is no directive of {server}", case.name(id)));
    let finding = match refusal.stage {
        Stage::Modules => finding.here(format!("{server} keeps it for modules, and later names no line")),
        Stage::File | Stage::Sentinel | Stage::Users | Stage::Data => finding,
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
        Lookup::Elsewhere(_) | Lookup::Never => {}
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
