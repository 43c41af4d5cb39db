//! Rules about what goes when memory is full.

use super::limit;
use crate::finding::{Finding, Fix, Safety, Severity};
use crate::lint::workload::{CACHES, KEEPS_EVERY_KEY, is_replica};
use crate::lint::{Case, Check, Group, Report, Rule, edits};

pub(crate) static ALLKEYS_ON_PRIMARY_DATA: Rule = Rule {
    id: "allkeys-on-primary-data",
    severity: Severity::Error,
    group: Group::Memory,
    summary: "eviction may delete the only copy",
    docs: "`allkeys-*` deletes any key when memory is full, those without a time to live too. Persistence does not help: the
deletion goes to disk and to replicas like any other. For data that exist nowhere else `noeviction` makes writes fail
instead, which somebody notices; where a part of the keys may go, give those a time to live and choose `volatile-*`.
Without the fact `workload`, a server that keeps an append-only file and evicts any key is mentioned: one of the two is
not meant.

Bad:
    # redisconf: workload=knowledge-base
    maxmemory 8gb
    maxmemory-policy allkeys-lru

Good:
    # redisconf: workload=knowledge-base
    maxmemory 8gb
    maxmemory-policy noeviction
",
    source: "valkey.io/topics/lru-cache; netdata: how to choose an eviction policy; Railway: cache or store",
    facts: &["workload"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(allkeys_on_primary_data),
    ..Rule::BASE
};

pub(crate) static EVICTION_ON_QUEUE: Rule = Rule {
    id: "eviction-on-queue",
    severity: Severity::Error,
    group: Group::Memory,
    summary: "eviction deletes jobs",
    docs: "A queue's keys are jobs, locks and bindings. BullMQ names `noeviction` as the only correct value and complains on
connecting about any other, Sidekiq warns at boot, and Celery loses its `_kombu.binding.*` sets, after which tasks
vanish. At the limit a queue has to refuse work, not to forget it.

Bad:
    # redisconf: workload=queue
    maxmemory 2gb
    maxmemory-policy allkeys-lru

Good:
    # redisconf: workload=queue
    maxmemory 2gb
    maxmemory-policy noeviction
",
    source: "docs.bullmq.io: Going to production; Sidekiq's wiki: Using Redis; docs.celeryq.dev: Redis, Key eviction",
    facts: &["workload"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(eviction_on_queue),
    ..Rule::BASE
};

pub(crate) static LAZYFREE_OFF_WITH_EVICTION: Rule = Rule {
    id: "lazyfree-off-with-eviction",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "evicted values are freed while everybody waits",
    docs: "With `lazyfree-lazy-eviction no` the main thread frees what it evicts: a value of a million members took it 0.3 to
0.7 s, in the background 5 ms. Off is the default of Redis; Valkey switched it on with 8.0.

Bad:
    maxmemory 2gb
    maxmemory-policy allkeys-lru

Good:
    maxmemory 2gb
    maxmemory-policy allkeys-lru
    lazyfree-lazy-eviction yes
",
    source: "measured on Redis 6.2 to 8.2; LATENCY DOCTOR, eviction-del; Valkey 8.0's defaults",
    fix: Some(Safety::Unsafe),
    check: Check::Config(lazyfree_off_with_eviction),
    ..Rule::BASE
};

pub(crate) static LFU_TUNING_UNUSED: Rule = Rule {
    id: "lfu-tuning-unused",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "settings of a policy that is not in force",
    docs: "`lfu-log-factor` and `lfu-decay-time` are read by the policies `allkeys-lfu` and `volatile-lfu` alone.

Bad:
    maxmemory 2gb
    maxmemory-policy allkeys-lru
    lfu-decay-time 5

Good:
    maxmemory 2gb
    maxmemory-policy allkeys-lfu
    lfu-decay-time 5
",
    source: "valkey.io/topics/lru-cache, The LFU mode",
    fix: Some(Safety::Safe),
    check: Check::Config(lfu_tuning_unused),
    ..Rule::BASE
};

pub(crate) static MAXMEMORY_SAMPLES: Rule = Rule {
    id: "maxmemory-samples-high",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "more samples than eviction can make use of",
    docs: "With 10 samples eviction is already very close to true LRU; more only cost processor time on every eviction. Redis
7.4, Valkey 8.0 and later refuse more than 64.

Bad:
    maxmemory-samples 30

Good:
    maxmemory-samples 10
",
    source: "valkey.io/topics/lru-cache; the range measured on all twelve servers",
    fix: Some(Safety::Unsafe),
    check: Check::Config(maxmemory_samples),
    ..Rule::BASE
};

pub(crate) static NOEVICTION_ON_CACHE: Rule = Rule {
    id: "noeviction-on-cache",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "a cache that stops taking entries when it is full",
    docs: "`noeviction` is the default. At the limit every write fails with `OOM command not allowed` while reads go on, so
a full cache serves old entries and takes no new ones. `allkeys-lru` is the documentation's choice when unsure; where
some keys must stay (`workload=kb-cache`), `volatile-lru` lets those with a time to live go.

Bad:
    # redisconf: workload=cache
    maxmemory 2gb

Good:
    # redisconf: workload=cache
    maxmemory 2gb
    maxmemory-policy allkeys-lru
",
    source: "measured on all twelve servers; valkey.io/topics/lru-cache",
    facts: &["workload"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(noeviction_on_cache),
    ..Rule::BASE
};

pub(crate) static POLICY_WITHOUT_MAXMEMORY: Rule = Rule {
    id: "policy-without-maxmemory",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "an eviction policy that can never act",
    docs: "Eviction begins at `maxmemory`. Without it the policy is accepted and nothing is ever evicted: memory grows until
the kernel ends the process.

Bad:
    maxmemory-policy allkeys-lru

Good:
    maxmemory 2gb
    maxmemory-policy allkeys-lru
",
    source: "measured on all twelve servers",
    check: Check::Config(policy_without_maxmemory),
    ..Rule::BASE
};

pub(crate) static VOLATILE_POLICY_NEEDS_TTL: Rule = Rule {
    id: "volatile-policy-needs-ttl",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "eviction that finds hardly a key it may delete",
    docs: "`volatile-*` only deletes keys with a time to live. Where fewer than one key in ten has one, those are soon gone and
the policy is `noeviction`: writes fail with `OOM command not allowed`. Managed services often set it as their default.

Bad:
    # redisconf: workload=cache ttl-share=2%
    maxmemory 2gb
    maxmemory-policy volatile-lru

Good:
    # redisconf: workload=cache ttl-share=95%
    maxmemory 2gb
    maxmemory-policy volatile-lru
",
    source: "measured on all twelve servers; Azure Cache for Redis and Memorystore: default policy",
    facts: &["ttl-share"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(volatile_policy_needs_ttl),
    ..Rule::BASE
};

/// The policy in force.
fn policy(case: &Case<'_>) -> Option<&'static str> {
    case.choice("maxmemory-policy")
}

/// Proposes a policy.
fn choose(case: &Case<'_>, finding: Finding, policy: &str) -> Finding {
    let finding = finding.help(format!("set `maxmemory-policy {policy}`"));
    match edits::set(case, "maxmemory-policy", &[policy]) {
        Some(edit) => finding.fix(Fix::unsafe_([edit])),
        None => finding,
    }
}

/// The place of the policy, or of the limit where the policy is the default.
fn place(case: &Case<'_>) -> crate::source::Span {
    case.place(if case.is_set("maxmemory-policy") { "maxmemory-policy" } else { "maxmemory" })
}

fn noeviction_on_cache(case: &Case<'_>, report: &mut Report<'_>) {
    if policy(case) != Some("noeviction") || limit(case).is_none() {
        return;
    }
    if !case.is_set("maxmemory-policy") && case.is_partial() {
        return;
    }
    let Some(workload) = report.word("workload").filter(|workload| CACHES.contains(workload)) else { return };
    let message = format!("a full {workload} refuses every write under `noeviction`");
    let policy = if workload == "kb-cache" { "volatile-lru" } else { "allkeys-lru" };
    report.add(choose(case, NOEVICTION_ON_CACHE.finding(place(case), message), policy));
}

fn eviction_on_queue(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(policy) = policy(case).filter(|policy| *policy != "noeviction") else { return };
    if report.word("workload") != Some("queue") {
        return;
    }
    let mut finding = EVICTION_ON_QUEUE.finding(place(case), format!("`{policy}` deletes jobs when memory is full"));
    if case.bytes("maxmemory") == Some(0) {
        finding.severity = Severity::Warning;
        finding.message = format!("libraries of queues refuse `{policy}`, even where no limit makes it act");
    }
    report.add(choose(case, finding, "noeviction"));
}

fn allkeys_on_primary_data(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(policy) = policy(case).filter(|policy| policy.starts_with("allkeys-")) else { return };
    if limit(case).is_none() {
        return;
    }
    if case.facts.word("workload").is_none() && case.is_on("appendonly") == Some(true) {
        let message = format!("`appendonly yes` keeps every key, and `{policy}` may delete any of them");
        let mut finding = ALLKEYS_ON_PRIMARY_DATA.finding(place(case), message);
        finding.severity = Severity::Info;
        let help = "say what it is for (`# redisconf: workload=cache`), and choose: keep the keys, or the log";
        report.add(finding.label(case.place("appendonly"), "every write is logged here").help(help));
        return;
    }
    let workload = report.word("workload").filter(|one| KEEPS_EVERY_KEY.contains(one) && *one != "queue");
    let Some(workload) = workload else { return };
    let message =
        format!("`{policy}` may delete any key of a {workload}, and the deletion is persisted and replicated");
    let better = if matches!(workload, "kb-cache" | "session") { "volatile-lru" } else { "noeviction" };
    report.add(choose(case, ALLKEYS_ON_PRIMARY_DATA.finding(place(case), message), better));
}

fn volatile_policy_needs_ttl(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(policy) = policy(case).filter(|policy| policy.starts_with("volatile-")) else { return };
    if limit(case).is_none() {
        return;
    }
    let Some(share) = report.percent("ttl-share").filter(|share| *share < 10) else { return };
    let message = format!("{share}% of the keys have a time to live, and `{policy}` deletes no others");
    let finding = VOLATILE_POLICY_NEEDS_TTL.finding(place(case), message);
    let cache = case.facts.word("workload").is_some_and(|workload| matches!(workload, "cache" | "cache-warm"));
    if cache {
        report.used("workload");
        report.add(choose(case, finding, "allkeys-lru"));
    } else {
        let help = "give the keys that may go a time to live, or set `maxmemory-policy noeviction` and watch the limit";
        report.add(finding.help(help));
    }
}

fn policy_without_maxmemory(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("maxmemory-policy") else { return };
    let Some(policy) = policy(case).filter(|policy| *policy != "noeviction") else { return };
    if case.bytes("maxmemory") != Some(0) || case.is_partial() || is_replica(case) || case.is_generated(id) {
        return;
    }
    // Where the place is known `maxmemory-unset` says the same, and what to set.
    if case.facts.bytes("memory").is_some() || case.facts.word("workload").is_some() {
        return;
    }
    let message = format!("`{policy}` never acts: `maxmemory` is not set");
    report
        .add(POLICY_WITHOUT_MAXMEMORY.finding(case.at(id), message).help("set `maxmemory` to what the data may take"));
}

fn maxmemory_samples(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("maxmemory-samples") else { return };
    let Some(samples) = case.int("maxmemory-samples").filter(|samples| *samples > 10) else { return };
    let message = format!("{samples} samples cost time on every eviction and choose hardly better than 10");
    let mut finding = MAXMEMORY_SAMPLES.finding(case.at(id), message).help("set `maxmemory-samples 10`");
    if let Some(edit) = edits::set(case, "maxmemory-samples", &["10"]) {
        finding = finding.fix(Fix::unsafe_([edit]));
    }
    report.add(finding);
}

fn lfu_tuning_unused(case: &Case<'_>, report: &mut Report<'_>) {
    for name in ["lfu-decay-time", "lfu-log-factor"] {
        let Some(id) = case.set_by(name) else { continue };
        let Some(policy) = policy(case).filter(|policy| !policy.ends_with("-lfu")) else { return };
        if !case.is_set("maxmemory-policy") && case.is_partial() {
            return;
        }
        let message = format!("`{name}` has no effect under `{policy}`");
        let finding = LFU_TUNING_UNUSED.finding(case.at(id), message).help("drop the line");
        report.add(finding.fix(Fix::safe([edits::drop(case, id)])));
    }
}

fn lazyfree_off_with_eviction(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(policy) = policy(case).filter(|policy| *policy != "noeviction") else { return };
    if limit(case).is_none() || case.is_on("lazyfree-lazy-eviction") != Some(false) {
        return;
    }
    if !case.is_set("lazyfree-lazy-eviction") && case.is_partial() {
        return;
    }
    let message = format!("the main thread frees what `{policy}` evicts");
    let at = if case.is_set("lazyfree-lazy-eviction") { case.place("lazyfree-lazy-eviction") } else { place(case) };
    let mut finding = LAZYFREE_OFF_WITH_EVICTION.finding(at, message).help("set `lazyfree-lazy-eviction yes`");
    if let Some(edit) = edits::set(case, "lazyfree-lazy-eviction", &["yes"]) {
        finding = finding.fix(Fix::unsafe_([edit]));
    }
    report.add(finding);
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    #[test]
    fn a_policy_must_suit_the_workload() {
        for (rule, text, severity) in [
            ("noeviction-on-cache", "# redisconf: workload=kb-cache\nmaxmemory 1gb\n", "warning"),
            ("noeviction-on-cache", "# redisconf: workload=cache\nmaxmemory 0\n", ""),
            ("noeviction-on-cache", "# redisconf: workload=primary\nmaxmemory 1gb\n", ""),
            ("noeviction-on-cache", "maxmemory 1gb\n", ""),
            ("eviction-on-queue", "# redisconf: workload=queue\nmaxmemory-policy volatile-lru\n", "warning"),
            (
                "eviction-on-queue",
                "# redisconf: workload=queue\nmaxmemory 1gb\nmaxmemory-policy volatile-lru\n",
                "error",
            ),
            ("allkeys-on-primary-data", "maxmemory 1gb\nmaxmemory-policy allkeys-lru\nappendonly yes\n", "info"),
            ("allkeys-on-primary-data", "maxmemory 1gb\nmaxmemory-policy allkeys-lru\n", ""),
            (
                "allkeys-on-primary-data",
                "# redisconf: workload=session\nmaxmemory 1gb\nmaxmemory-policy allkeys-lfu\n",
                "error",
            ),
            (
                "allkeys-on-primary-data",
                "# redisconf: workload=cache\nmaxmemory 1gb\nmaxmemory-policy allkeys-lfu\n",
                "",
            ),
        ] {
            let found = found(rule, text);
            assert_eq!(found.first().map_or("", |finding| finding.severity.word()), severity, "{rule} {text}");
        }
    }

    #[test]
    fn a_knowledge_base_that_is_a_cache_too_keeps_its_facts() {
        let found = found(
            "allkeys-on-primary-data",
            "# redisconf: workload=kb-cache\nmaxmemory 8gb\nmaxmemory-policy allkeys-lru\n",
        );
        assert_eq!(found[0].help.as_deref(), Some("set `maxmemory-policy volatile-lru`"));
    }

    #[test]
    fn a_policy_without_a_limit_never_evicts() {
        let warns = |text: &str| !found("policy-without-maxmemory", text).is_empty();
        assert!(warns("maxmemory-policy volatile-lru\nmaxmemory 0\n"));
        for silent in [
            "maxmemory-policy noeviction\n",
            "maxmemory-policy allkeys-lru\ninclude more.conf\n",
            "maxmemory-policy allkeys-lru\nreplicaof 10.0.0.1 6379\n",
            "maxmemory-policy allkeys-lru\nmaxmemory ${M}\n",
            "# redisconf: memory=1gb\nmaxmemory-policy allkeys-lru\n",
        ] {
            assert!(!warns(silent), "{silent}");
        }
    }
}
