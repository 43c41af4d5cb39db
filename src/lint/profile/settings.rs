//! Settings of the linter, and policies.

use super::SOURCE;
use crate::finding::Severity;
use crate::lint::{Group, Rule};

pub(crate) static FATAL_LEVEL: Rule = Rule {
    id: "fatal-level",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a level for what a server refuses",
    docs: "A file that no server starts with is not made better by calling that a warning, so `levels` has no say about
fatal rules. If such a finding is not to be said, for a file that is broken on purpose, name its rule in `ignore`.

Bad:
    # redisconf.toml
    schema = 1
    [lint]
    levels = { inline-comment = \"warning\" }

Good:
    # redisconf.toml
    schema = 1
    [[lint.per-path]]
    path = \"tests/broken/**\"
    ignore = [\"inline-comment\"]
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static INVALID_POLICY: Rule = Rule {
    id: "invalid-policy",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a policy that cannot be understood",
    docs: "A policy has a name with a dash that no built-in rule has, a message, and one of `require`, `forbid`, `range` and
`expression`. Directives, facts and the syntax of expressions are checked when the policy is read, whatever is linted,
and a policy with a mistake does not judge.

Bad:
    # redisconf.toml
    schema = 1
    [[policy]]
    id = \"acme-limit\"
    message = \"every server has a limit\"
    require = \"max-memory\"

Good:
    # redisconf.toml
    schema = 1
    [[policy]]
    id = \"acme-limit\"
    message = \"every server has a limit\"
    require = \"maxmemory\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static LOCKED_RULE: Rule = Rule {
    id: "locked-rule",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a locked rule cannot be ignored",
    docs: "The project locks some rules for everybody: comments, other settings, the baseline and flags do not silence them.
Mend what the rule finds, or ask the owner of the project's settings.

Bad:
    # redisconf.toml
    schema = 1
    [lint]
    locked = [\"inline-comment\"]
    [[lint.per-path]]
    path = \"ci/**\"
    ignore = [\"inline-comment\"]

Good:
    # redisconf.toml
    schema = 1
    [lint]
    locked = [\"inline-comment\"]
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static POLICY_CANNOT_JUDGE: Rule = Rule {
    id: "policy-cannot-judge",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a policy fails for a file it is to judge",
    docs: "An expression names a key that is not there, or compares what cannot be compared; a value that is asked for is none
in this version. The policy then says nothing about the file, which must not pass unseen. Ask `\"name\" in config` before
a directive that some versions lack, and leave files out by `path` or `when`. A fact that is not known is no failure:
the policy is silent, and counted with the rules that are.

Bad:
    # redisconf.toml
    schema = 1
    [[policy]]
    id = \"acme-clients\"
    message = \"clients have a limit\"
    expression = 'config[\"maxclients\"] <= \"1gb\"'

Good:
    # redisconf.toml
    schema = 1
    [[policy]]
    id = \"acme-clients\"
    message = \"clients have a limit\"
    expression = 'config[\"maxclients\"] <= 20000'
",
    source: "cel.dev",
    ..Rule::BASE
};

pub(crate) static UNKNOWN_RULE: Rule = Rule {
    id: "unknown-rule",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "settings name a rule that does not exist",
    docs: "A misspelt name would neither ignore nor choose anything. `redisconf explain` lists the rules.

Bad:
    # redisconf.toml
    schema = 1
    [lint]
    ignore = [\"inline-coment\"]

Good:
    # redisconf.toml
    schema = 1
    [lint]
    ignore = [\"inline-comment\"]
",
    source: SOURCE,
    ..Rule::BASE
};
