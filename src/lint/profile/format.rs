//! Files that are no TOML, or not of this format.

use super::SOURCE;
use crate::finding::Severity;
use crate::lint::{Group, Rule};

pub(crate) static INVALID_TOML: Rule = Rule {
    id: "invalid-toml",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "the file is no TOML",
    docs:
        "Profiles and projects are TOML 1.0 in UTF-8. Texts need quotes: a value such as `8gb` is no number and no word
there. What can be read of a broken file is judged all the same, but nothing is rendered from it.

Bad:
    schema = 1
    name = \"mine\"
    [settings]
    maxmemory = 8gb

Good:
    schema = 1
    name = \"mine\"
    [settings]
    maxmemory = \"8gb\"
",
    source: "toml.io/en/v1.0.0",
    ..Rule::BASE
};

pub(crate) static MISSING_SCHEMA: Rule = Rule {
    id: "missing-schema",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "the file does not say which generation of the format it is",
    docs: "`schema = 1` lets a later redisconf read an old file as it was meant, and an old redisconf refuse a new one
instead of misreading it.

Bad:
    name = \"mine\"

Good:
    schema = 1
    name = \"mine\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static UNKNOWN_KEY: Rule = Rule {
    id: "unknown-key",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "no such key here",
    docs: "Tables are closed, so that a misspelt key never goes by unread. Directives stand under `[settings]`, by the
server's own names; beside it are only the keys of the format.

Bad:
    schema = 1
    name = \"mine\"
    [setings]
    maxmemory = \"8gb\"

Good:
    schema = 1
    name = \"mine\"
    [settings]
    maxmemory = \"8gb\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static UNKNOWN_SCHEMA: Rule = Rule {
    id: "unknown-schema",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a generation of the format that this program does not read",
    docs: "This program reads `schema = 1`. A file of a later generation needs a later redisconf.

Bad:
    schema = 2
    name = \"mine\"

Good:
    schema = 1
    name = \"mine\"
",
    source: SOURCE,
    ..Rule::BASE
};
