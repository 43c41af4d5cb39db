//! What works as it stands and could be said better. Nothing here is worth a warning.
//!
//! The order of sections is left alone: `include`, `save`, `user` and `dir` mean what they mean by where they stand, and
//! comments belong to the lines below them.

use std::collections::BTreeMap;

use super::{Case, Check, Group, Report, Rule};
use crate::catalog::{Directive, State, bytes_in_words};
use crate::config::{Class, Entry, Value};
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::source::SourceId;
use crate::syntax::{Mode, StatementId, Via, quote};

pub(crate) static DIRECTIVE_CASE: Rule = Rule {
    id: "directive-case",
    severity: Severity::Info,
    group: Group::Style,
    summary: "the name of a directive is not in lower case",
    docs: "Servers read names in any case and CONFIG GET shows them in lower case, so a search for the usual
spelling misses the line.

Bad:
    Appendonly yes

Good:
    appendonly yes
",
    source: "all seven fetched servers",
    fix: Some(Safety::Safe),
    check: Check::Config(directive_case),
    ..Rule::BASE
};

pub(crate) static MIXED_TERMINOLOGY: Rule = Rule {
    id: "mixed-terminology",
    severity: Severity::Info,
    group: Group::Style,
    summary: "old and new words for the same thing in one file",
    docs: "Every version from 5.0 on takes `replica` for `slave`; Valkey 8.0 and later take `primary` for `master`
in `primaryauth` and `primaryuser`. A file with both hides that two lines are about one setting. The fix writes the
new word where this version knows it.

Bad:
    slave-priority 10
    replica-read-only yes

Good:
    replica-priority 10
    replica-read-only yes
",
    source: "the name tables of twelve servers",
    fix: Some(Safety::Safe),
    check: Check::Config(mixed_terminology),
    ..Rule::BASE
};

pub(crate) static RAW_BYTES: Rule = Rule {
    id: "raw-bytes",
    severity: Severity::Info,
    group: Group::Style,
    summary: "a round number of bytes is written without a unit",
    docs: "`1073741824` is `1gb`; nobody sees at a glance that a digit is missing. CONFIG REWRITE writes the unit
too. From 1 MiB on, and only where the number comes out even.

Bad:
    maxmemory 1073741824

Good:
    maxmemory 1gb
",
    source: "all seven fetched servers, run with CONFIG REWRITE",
    fix: Some(Safety::Safe),
    check: Check::Config(raw_bytes),
    ..Rule::BASE
};

pub(crate) static REDUNDANT_DEFAULT: Rule = Rule {
    id: "redundant-default",
    severity: Severity::Info,
    group: Group::Style,
    summary: "lines that say what the server does anyway",
    docs: "A third of the files in the wild repeat 30 or more built-in values, for people start from the sample
file. What was decided is hard to find among them. One finding a file, with all names; the fix drops the lines and
leaves the comments.

Keep them where a value must survive an upgrade that changes the built-in one. `protected-mode` is never told: the
official images build it in as `no`. Off unless selected, and silent on profiles, where each line has its reason.

Bad:
    maxmemory 1gb
    timeout 0
    tcp-keepalive 300

Good:
    maxmemory 1gb
",
    source: "the built-in values of twelve servers; 95 public files",
    fix: Some(Safety::Safe),
    on: false,
    check: Check::Config(redundant_default),
    ..Rule::BASE
};

pub(crate) static UNQUOTED_SPECIAL: Rule = Rule {
    id: "unquoted-special",
    severity: Severity::Info,
    group: Group::Style,
    summary: "a value with a `#` or a backslash stands without quotes",
    docs: "The server takes `foo#bar` and `foo\\bar` as they are, for outside of quotes both are letters. Editors
and scripts take what follows the `#` for a comment, and whoever adds quotes later changes what the backslash means.
Double quotes with `\\\\` for a backslash say the same to everybody.

Bad:
    masterauth kx8#Vq2mTz5uW1rY9pLd4sNc7bHf3jGa

Good:
    masterauth \"kx8#Vq2mTz5uW1rY9pLd4sNc7bHf3jGa\"
",
    source: "all seven fetched servers",
    fix: Some(Safety::Safe),
    check: Check::Config(unquoted_special),
    ..Rule::BASE
};

fn is_authored(case: &Case<'_>, id: StatementId) -> bool {
    !case.is_generated(id)
}

