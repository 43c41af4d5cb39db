//! Memory that is held and not used.

use super::measure::{bytes, ratio, size, word};
use super::memory::SMALL;
use super::{LIVE, LiveCase};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

/// Less is not worth a word, whatever the relation.
const WORTH: u64 = 10 << 20;

/// A relation and the bytes behind it, if both are large enough. Without the relation the rule cannot judge.
fn above(
    live: &LiveCase<'_>,
    report: &mut Report<'_>,
    relation: &'static str,
    waste: &'static str,
    most: f64,
) -> Option<(f64, u64)> {
    let relation = report.seen(relation, live.fraction(relation))?;
    // Below 1 the bytes are negative.
    let waste = live.number(waste).unwrap_or(0);
    (relation > most && waste > WORTH).then_some((relation, waste))
}

pub(in crate::lint) static MEMORY_FRAGMENTED: Rule = Rule {
    id: "memory-fragmented",
    group: Group::Memory,
    summary: "the process holds far more memory than it uses",
    docs: "A resident size of 1.4 times what is in use is memory that the machine has to have and nobody uses:
fragmentation, a peak that is over, or overhead of the process. Of a small server the relation says nothing,
so 10 MiB are the least.

Bad:
    used_memory: 2gb
    used_memory_rss: 4gb
    mem_fragmentation_ratio: 2.00
    mem_fragmentation_bytes: 2gb

Good:
    used_memory: 1mb
    mem_fragmentation_ratio: 8.00
    mem_fragmentation_bytes: 7mb
",
    source: "MEMORY DOCTOR of all servers",
    check: Check::Live(fragmented),
    ..LIVE
};

