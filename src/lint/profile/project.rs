//! What a project file names and does not have.

use super::SOURCE;
use crate::finding::Severity;
use crate::lint::{Group, Rule};

pub(crate) static DUPLICATE_INSTANCE: Rule = Rule {
    id: "duplicate-instance",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "two instances of one name",
    docs: "An instance is named in commands, in `[[expected]]` and in plans, so its name must be its own. A file of
`instances` has the name of the file.

Bad:
    # redisconf.toml
    schema = 1
    instances = \"instances/*.toml\"
    [instance.bus]
    profile = \"builtin:cache@1\"
    ==> instances/bus.toml <==
    schema = 1
    profile = \"builtin:cache@1\"

Good:
    # redisconf.toml
    schema = 1
    instances = \"instances/*.toml\"
    ==> instances/bus.toml <==
    schema = 1
    profile = \"builtin:cache@1\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static INCOMPLETE_EXPECTATION: Rule = Rule {
    id: "incomplete-expectation",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "an expected difference without a reason or an end",
    docs:
        "`[[expected]]` keeps a difference between a file and a server from being drift. Without a reason nobody knows
later whether it may go, and without an end it never does.

Bad:
    # redisconf.toml
    schema = 1
    [instance.bus]
    profile = \"builtin:cache@1\"
    [[expected]]
    instance = \"bus\"
    directive = \"hz\"
    value = 50

Good:
    # redisconf.toml
    schema = 1
    [instance.bus]
    profile = \"builtin:cache@1\"
    [[expected]]
    instance = \"bus\"
    directive = \"hz\"
    value = 50
    reason = \"INC-4711\"
    until = 2027-01-31
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static MISSING_LAYER: Rule = Rule {
    id: "missing-layer",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a project names a profile or a layer that is not there",
    docs: "`profile` of an instance, `overlay` of an environment and `extends` name files, or profiles that are built in. With one
of them missing nothing can be rendered for the instances that need it.

Bad:
    # redisconf.toml
    schema = 1
    [instance.bus]
    profile = \"builtin:cash@1\"

Good:
    # redisconf.toml
    schema = 1
    [instance.bus]
    profile = \"builtin:cache@1\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static MISSING_PROFILE: Rule = Rule {
    id: "missing-profile",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "an instance names no profile",
    docs: "An instance is a profile with facts and settings of its own. Without one there is nothing to render.

Bad:
    # redisconf.toml
    schema = 1
    [instance.bus]
    server = \"valkey-8.1\"

Good:
    # redisconf.toml
    schema = 1
    [instance.bus]
    profile = \"builtin:cache@1\"
    server = \"valkey-8.1\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static OTHER_VERSION_REQUIRED: Rule = Rule {
    id: "other-version-required",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "the project requires another version of redisconf",
    docs:
        "Another version may render other files from the same sources. `requires` keeps a team on versions that render
alike; widen it in a change of its own, together with what is rendered.

Bad:
    # redisconf.toml
    schema = 1
    requires = \">= 99.0\"

Good:
    # redisconf.toml
    schema = 1
    requires = \">= 0.1\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static UNKNOWN_ENVIRONMENT: Rule = Rule {
    id: "unknown-environment",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "an environment that the project does not have",
    docs: "An environment brings overlays and rules how changes are made. A misspelt one would bring neither.

Bad:
    # redisconf.toml
    schema = 1
    [environments.prod]
    apply = \"plan-file\"
    [instance.bus]
    profile = \"builtin:cache@1\"
    environment = \"prd\"

Good:
    # redisconf.toml
    schema = 1
    [environments.prod]
    apply = \"plan-file\"
    [instance.bus]
    profile = \"builtin:cache@1\"
    environment = \"prod\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static UNKNOWN_INSTANCE: Rule = Rule {
    id: "unknown-instance",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "an instance that the project does not have",
    docs: "`[[expected]]` names the instance whose difference it is about; for one that does not exist it is left over.

Bad:
    # redisconf.toml
    schema = 1
    [[expected]]
    instance = \"bus\"
    directive = \"hz\"
    value = 50
    reason = \"INC-4711\"
    until = 2027-01-31

Good:
    # redisconf.toml
    schema = 1
    [instance.bus]
    profile = \"builtin:cache@1\"
    [[expected]]
    instance = \"bus\"
    directive = \"hz\"
    value = 50
    reason = \"INC-4711\"
    until = 2027-01-31
",
    source: SOURCE,
    ..Rule::BASE
};
