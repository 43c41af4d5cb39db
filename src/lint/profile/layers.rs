//! What comes to light when the layers of a profile are merged.

use super::SOURCE;
use crate::finding::Severity;
use crate::lint::{Group, Rule};

pub(crate) static AMBIGUOUS_UNIT: Rule = Rule {
    id: "ambiguous-unit",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a number of bytes that people read in two ways",
    docs: "For a server `8g` is 8,000,000,000 bytes and `8gb` is 8,589,934,592: 7 % more. A profile refuses the short form,
and a number of 65,536 or more without a unit, because nobody can tell what was meant.

Bad:
    schema = 1
    name = \"mine\"
    [settings]
    maxmemory = \"8g\"

Good:
    schema = 1
    name = \"mine\"
    [settings]
    maxmemory = \"8gb\"
",
    source: "measured on all twelve servers",
    ..Rule::BASE
};

pub(crate) static CIRCULAR_EXTENDS: Rule = Rule {
    id: "circular-extends",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "layers extend each other",
    docs: "A layer stands on those it extends, so none of them can stand on it. The chain is shown; one link must go.

Bad:
    schema = 1
    name = \"mine\"
    extends = [\"base.toml\"]
    ==> base.toml <==
    schema = 1
    name = \"base\"
    extends = [\"profile.toml\"]

Good:
    schema = 1
    name = \"mine\"
    extends = [\"base.toml\"]
    ==> base.toml <==
    schema = 1
    name = \"base\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static FINAL_DIRECTIVE: Rule = Rule {
    id: "final-directive",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a directive that a lower layer does not let others touch",
    docs:
        "`[final]` is how an organisation keeps a directive in one place. Whoever needs another value asks for the lower
layer to be changed; no layer above can.

Bad:
    schema = 1
    name = \"mine\"
    extends = [\"base.toml\"]
    [settings]
    protected-mode = false
    ==> base.toml <==
    schema = 1
    name = \"base\"
    [settings]
    protected-mode = true
    [final]
    settings = [\"protected-mode\"]

Good:
    schema = 1
    name = \"mine\"
    extends = [\"base.toml\"]
    ==> base.toml <==
    schema = 1
    name = \"base\"
    [settings]
    protected-mode = true
    [final]
    settings = [\"protected-mode\"]
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static NO_SENSIBLE_SIZE: Rule = Rule {
    id: "no-sensible-size",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a formula that gives no value here",
    docs:
        "Formulas such as `auto` and `60% of memory` need facts, and room: of 64 MiB nothing is left for data once the
server's own needs are taken off, and `maxmemory 0` would mean *no limit*. Say the missing fact, or set a number.

Bad:
    schema = 1
    name = \"mine\"
    [facts]
    memory = \"64MiB\"
    [settings]
    maxmemory = \"auto\"

Good:
    schema = 1
    name = \"mine\"
    [facts]
    memory = \"2GiB\"
    workload = \"cache\"
    [settings]
    maxmemory = \"auto\"
    save = []
",
    source: "measured on redis 7.4 and valkey 8.1",
    ..Rule::BASE
};

pub(crate) static NOT_A_SETTING: Rule = Rule {
    id: "not-a-setting",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a line of configuration files that is no setting of a profile",
    docs:
        "Users, renamed commands and modules have tables of their own, where layers can replace one of them by its name;
`include` has no place in a profile, which `extends` others instead.

Bad:
    schema = 1
    name = \"mine\"
    [settings]
    rename-command = \"CONFIG \"

Good:
    schema = 1
    name = \"mine\"
    [rename-commands]
    CONFIG = \"\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static UNKNOWN_WORKLOAD: Rule = Rule {
    id: "unknown-workload",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "there is no workload of that name",
    docs: "Rules and formulas decide by the workload, so the list is closed.

Bad:
    schema = 1
    name = \"mine\"
    workload = \"chache\"

Good:
    schema = 1
    name = \"mine\"
    workload = \"cache\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static UNPINNED_BUILTIN: Rule = Rule {
    id: "unpinned-builtin",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a built-in profile without its revision",
    docs: "Built-in profiles get better, and a newer redisconf would then render other files from the same sources: an
upgrade of the tool would restart servers. With `@1` it renders the same for ever.

Bad:
    schema = 1
    name = \"mine\"
    extends = [\"cache\"]
    [facts]
    memory = \"2GiB\"

Good:
    schema = 1
    name = \"mine\"
    extends = [\"builtin:cache@1\"]
    [facts]
    memory = \"2GiB\"
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static UNSUPPORTED_SERVER: Rule = Rule {
    id: "unsupported-server",
    severity: Severity::Error,
    group: Group::Profile,
    summary: "a profile does not serve the version",
    docs:
        "`servers` names the versions that a layer was made and tried for; merged for another it may say what that one
does not know. Every layer must serve the version.

Bad:
    schema = 1
    name = \"mine\"
    servers = [\"redis >= 8.0\"]

Good:
    schema = 1
    name = \"mine\"
    servers = [\"redis >= 7.0\"]
",
    source: SOURCE,
    ..Rule::BASE
};