fn fragmented(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some((relation, waste)) = above(live, report, "mem_fragmentation_ratio", "mem_fragmentation_bytes", 1.4) else {
        return;
    };
    // A server that has just emptied itself is told of by its peak.
    if live.number("used_memory").is_some_and(|used| used < SMALL / 4) {
        return;
    }
    let message = format!("the process holds {relation:.2} times what it uses: {} are of no use", size(waste));
    let proof = Proof::of([ratio("mem_fragmentation_ratio", relation), bytes("mem_fragmentation_bytes", waste)])
        .above("1.4, from 10 MiB on", "MEMORY DOCTOR");
    let help = "find which part it is: the allocator's findings say; a restart takes all of it away";
    report.add(MEMORY_FRAGMENTED.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static ALLOCATOR_FRAGMENTED: Rule = Rule {
    id: "allocator-fragmented",
    group: Group::Memory,
    summary: "the allocator's pages are half empty",
    docs: "Above 1.1 the allocator holds pages with holes in them. Active defragmentation fills them while the server
runs, if it was built with the bundled jemalloc; it begins at 100 MiB by its own default, and so does this
warning.

Bad:
    allocator_frag_ratio: 1.50
    allocator_frag_bytes: 900mb

Good:
    allocator_frag_ratio: 1.05
    allocator_frag_bytes: 90mb
",
    source: "MEMORY DOCTOR; default of active-defrag-ignore-bytes",
    check: Check::Live(allocator),
    ..LIVE
};

fn allocator(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some((relation, waste)) = above(live, report, "allocator_frag_ratio", "allocator_frag_bytes", 1.1) else {
        return;
    };
    let has_defrag = live.info("mem_allocator").is_some_and(|name| name.starts_with("jemalloc"));
    let runs = live.is_on("activedefrag") == Some(true);
    let message = format!("{} are lost in half-empty pages of the allocator (ratio {relation:.2})", size(waste));
    let mut proof = Proof::of([ratio("allocator_frag_ratio", relation), bytes("allocator_frag_bytes", waste)])
        .above("1.1; a warning from 100 MiB on", "MEMORY DOCTOR; default of active-defrag-ignore-bytes");
    let help = match (has_defrag, runs) {
        (true, false) => {
            proof = proof.change("activedefrag", "yes");
            "set `activedefrag yes` until it is gone"
        }
        (true, true) => "wait: active defragmentation is on; `active-defrag-cycle-max` bounds its speed",
        (false, _) => "restart it, or fail over to a replica: this build cannot defragment while it runs",
    };
    let mut finding = ALLOCATOR_FRAGMENTED.finding(live.place("activedefrag"), message).help(help).proof(proof);
    if waste < 100 << 20 {
        finding.severity = Severity::Info;
    }
    report.add(finding);
}

pub(in crate::lint) static ALLOCATOR_HOLDS_MEMORY: Rule = Rule {
    id: "allocator-holds-memory",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "the allocator keeps memory that it could give back",
    docs: "Pages that are wholly free and still resident: the allocator gives them back by and by, or at once when
MEMORY PURGE is sent.

Bad:
    allocator_rss_ratio: 1.60
    allocator_rss_bytes: 800mb

Good:
    allocator_rss_ratio: 1.02
    allocator_rss_bytes: 20mb
",
    source: "MEMORY DOCTOR of all servers",
    check: Check::Live(holds),
    ..LIVE
};

fn holds(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some((relation, waste)) = above(live, report, "allocator_rss_ratio", "allocator_rss_bytes", 1.1) else {
        return;
    };
    let message = format!("the allocator keeps {} of free pages (ratio {relation:.2})", size(waste));
    let proof = Proof::of([ratio("allocator_rss_ratio", relation), bytes("allocator_rss_bytes", waste)])
        .above("1.1, from 10 MiB on", "MEMORY DOCTOR");
    let help = "send MEMORY PURGE if the machine needs them";
    report.add(ALLOCATOR_HOLDS_MEMORY.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static PROCESS_OVERHEAD_HIGH: Rule = Rule {
    id: "process-overhead-high",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "memory beside the allocator's is large",
    docs: "What the process holds and the allocator does not know of: Lua, modules, code, stacks, and pages that a fork
shares.

Bad:
    rss_overhead_ratio: 1.40
    rss_overhead_bytes: 700mb

Good:
    rss_overhead_ratio: 1.01
    rss_overhead_bytes: 9mb
",
    source: "MEMORY DOCTOR of all servers",
    check: Check::Live(process),
    ..LIVE
};

fn process(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some((relation, waste)) = above(live, report, "rss_overhead_ratio", "rss_overhead_bytes", 1.1) else { return };
    let message = format!("{} of the process are not the allocator's (ratio {relation:.2})", size(waste));
    let proof = Proof::of([ratio("rss_overhead_ratio", relation), bytes("rss_overhead_bytes", waste)])
        .above("1.1, from 10 MiB on", "MEMORY DOCTOR");
    let help = "look at modules and at scripts, which have memory of their own";
    report.add(PROCESS_OVERHEAD_HIGH.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static ALLOCATOR_NOT_JEMALLOC: Rule = Rule {
    id: "allocator-not-jemalloc",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "the server was built with another allocator than jemalloc",
    docs:
        "With libc's allocator fragmentation is higher under mixed sizes, the allocator's numbers in INFO say nothing,
and active defragmentation does not exist.

Bad:
    mem_allocator: libc

Good:
    mem_allocator: jemalloc-5.3.0
",
    source: "MEMORY DOCTOR of all servers; measured on builds with libc",
    check: Check::Live(not_jemalloc),
    ..LIVE
};

fn not_jemalloc(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(name) = report.seen("mem_allocator", live.info("mem_allocator")) else { return };
    // Of an empty server nobody needs to know.
    if name.starts_with("jemalloc") || live.number("used_memory").is_none_or(|used| used < SMALL) {
        return;
    }
    let message =
        format!("memory is allocated by `{}`, which fragments more", name.chars().take(20).collect::<String>());
    let proof = Proof::of([word("mem_allocator", name, "INFO")]).above("anything but jemalloc", "MEMORY DOCTOR");
    let help = "use a build with jemalloc, such as the official images and packages";
    report.add(ALLOCATOR_NOT_JEMALLOC.finding(live.anchor(), message).help(help).proof(proof));
}
