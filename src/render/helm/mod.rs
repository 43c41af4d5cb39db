//! Values for a Helm chart: alone, or as a block under a key of an umbrella chart's values.
//!
//! Each chart has a way of its own to bring a configuration to the server; what it sets itself is left to it. The keys
//! were read in the charts: bitnami/redis 23, bitnami/valkey 4, valkey 0.11, `CloudPirates` redis 0.34 and valkey 0.25.

mod bitnami;
mod chart;
mod cloudpirates;
mod command_list;
mod tree;
mod umbrella;
mod valkey;

use super::job::Job;
use super::options::{Chart, Failover, Secrets};
use super::{Artefact, Rendered};
use crate::finding::Finding;

pub(super) const NAME: &str = "helm";
pub(super) const SUMMARY: &str = "values for a Helm chart";
pub(super) const TEMPLATES: &[(&str, &str)] = &[
    ("helm/bitnami", include_str!("../../../templates/helm/bitnami.j2")),
    ("helm/cloudpirates-redis", include_str!("../../../templates/helm/cloudpirates-redis.j2")),
    ("helm/cloudpirates-valkey", include_str!("../../../templates/helm/cloudpirates-valkey.j2")),
    ("helm/command-list", include_str!("../../../templates/helm/command-list.j2")),
    ("helm/valkey", include_str!("../../../templates/helm/valkey.j2")),
];

/// What a chart module gives.
struct Values {
    text: Vec<u8>,
    beside: Vec<Artefact>,
    notes: Vec<String>,
}

/// Renders the values.
pub(super) fn render(job: &Job<'_>) -> Result<Rendered, Vec<Finding>> {
    let Some(chart) = job.options.chart else {
        let charts: Vec<String> = Chart::ALL.iter().map(|chart| format!("`{}`", chart.name())).collect();
        let help = format!("set `chart` to one of {}", charts.join(", "));
        return Err(vec![job.bad_option("values are made for one chart, and none is named", &help)]);
    };
    check(job, chart)?;
    let Values { text, beside, notes } = match chart {
        Chart::BitnamiRedis => bitnami::values(job, &bitnami::REDIS),
        Chart::BitnamiValkey => bitnami::values(job, &bitnami::VALKEY),
        Chart::CloudPiratesRedis => cloudpirates::redis(job),
        Chart::CloudPiratesValkey => cloudpirates::valkey(job),
        Chart::CommandList => command_list::values(job),
        Chart::Valkey => valkey::values(job),
    }?;
    let text = match &job.options.under {
        None => text,
        Some(path) => {
            let existing = job.options.existing.as_deref().unwrap_or_default();
            umbrella::merge(&text, path, existing).map_err(|refusal| vec![refusal.finding(job)])?
        }
    };
    let main = Artefact { path: "values.yaml".into(), text, mode: None, secret: false };
    Ok(Rendered { artefacts: std::iter::once(main).chain(beside).collect(), notes })
}

/// Options that no chart, or not this one, can follow.
fn check(job: &Job<'_>, chart: Chart) -> Result<(), Vec<Finding>> {
    let mut findings = Vec::new();
    if let Some(engine) = chart::engine(chart)
        && engine != job.setup.server.engine
    {
        let message = format!("the chart {} runs {engine}, and the profile is for {}", chart.name(), job.setup.server);
        findings.push(job.bad_option(message, "choose a chart for that engine"));
    }
    if job.options.secrets == Secrets::Clear {
        let help = "say where the secrets are kept: `NAME = { kubernetes = \"SECRET/KEY\" }` under [secrets]";
        findings.push(job.bad_option("values never hold secrets in clear: charts take them from Secrets", help));
    }
    if job.options.failover == Failover::Sentinel && job.replicas() == 0 {
        findings.push(job.bad_option("Sentinel has nothing to fail over to", "set `replicas`, or the fact of that name"));
    }
    if job.options.existing.is_some() && job.options.under.is_none() {
        findings.push(job.bad_option("there are values to write into, but no key to write under", "set `under`"));
    }
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}
