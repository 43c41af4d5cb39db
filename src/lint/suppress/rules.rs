//! Rules about comments to redisconf itself, and about the baseline.

use crate::finding::{Safety, Severity};
use crate::lint::{Group, Rule};

/// Where these are known from: nothing but this program reads such comments.
const SOURCE: &str = "the comments that redisconf reads";

pub(crate) static EXPIRED_IGNORE: Rule = Rule {
    id: "expired-ignore",
    group: Group::Suppression,
    summary: "an ignore whose day has passed",
    docs: "`until=2027-01-31` is the last day on which the comment counts. What it ignored is found again: mend it, or look
at it again and set a later day.

Bad:
    # redisconf: ignore[inline-comment] until=2020-01-31 INC-4711
    maxmemory-samples 10 # more

Good:
    # redisconf: ignore[inline-comment] until=2099-01-31 INC-4711
    maxmemory-samples 10 # more
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static IGNORE_WITHOUT_REASON: Rule = Rule {
    id: "ignore-without-reason",
    group: Group::Suppression,
    summary: "an ignore that does not say why",
    docs:
        "Without a reason nobody can tell later whether a finding was judged or only silenced, so such a comment has no
effect. Write the reason behind the bracket; a ticket's number will do.

Bad:
    # redisconf: ignore[inline-comment]
    maxmemory-samples 10 # more

Good:
    # redisconf: ignore[inline-comment] a template strips it
    maxmemory-samples 10 # more
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static INVALID_BASELINE: Rule = Rule {
    id: "invalid-baseline",
    severity: Severity::Error,
    group: Group::Suppression,
    summary: "the baseline cannot be read",
    docs:
        "The baseline is written by `--write-baseline` and lists findings that were there before. If it cannot be read,
nothing is left out. Write it again, or take the damage back that a merge did to it.",
    source: "the baseline that redisconf writes",
    ..Rule::BASE
};

pub(crate) static MALFORMED_COMMENT: Rule = Rule {
    id: "malformed-comment",
    group: Group::Suppression,
    summary: "a comment to redisconf that cannot be understood",
    docs: "A comment that begins with `# redisconf:` holds either `ignore[rule-id] reason` for the next statement,
`ignore-file[rule-id] reason` for the whole file, or facts: `server=redis-7.4 memory=8gb`. It stands on a line of its
own. In the first block of comments, with a blank line below, an `ignore` is for the whole file too. What cannot be
understood has no effect, which must not pass unseen.

Bad:
    # redisconf: ignore inline-comment
    port 6379

Good:
    # redisconf: server=redis-7.4 memory=8gb
    port 6379
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static STALE_BASELINE_ENTRY: Rule = Rule {
    id: "stale-baseline-entry",
    severity: Severity::Info,
    group: Group::Suppression,
    summary: "the baseline lists what is found no more",
    docs:
        "What was mended can go from the baseline, or the same mistake could come back unseen. `--write-baseline` drops
such entries.",
    source: "the baseline that redisconf writes",
    ..Rule::BASE
};

pub(crate) static UNKNOWN_RULE_IN_IGNORE: Rule = Rule {
    id: "unknown-rule-in-ignore",
    group: Group::Suppression,
    summary: "an ignore names a rule that does not exist",
    docs: "A misspelt name ignores nothing. The bracket takes ids of rules, groups such as `memory`, and the severities
`info`, `warning` and `error`. What a server refuses is ignored only by the rule's own id.

Bad:
    # redisconf: ignore[inline-coment] a template strips it
    port 6379

Good:
    # redisconf: ignore[inline-comment] a template strips it
    maxmemory-samples 10 # more
",
    source: SOURCE,
    ..Rule::BASE
};

pub(crate) static UNUSED_IGNORE: Rule = Rule {
    id: "unused-ignore",
    group: Group::Suppression,
    summary: "an ignore for what is not found",
    docs:
        "What it was for is mended, or never stood there; the next mistake of that kind would be ignored unseen. It is
said only if the rule has judged: one that lacks a fact, or a file that is not read whole, does not make it unused.

Bad:
    # redisconf: ignore[inline-comment] a template strips it
    maxmemory-samples 10

Good:
    # redisconf: ignore[inline-comment] a template strips it
    maxmemory-samples 10 # more
",
    source: SOURCE,
    fix: Some(Safety::Safe),
    ..Rule::BASE
};
