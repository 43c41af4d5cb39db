//! One alert: when it fires, why, what its threshold was derived from, and series that make it fire or keep it silent.

use super::super::job::Job;

/// Wake somebody.
pub(super) const CRITICAL: &str = "critical";
/// Somebody should look today.
pub(super) const WARNING: &str = "warning";

/// An alert with its own test.
#[derive(Clone, Debug)]
pub(super) struct Alert {
    pub(super) name: &'static str,
    pub(super) expression: String,
    /// Minutes it must last.
    pub(super) lasts: u64,
    pub(super) severity: &'static str,
    pub(super) summary: String,
    pub(super) why: String,
    /// The value of the profile, or what else the threshold comes from.
    pub(super) from: String,
    /// Series with what they start from and grow by each minute, under which it fires.
    pub(super) bad: Vec<(String, u64, u64)>,
    /// The same under which it is silent.
    pub(super) good: Vec<(String, u64, u64)>,
    /// The labels of the series that fires.
    pub(super) labels: Vec<(&'static str, String)>,
    /// The minute at which both are judged.
    pub(super) at: u64,
}

/// The instance in tests.
const INSTANCE: &str = "exporter:9121";

/// Metrics of one job.
pub(super) struct Metrics(String);

impl Metrics {
    pub(super) fn of(job: &Job<'_>) -> Self {
        Self(job.resource_name())
    }

    /// A metric in an expression.
    pub(super) fn metric(&self, name: &str) -> String {
        format!("{name}{{job=\"{}\"}}", self.0)
    }

    /// The same with one more label.
    pub(super) fn metric_with(&self, name: &str, label: &str, value: &str) -> String {
        format!("{name}{{job=\"{}\",{label}=\"{value}\"}}", self.0)
    }

    /// A series of a test that stays as it is.
    pub(super) fn flat(&self, name: &str, value: u64) -> (String, u64, u64) {
        self.growing(name, value, 0)
    }

    /// A series of a test that grows each minute.
    pub(super) fn growing(&self, name: &str, from: u64, by: u64) -> (String, u64, u64) {
        (format!("{name}{{instance=\"{INSTANCE}\",job=\"{}\"}}", self.0), from, by)
    }

    /// The labels of a series.
    pub(super) fn labels(&self) -> Vec<(&'static str, String)> {
        vec![("instance", INSTANCE.to_owned()), ("job", self.0.clone())]
    }

    /// An alert on one metric: it is silent at `good` and fires at `bad`.
    pub(super) fn at(&self, name: &'static str, metric: &str, compares: &str, good: u64, bad: u64) -> Alert {
        let silent = vec![self.flat(metric, good)];
        self.alert(name, format!("{} {compares}", self.metric(metric)), silent, vec![self.flat(metric, bad)])
    }

    /// An alert on a counter that should stand still: it fires if the counter has grown by more than `limit` in so many
    /// minutes.
    pub(super) fn grows(&self, name: &'static str, metric: &str, minutes: u64, limit: u64) -> Alert {
        let expression = format!("increase({}[{minutes}m]) > {limit}", self.metric(metric));
        // Twice the limit in that time, and one more for limits of 0.
        let step = 2 * limit / minutes.max(1) + 1;
        let (good, bad) = (vec![self.flat(metric, 7)], vec![self.growing(metric, 0, step)]);
        Alert { at: minutes + 10, ..self.alert(name, expression, good, bad) }
    }

    pub(super) fn alert(
        &self,
        name: &'static str,
        expression: String,
        good: Vec<(String, u64, u64)>,
        bad: Vec<(String, u64, u64)>,
    ) -> Alert {
        Alert {
            name,
            expression,
            lasts: 0,
            severity: WARNING,
            summary: String::new(),
            why: String::new(),
            from: String::new(),
            bad,
            good,
            labels: self.labels(),
            at: 10,
        }
    }
}

impl Alert {
    /// What is wrong, why it matters, and where the threshold comes from.
    pub(super) fn says(mut self, summary: impl Into<String>, why: impl Into<String>, from: impl Into<String>) -> Self {
        (self.summary, self.why, self.from) = (summary.into(), why.into(), from.into());
        self
    }

    /// It must last so many minutes.
    pub(super) fn lasting(mut self, minutes: u64) -> Self {
        self.lasts = minutes;
        self.at += minutes;
        self
    }

    /// Somebody is to be woken.
    pub(super) fn critical(mut self) -> Self {
        self.severity = CRITICAL;
        self
    }
}
