//! What is proposed, as a profile: `lint`, `verify` and `apply` take it as they take any other.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::CheckupLine;
use crate::catalog::{Kind, Lookup, View};
use crate::server::Server;

/// A profile of the values that findings propose, each with its reason; `None` if they propose none. Of two values for one
/// directive that of the worse finding stands, which comes first.
#[must_use]
pub fn patch(server: Server, findings: &[CheckupLine]) -> Option<String> {
    let view = View::of(server);
    let mut settings: BTreeMap<&str, (String, &CheckupLine)> = BTreeMap::new();
    for finding in findings {
        for change in &finding.changes {
            // What this version does not know, or takes no single value of, is only said.
            let Lookup::Here(directive) = view.look(&change.directive) else { continue };
            if directive.kind.is_many_valued() || directive.is.live_only {
                continue;
            }
            let value = toml(&directive.kind, &change.value);
            settings.entry(directive.name()).or_insert((value, finding));
        }
    }
    if settings.is_empty() {
        return None;
    }
    let base = server.base().name();
    let mut text = format!(
        "schema = 1\nname = \"doctor\"\nsummary = \"what redisconf doctor proposes\"\ndefault-server = \"{base}\"\n\n[settings]\n"
    );
    let mut reasons = String::from("\n[why]\n");
    for (name, (value, finding)) in settings {
        let _ = writeln!(text, "{name} = {value}");
        let _ = writeln!(reasons, "{name} = {}", quoted(&format!("{}: {}", finding.rule, finding.message)));
    }
    Some(text + &reasons)
}

/// A value as the right side of a TOML assignment.
fn toml(kind: &Kind, value: &str) -> String {
    match (kind, value) {
        (Kind::Bool, "yes") => "true".into(),
        (Kind::Bool, "no") => "false".into(),
        (Kind::Int { .. }, number) if number.parse::<i64>().is_ok() => number.into(),
        (_, text) => quoted(text),
    }
}

/// A basic string.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|letter| match letter {
            '"' | '\\' => vec!['\\', letter],
            letter if letter.is_control() => vec![' '],
            letter => vec![letter],
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::super::ChangeLine;
    use super::*;
    use crate::finding::Severity;

    fn line(rule: &str, changes: &[(&str, &str)]) -> CheckupLine {
        let change = |(directive, value): &(&str, &str)| ChangeLine {
            directive: (*directive).to_owned(),
            value: (*value).to_owned(),
        };
        CheckupLine {
            rule: rule.into(),
            severity: Severity::Error,
            group: None,
            message: "a \"reason\"".into(),
            help: None,
            evidence: Vec::new(),
            threshold: None,
            changes: changes.iter().map(change).collect(),
            facts: Vec::new(),
            explain: String::new(),
        }
    }

    #[test]
    fn values_have_their_types_and_the_worst_finding_wins() {
        let server = "redis-7.4.1".parse().unwrap();
        let lines = [
            line("one", &[("maxmemory", "8gb"), ("activedefrag", "yes"), ("active-expire-effort", "3")]),
            line("two", &[("maxmemory", "4gb"), ("commandlog-reply-larger-than", "1")]),
        ];
        let text = patch(server, &lines).unwrap();
        assert!(text.contains("maxmemory = \"8gb\"\n") && !text.contains("4gb"), "{text}");
        assert!(text.contains("activedefrag = true\n") && text.contains("active-expire-effort = 3\n"), "{text}");
        assert!(!text.contains("commandlog") && text.contains(r#"maxmemory = "one: a \"reason\"""#), "{text}");
        assert_eq!(patch(server, &[line("x", &[])]), None);
        let parsed: toml::Table = text.parse().unwrap();
        assert_eq!(parsed["default-server"].as_str(), Some("redis-7.4"));
    }
}