fn directive_case(case: &Case<'_>, report: &mut Report<'_>) {
    for &id in &report.sorted().respelt {
        let (name, statement) = (case.reading.name(id), case.reading.statement(id));
        let Some(directive) = case.directive(id) else { continue };
        // Catalogued names are in lower case.
        if directive.names.iter().any(|known| known.as_bytes() == name) || !is_authored(case, id) {
            continue;
        }
        let lower = name.to_ascii_lowercase();
        let message = format!("`{}` is not written in lower case", String::from_utf8_lossy(name));
        let mut words = case.words(id);
        words[0].clone_from(&lower);
        let fix = Fix::safe([Edit::Put { statement: statement.at, words }]);
        report.add(
            DIRECTIVE_CASE
                .finding(statement.name.at, message)
                .help(format!("write `{}`", String::from_utf8_lossy(&lower)))
                .fix(if case.hides_words(id) { fix.of_secret() } else { fix }),
        );
    }
}

/// Old words and the new ones for them.
const TERMS: [(&str, &str); 2] = [("master", "primary"), ("slave", "replica")];

fn mixed_terminology(case: &Case<'_>, report: &mut Report<'_>) {
    for (old, new) in TERMS {
        let authored = || case.reading.iter().map(|(id, _)| id).filter(|id| is_authored(case, *id));
        let says = |id: &StatementId, term: &str| {
            let name = case.reading.name(*id);
            let first = term.as_bytes()[0];
            let here = |part: &[u8]| part[0] | 0x20 == first && part.eq_ignore_ascii_case(term.as_bytes());
            name.len() >= term.len() && name.windows(term.len()).any(here)
        };
        // No version prefers an old word that it has a new one for.
        let dated: Vec<(StatementId, String)> = report
            .sorted()
            .respelt
            .iter()
            .copied()
            .filter(|id| is_authored(case, *id) && says(id, old))
            .filter_map(|id| {
                let name = String::from_utf8_lossy(case.reading.name(id)).to_ascii_lowercase().replace(old, new);
                case.directive(id)?.names.contains(&name.as_str()).then_some((id, name))
            })
            .collect();
        let Some((first, _)) = dated.first() else { continue };
        let Some(modern) = authored().find(|id| says(id, new) && case.directive(*id).is_some()) else { continue };
        let put = |(id, name): &(StatementId, String)| {
            let mut words = case.words(*id);
            words[0] = name.clone().into_bytes();
            Edit::Put { statement: case.at(*id), words }
        };
        let fix = Fix::safe(dated.iter().map(put).collect::<Vec<Edit>>());
        let hidden = dated.iter().any(|(id, _)| case.hides_words(*id));
        report.add(
            MIXED_TERMINOLOGY
                .finding(case.reading.statement(*first).name.at, format!("`{old}` here and `{new}` elsewhere"))
                .label(case.reading.statement(modern).name.at, format!("`{new}` here"))
                .help(format!("write `{new}` throughout"))
                .fix(if hidden { fix.of_secret() } else { fix }),
        );
    }
}

fn raw_bytes(case: &Case<'_>, report: &mut Report<'_>) {
    const LEAST: u64 = 1 << 20;
    for number in report.numbers().iter() {
        let plain = number.text.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || number.bytes < LEAST || !number.bytes.is_multiple_of(LEAST) || !number.is_public(case) {
            continue;
        }
        let short = bytes_in_words(number.bytes);
        report.add(
            RAW_BYTES
                .finding(case.word_at(number.id, number.index), format!("`{}` is `{short}`", number.text))
                .help(format!("write `{short}`"))
                .fix(Fix::safe([number.put(case, &short)])),
        );
    }
}

/// How many names a finding about built-in values holds, and how many lines it points at.
const NAMES: usize = 8;
const LINES: usize = 4;

