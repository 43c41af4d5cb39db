//! Rules about what a build can do.

use crate::finding::{Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule, edits};

pub(crate) static ACTIVEDEFRAG_NEEDS_BUNDLED_JEMALLOC: Rule = Rule {
    id: "activedefrag-needs-bundled-jemalloc",
    severity: Severity::Error,
    group: Group::Versions,
    summary: "the packaged server refuses active defragmentation",
    docs: "Active defragmentation needs the allocator that comes with the sources. Debian's packages are built with the
system's jemalloc: the server stops at `activedefrag yes`, though its allocator is called jemalloc too. The official
images and a plain `make` on Linux bundle the right one.

Bad:
    # redisconf: server=redis-7.0 image=debian-package
    activedefrag yes
    maxmemory 1gb

Good:
    # redisconf: server=redis-7.0 image=debian-package
    maxmemory 1gb
",
    source: "Debian's redis 7.0.15 and valkey 8.0.1 and four builds with libc refuse it, redis 8.2.3 with its own takes it",
    facts: &["image"],
    fix: Some(Safety::Safe),
    check: Check::Config(activedefrag_needs_bundled_jemalloc),
    ..Rule::BASE
};

fn activedefrag_needs_bundled_jemalloc(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_on("activedefrag") != Some(true) {
        return;
    }
    let Some(id) = case.set_by("activedefrag") else { return };
    if report.word("image") != Some("debian-package") {
        return;
    }
    let message = "the server of Debian's package stops here: it has another allocator";
    let finding = ACTIVEDEFRAG_NEEDS_BUNDLED_JEMALLOC.finding(case.at(id), message);
    report.add(finding.help("drop the line, or use an official image").fix(Fix::safe([edits::drop(case, id)])));
}
