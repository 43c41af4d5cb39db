//! Alerts for Prometheus on what redis_exporter and `redisconf watch` measure, with thresholds from the profile.
//!
//! Beside the rules stands a file of unit tests for promtool, in which each alert fires once and stays silent once.

mod alert;
mod clients;
mod keeping;
mod memory;
mod replicas;
mod standing;

use minijinja::Value;

use super::comment;
use super::job::Job;
use super::template::{fill, table, texts};
use super::{Artefact, Rendered};
use crate::finding::Finding;
use alert::Alert;

pub(super) const NAME: &str = "prometheus-rules";
pub(super) const SUMMARY: &str = "alerts for Prometheus, with thresholds from the profile";
pub(super) const TEMPLATES: &[(&str, &str)] = &[
    ("prometheus-rules", include_str!("../../../templates/prometheus-rules.j2")),
    ("prometheus-tests", include_str!("../../../templates/prometheus-tests.j2")),
];

/// The file with the rules, which its tests name.
const RULES: &str = "prometheus-rules.yaml";

/// Renders the rules and their tests.
pub(super) fn render(job: &Job<'_>) -> Result<Rendered, Vec<Finding>> {
    if job.options.image.is_some() {
        let message = "alerts run nothing, so they have no image";
        return Err(vec![job.bad_option(message, "leave `image` out, or choose a target that runs a server")]);
    }
    let name = job.resource_name();
    let lists = [standing::alerts(job), memory::alerts(job), clients::alerts(job), keeping::alerts(job)];
    let mut alerts: Vec<Alert> = lists.into_iter().flatten().collect();
    alerts.extend(replicas::alerts(job));
    let header = || texts(comment::header(job, "alerts for Prometheus"));
    let rules = fill(
        "prometheus-rules",
        [
            ("header", header()),
            ("group", name.clone().into()),
            ("alerts", alerts.iter().map(|alert| rule(job, alert)).collect::<Value>()),
        ],
    );
    let tests = fill(
        "prometheus-tests",
        [
            ("header", texts([format!("Unit tests of the alerts of {name}: promtool test rules FILE")])),
            ("file", RULES.into()),
            ("tests", alerts.iter().flat_map(|alert| [test(job, alert, true), test(job, alert, false)]).collect()),
        ],
    );
    let artefact = |path: &str, text| Artefact { path: path.into(), text, mode: None, secret: false };
    let notes = vec![
        format!("the alerts look at job=\"{name}\": scrape redis_exporter under that name, or choose one with `--name`"),
    ];
    Ok(Rendered { artefacts: vec![artefact(RULES, rules), artefact("prometheus-rules.test.yaml", tests)], notes })
}

fn annotations(alert: &Alert) -> [(&'static str, Value); 3] {
    [
        ("summary", alert.summary.as_str().into()),
        ("description", alert.why.as_str().into()),
        ("derived_from", alert.from.as_str().into()),
    ]
}

fn rule(job: &Job<'_>, alert: &Alert) -> Value {
    let [summary, description, from] = annotations(alert);
    table([
        ("name", alert.name.into()),
        ("expression", alert.expression.as_str().into()),
        ("lasts", format!("{}m", alert.lasts).into()),
        ("severity", alert.severity.into()),
        ("profile", job.resource_name().into()),
        summary,
        description,
        from,
    ])
}

fn test(job: &Job<'_>, alert: &Alert, fires: bool) -> Value {
    let series = if fires { &alert.bad } else { &alert.good };
    let length = alert.at + 5;
    let series = series.iter().map(|(name, start, step)| {
        table([("name", name.as_str().into()), ("values", format!("{start}+{step}x{length}").into())])
    });
    let labels = alert.labels.iter().map(|(name, value)| {
        table([("name", (*name).into()), ("value", value.as_str().into())])
    });
    let [summary, description, from] = annotations(alert);
    table([
        ("name", alert.name.into()),
        ("series", series.collect::<Value>()),
        ("moment", format!("{}m", alert.at).into()),
        ("fires", fires.into()),
        ("labels", labels.collect::<Value>()),
        ("severity", alert.severity.into()),
        ("profile", job.resource_name().into()),
        summary,
        description,
        from,
    ])
}