fn redundant_default(case: &Case<'_>, report: &mut Report<'_>) {
    let layered = case.reading.statements().iter().any(|statement| matches!(statement.via, Via::Layer(_)));
    if layered || case.is_partial() || case.mode != Mode::Server {
        return;
    }
    let mut by_text: BTreeMap<SourceId, Vec<StatementId>> = BTreeMap::new();
    for entry in case.config.entries() {
        for id in redundant(case, entry) {
            by_text.entry(case.at(id).source).or_default().push(id);
        }
    }
    for mut ids in by_text.into_values() {
        ids.sort_unstable();
        ids.dedup();
        let names: Vec<String> = ids.iter().take(NAMES).map(|id| format!("`{}`", case.name(*id))).collect();
        let more = if ids.len() > NAMES { format!(" and {} more", ids.len() - NAMES) } else { String::new() };
        let (lines, say) = if ids.len() == 1 { ("line", "says") } else { ("lines", "say") };
        let message =
            format!("{} {lines} {say} what {} does anyway: {}{more}", ids.len(), case.server(), names.join(", "));
        let drops: Vec<Edit> = ids.iter().map(|id| Edit::Drop { statement: case.at(*id) }).collect();
        let mut finding = REDUNDANT_DEFAULT.finding(case.at(ids[0]), message);
        for id in ids.iter().skip(1).take(LINES) {
            finding = finding.label(case.at(*id), "built in");
        }
        report.add(finding.help("drop the lines, unless they are to outlast an upgrade").fix(Fix::safe(drops)));
    }
}

/// The statements of an entry without which the server would do the same.
fn redundant(case: &Case<'_>, entry: &Entry) -> Vec<StatementId> {
    let Some(directive) = case.config.view.get(entry.id).filter(|directive| may_be_redundant(directive)) else {
        return Vec::new();
    };
    let alone = entry.parts.iter().all(|part| {
        let from_file = case.reading.statement(part.by).via == Via::Text;
        from_file && part.beaten_by.is_none() && part.value.is_ok() && is_authored(case, part.by)
    });
    // Where nobody names the version, a value is the built-in one only if all agree.
    let agreed = alone && case.in_every_version(directive, |other| other.default == directive.default);
    let Some(default) = case.config.default(directive).filter(|_| agreed) else { return Vec::new() };
    let all = || entry.parts.iter().map(|part| part.by);
    if let Value::Limits(limits) = &default {
        // Each class has a built-in value of its own; a line may hold several.
        let built_in = |class: Class| limits.iter().find(|limit| limit.class == class);
        let says_more = |id: StatementId| {
            let mut of_line = entry.parts.iter().filter(|part| part.by == id);
            of_line.any(|part| !matches!(&part.value, Ok(Value::Limits(own)) if own.iter().all(|l| built_in(l.class) == Some(l))))
        };
        return all().filter(|id| !says_more(*id)).collect();
    }
    match case.config.effective(directive) {
        Some(value) if value.means(&default) => all().collect(),
        Some(_) | None => Vec::new(),
    }
}

fn may_be_redundant(directive: &Directive) -> bool {
    let depends = directive.is.environment || directive.is.secret || directive.name() == "protected-mode";
    directive.state == State::Accepted && !depends
}

fn unquoted_special(case: &Case<'_>, report: &mut Report<'_>) {
    for &id in &report.sorted().texts {
        let (statement, Some(directive)) = (case.reading.statement(id), case.directive(id)) else { continue };
        let [word] = case.reading.words(id) else { continue };
        if statement.via != Via::Text || word.cooked.is_some() || word.open {
            continue;
        }
        let raw = case.reading.sources.bytes(word.at);
        let Some(special) = raw.iter().find(|byte| matches!(byte, b'#' | b'\\')) else { continue };
        if !is_authored(case, id) || (*special == b'\\' && !directive.is.secret) {
            continue;
        }
        let message =
            format!("the value of `{}` holds a `{}` and stands without quotes", case.name(id), *special as char);
        let edit = Edit::Text { at: word.at, with: quote::conf_word(raw).into_bytes() };
        let fix = Fix::safe([edit]);
        report.add(
            UNQUOTED_SPECIAL
                .finding(statement.name.at, message)
                .help("put it in double quotes")
                .fix(if directive.is.secret { fix.of_secret() } else { fix }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::TERMS;
    use crate::catalog::View;
    use crate::server;

    #[test]
    fn no_version_prefers_an_old_word_that_it_has_a_new_one_for() {
        for directive in server::all().iter().flat_map(|server| View::of(*server).directives()) {
            for (old, new) in TERMS.into_iter().filter(|(old, _)| directive.name().contains(old)) {
                assert!(!directive.names.contains(&&*directive.name().replace(old, new)), "{}", directive.name());
            }
        }
    }
}
