//! A chart of one's own whose values hold the container's `command` as a list, and its `resources`.

use super::super::job::Job;
use super::super::options::{Chart, Failover};
use super::super::secrets::{self, Placed, Surface};
use super::super::template::{fill, texts};
use super::super::argv;
use super::Values;
use super::chart;
use crate::finding::Finding;

/// Renders the values.
pub(super) fn values(job: &Job<'_>) -> Result<Values, Vec<Finding>> {
    chart::rolls_always(job)?;
    if job.options.failover == Failover::Sentinel || job.options.replicas.is_some_and(|replicas| replicas > 0) {
        let help = "leave `replicas` and `failover` out, or name another chart";
        return Err(vec![job.bad_option("a list of words has no place for replicas", help)]);
    }
    let Placed { lines, beside, mut notes, .. } = secrets::place(job, Surface::CommandLine)?;
    let words = argv::words(job, &lines)?;
    let command = std::iter::once(job.setup.server.engine.program().to_owned()).chain(words.concat());
    notes.extend(chart::notes(job));
    let text = fill(
        "helm/command-list",
        [
            ("header", texts(chart::header(job, Chart::CommandList))),
            ("command", texts(command)),
            ("resources", chart::resources(job)),
        ],
    );
    Ok(Values { text, beside, notes })
}
