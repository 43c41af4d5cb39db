//! Limits that do not limit, or limit the wrong thing.

use super::{is_capped, place, with_limits};
use crate::config::Class;
use crate::facts::bytes_text;
use crate::finding::{Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static NORMAL_BUFFER_UNLIMITED: Rule = Rule {
    id: "normal-buffer-unlimited",
    severity: Severity::Warning,
    summary: "any client of a public port may make the server hold replies without end",
    docs: "Ordinary clients have no output limit by default: whoever sends commands and does not read the answers, or opens
MONITOR and stalls, makes them pile up in memory. Among one's own applications that is rare. On a port that all may
reach set `maxmemory-clients`, or a limit for `normal` above the largest reply.

Bad:
    # redisconf: exposure=public
    port 6379

Good:
    # redisconf: exposure=public
    client-output-buffer-limit normal 256mb 64mb 60
",
    group: Group::Clients,
    source: "valkey.io/topics/clients, \"Output buffer limits\" and \"Client eviction\"",
    facts: &["exposure"],
    modes: &[Mode::Server],
    check: Check::Config(normal_unlimited),
    ..Rule::BASE
};

pub(crate) static OUTPUT_LIMIT_NOT_ENFORCED: Rule = Rule {
    id: "output-limit-not-enforced",
    severity: Severity::Warning,
    summary: "this version does not count large messages against the limit of a subscriber",
    docs: "Since Valkey 9.0 replies of 16 KiB or more are sent without a copy, and what waits that way is not counted: with a
hard limit of 1 MB a subscriber that did not read was left alone at 57 MB, on 9.0.0 and 9.1.2, with messages of 20
KB and of 100 KB. Messages of 4 KB were counted. `min-string-size-avoid-copy-reply 0` switches the short cut off,
and the limit works.

Bad:
    # redisconf: server=valkey-9.1 subscribers=100 message-size=64kb
    client-output-buffer-limit pubsub 32mb 8mb 60

Good:
    # redisconf: server=valkey-9.1 subscribers=100 message-size=64kb
    client-output-buffer-limit pubsub 32mb 8mb 60
    min-string-size-avoid-copy-reply 0
",
    group: Group::Clients,
    source: "valkey 9.0.0 and 9.1.2 against 8.1.8 and redis 8.2.3, run; valkey-io/valkey#2078",
    servers: &["valkey >= 9.0"],
    facts: &["subscribers", "message-size"],
    modes: &[Mode::Server],
    check: Check::Config(not_enforced),
    ..Rule::BASE
};

pub(crate) static QUERY_BUFFER_BELOW_BULK: Rule = Rule {
    id: "query-buffer-below-bulk",
    severity: Severity::Warning,
    summary: "a value that is allowed ends the connection that sends it",
    docs: "`proto-max-bulk-len` says how long one value may be, 512mb by default; `client-query-buffer-limit`, 1gb, how much a
client may have on the way. With the second below the first a long value is not refused with an error: the
connection is closed in the middle of it.

Bad:
    client-query-buffer-limit 128mb

Good:
    proto-max-bulk-len 64mb
    client-query-buffer-limit 128mb
",
    group: Group::Clients,
    source: "twelve servers, run",
    modes: &[Mode::Server],
    check: Check::Config(query_below_bulk),
    ..Rule::BASE
};

pub(crate) static SOFT_NOT_BELOW_HARD: Rule = Rule {
    id: "soft-not-below-hard",
    severity: Severity::Warning,
    summary: "the soft limit of an output buffer is never reached before the hard one",
    docs: "At the hard limit a client is cut off at once, at the soft one after some seconds above it. A soft limit at the hard
one or above never does anything: most likely the two were swapped. Servers accept it.

Bad:
    client-output-buffer-limit pubsub 8mb 32mb 60

Good:
    client-output-buffer-limit pubsub 32mb 8mb 60
",
    group: Group::Clients,
    source: "twelve servers, run",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(soft_not_below),
    ..Rule::BASE
};

fn normal_unlimited(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(normal) = case.limit(Class::Normal) else { return };
    if case.is_partial() || normal.hard > 0 || normal.soft > 0 || is_capped(case) {
        return;
    }
    if report.word("exposure") == Some("public") {
        let help = if case.known("maxmemory-clients").is_some() {
            "set `maxmemory-clients`, or a limit for `normal` such as `normal 256mb 64mb 60`"
        } else {
            "set a limit for `normal`, such as `normal 256mb 64mb 60`"
        };
        report.add(
            NORMAL_BUFFER_UNLIMITED
                .finding(
                    place(case, Class::Normal),
                    "a client that does not read its replies makes them pile up without end",
                )
                .help(help),
        );
    }
}

/// Replies of this length are sent without a copy.
const UNCOPIED: u64 = 16 * 1024;

fn not_enforced(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(pubsub) = case.limit(Class::Pubsub) else { return };
    let is_off = |from: i64| from == 0 || u64::try_from(from).is_ok_and(|from| from > 1 << 30);
    if (pubsub.hard == 0 && pubsub.soft == 0) || case.int("min-string-size-avoid-copy-reply").is_none_or(is_off) {
        return;
    }
    if report.count("subscribers").is_none_or(|subscribers| subscribers == 0) {
        return;
    }
    let Some(size) = report.bytes("message-size").filter(|size| *size >= UNCOPIED) else { return };
    report.add(
        OUTPUT_LIMIT_NOT_ENFORCED
            .finding(
                place(case, Class::Pubsub),
                format!("messages of {} are not counted against this limit", bytes_text(size)),
            )
            .help("set `min-string-size-avoid-copy-reply 0`"),
    );
}

fn query_below_bulk(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(query), Some(bulk)) = (case.bytes("client-query-buffer-limit"), case.bytes("proto-max-bulk-len")) else {
        return;
    };
    if query >= bulk {
        return;
    }
    let name =
        if case.is_set("client-query-buffer-limit") { "client-query-buffer-limit" } else { "proto-max-bulk-len" };
    report.add(
        QUERY_BUFFER_BELOW_BULK
            .finding(
                case.place(name),
                format!("a value may have {}, and a client may send {}", bytes_text(bulk), bytes_text(query)),
            )
            .help("set `proto-max-bulk-len` below `client-query-buffer-limit`"),
    );
}

fn soft_not_below(case: &Case<'_>, report: &mut Report<'_>) {
    for class in Class::ALL {
        let Some(limit) = case.limit(class).filter(|limit| limit.hard > 0 && limit.soft >= limit.hard) else {
            continue;
        };
        let Some((id, first)) = super::group(case, class) else { continue };
        let finding = SOFT_NOT_BELOW_HARD.finding(
            case.word_at(id, first + 2),
            format!("the soft limit {} is not below the hard one, {}", bytes_text(limit.soft), bytes_text(limit.hard)),
        );
        if limit.soft == limit.hard {
            // Equal limits are clear in their effect, if not in their words.
            let mut finding = finding.help("set the soft limit below the hard one, or to 0");
            finding.severity = Severity::Info;
            report.add(finding);
            continue;
        }
        let words = case.words(id);
        let word = |offset: usize| String::from_utf8_lossy(&words[1 + first + offset]).into_owned();
        let (hard, soft, seconds) = (word(1), word(2), word(3));
        let finding = finding.help(format!("write `{} {soft} {hard} {seconds}`", class.name()));
        report.add(match with_limits(case, class, [&soft, &hard, &seconds]) {
            Some(edit) => finding.fix(Fix::unsafe_([edit])),
            None => finding,
        });
    }
}
