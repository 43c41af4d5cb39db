//! Facts that cannot be read.

use super::SOURCE;
use crate::finding::Severity;
use crate::lint::{Group, Rule};

pub(crate) static INVALID_FACT: Rule = Rule {
    id: "invalid-fact",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "what is said of a fact cannot be read",
    docs: "Facts are about the place, not the server, and have units of their own: bytes are `8GiB` or `512MiB`, times
`30s` or `1h`, shares `10%`. `8gb`, `8G` and `8` are refused, because people read them in two ways.

Bad:
    schema = 1
    name = \"mine\"
    [facts]
    memory = \"8gb\"

Good:
    schema = 1
    name = \"mine\"
    [facts]
    memory = \"8GiB\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static UNKNOWN_FACT: Rule = Rule {
    id: "unknown-fact",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "there is no fact of that name",
    docs: "The list of facts is closed, so that a misspelt one never silently leaves a rule or a formula without it.

Bad:
    schema = 1
    name = \"mine\"
    [facts]
    memroy = \"8GiB\"

Good:
    schema = 1
    name = \"mine\"
    [facts]
    memory = \"8GiB\"
",
    source: SOURCE,
    ..Rule::BASE
};
