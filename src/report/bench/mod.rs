//! What a comparison under load came to: a table for people, data, and a page with charts.

mod chart;
mod page;

use serde::Serialize;

use super::look::{Look, Role};
use super::table::columns;
use crate::bench::{Better, Claim, Judged, LEVEL, Latencies, Outcome, Shape, Unit, Verdict};
use crate::finding::Severity;

/// The percentiles that are told and drawn, as shares.
const SHARES: [f64; 8] = [0.0, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0];

/// What was compared, and how.
#[derive(Clone, Debug, Serialize)]
pub struct BenchOf {
    /// What A and B are called.
    pub sides: [String; 2],
    /// How those who send come by their connection, for A and B.
    pub connect: [&'static str; 2],
    /// The load.
    pub workload: &'static str,
    /// Pairs of runs.
    pub rounds: usize,
    /// Seconds of each of the two measurements of a run.
    pub seconds: f64,
    /// Where chance began.
    pub seed: u64,
    /// Connections that send.
    pub clients: usize,
    /// Those who receive messages or jobs.
    pub receivers: usize,
    /// Channels.
    pub channels: usize,
    /// Subscribers who never read.
    pub stalled: usize,
    /// Keys or hashes.
    pub keys: u64,
    /// Bytes of a value, job or message.
    pub value_size: usize,
    /// The version of the server, as `valkey-8.1.3`.
    pub server: String,
    /// Its allocator.
    pub allocator: String,
    /// The version of this program.
    pub redisconf: &'static str,
}

impl BenchOf {
    /// The parts that a shape tells.
    #[must_use]
    pub fn new(shape: &Shape, sides: [String; 2], connect: [&'static str; 2]) -> Self {
        Self {
            sides,
            connect,
            workload: shape.workload.name(),
            rounds: 0,
            seconds: 0.0,
            seed: shape.seed,
            clients: shape.clients,
            receivers: shape.receivers,
            channels: shape.channels,
            stalled: shape.stalled,
            keys: shape.keys,
            value_size: shape.value_size,
            server: String::new(),
            allocator: String::new(),
            redisconf: env!("CARGO_PKG_VERSION"),
        }
    }

    /// The load in words.
    fn load(&self) -> String {
        let Self { clients, receivers, channels, stalled, keys, value_size, .. } = self;
        match self.workload {
            "pubsub" => {
                let slow = if *stalled > 0 { format!(", {stalled} more that never read") } else { String::new() };
                format!("{clients} publishers, {receivers} subscribers{slow}, {channels} channels, {value_size} bytes")
            }
            "queue" => format!("{clients} producers, {receivers} consumers, {value_size} bytes"),
            _ => format!("{clients} connections, {keys} keys, {value_size} bytes"),
        }
    }
}

/// Where it ran.
#[derive(Clone, Debug, Serialize)]
struct MachineLine {
    processors: usize,
    model: Option<String>,
    governor: Option<String>,
    kernel: Option<String>,
    memory: Option<u64>,
    load_average: Option<f64>,
    /// Share of the processors that others took meanwhile.
    others: Option<f64>,
}

/// A measure: what each side had, and what may be said of it.
#[derive(Clone, Debug, Serialize)]
struct MeasureLine {
    name: &'static str,
    unit: &'static str,
    better: &'static str,
    a: SideValues,
    b: SideValues,
    /// How much more B has, as a share.
    change: f64,
    /// The interval of the change at the level of the test.
    interval: Option<[f64; 2]>,
    /// The share of ways to exchange the results of rounds that differ as much.
    chance: f64,
    verdict: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct SideValues {
    median: f64,
    quartiles: [f64; 2],
    rounds: Vec<f64>,
}

/// What was counted beside, summed over the rounds.
#[derive(Clone, Debug, Serialize)]
struct CountLine {
    name: &'static str,
    a: Option<u64>,
    b: Option<u64>,
}

/// A latency with the share of requests that were no slower.
#[derive(Clone, Debug, Serialize)]
struct PercentileLine {
    share: f64,
    a: u64,
    b: u64,
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    #[serde(flatten)]
    of: BenchOf,
    claim: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    level: f64,
    measures: Vec<MeasureLine>,
    /// Latencies on the schedule, in nanoseconds, of all rounds together; not judged.
    percentiles: Vec<PercentileLine>,
    counts: Vec<CountLine>,
    /// Requests a second on the schedule.
    rate: f64,
    machine: MachineLine,
    not_tried: Vec<String>,
    elapsed_seconds: f64,
}

impl BenchReport {
    /// What came of a comparison.
    #[must_use]
    pub fn new(of: BenchOf, outcome: &Outcome) -> Self {
        let (claim, reason) = match &outcome.claim {
            Claim::Different => ("different", None),
            Claim::Same => ("no difference", None),
            Claim::Nothing(why) => ("nothing can be claimed", Some(why.clone())),
        };
        let sides: [Latencies; 2] = [outcome.latencies(0), outcome.latencies(1)];
        let at = |side: &Latencies, share: f64| if share > 0.0 { side.value_at_quantile(share) } else { side.min() };
        let percentiles =
            SHARES.map(|share| PercentileLine { share, a: at(&sides[0], share), b: at(&sides[1], share) });
        Self {
            claim,
            reason,
            level: LEVEL,
            measures: outcome.judged.iter().map(measure).collect(),
            percentiles: percentiles.into(),
            counts: counts(outcome),
            rate: outcome.rate,
            machine: MachineLine {
                processors: outcome.machine.processors,
                model: outcome.machine.model.clone(),
                governor: outcome.machine.governor.clone(),
                kernel: outcome.machine.kernel.clone(),
                memory: outcome.machine.memory,
                load_average: outcome.machine.load,
                others: outcome.others,
            },
            not_tried: outcome.overridden.clone(),
            elapsed_seconds: outcome.elapsed.as_secs_f64(),
            of,
        }
    }

    /// As a table for people.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let of = &self.of;
        let mut text = format!(
            "{} {}: {} rounds, {} s as fast as possible and {} s at {} a second\n",
            look.paint(Role::Heading, of.workload),
            of.load(),
            of.rounds,
            of.seconds,
            of.seconds,
            number(self.rate)
        );
        for (side, letter) in ["A", "B"].iter().enumerate() {
            let how = if of.connect[side] == "pooled" { "" } else { ", a connection for each message" };
            text.push_str(&format!("  {letter}  {}{how}\n", look.paint(Role::Name, &of.sides[side])));
        }
        text.push('\n');
        let plain = |text: String| (Role::Plain, text);
        let mut rows = vec![
            ["", "A", "quartiles", "B", "quartiles", "B to A", "99 % interval", ""]
                .map(|head| (Role::Aside, head.to_owned()))
                .into(),
        ];
        for line in &self.measures {
            let side = |values: &SideValues| {
                let [low, high] = values.quartiles.map(|value| value_of(line.unit, value));
                [plain(value_of(line.unit, values.median)), (Role::Aside, format!("{low} to {high}"))]
            };
            let mut row = vec![(Role::Name, line.name.to_owned())];
            row.extend(side(&line.a));
            row.extend(side(&line.b));
            row.push(plain(percent(line.change)));
            let interval = line.interval.map(|[low, high]| format!("{} to {}", percent(low), percent(high)));
            row.push((Role::Aside, interval.unwrap_or_else(|| "-".to_owned())));
            row.push((role_of(line.verdict), line.verdict.to_owned()));
            rows.push(row);
        }
        for line in self.percentiles.iter().filter(|line| line.share >= 0.999 && line.share < 0.9999) {
            let value = |value: u64| plain(value_of("ns", as_float(value)));
            let (none, change) = ((Role::Aside, String::new()), as_float(line.b) / as_float(line.a.max(1)) - 1.0);
            let name = (Role::Name, "p99.9".to_owned());
            let row = [name, value(line.a), none.clone(), value(line.b), none.clone(), plain(percent(change)), none];
            rows.push(row.into_iter().chain([(Role::Aside, "not judged".to_owned())]).collect());
        }
        text.push_str(&columns(&rows, 0, look));
        let shown: Vec<Vec<(Role, String)>> = self.counts.iter().map(count_row).collect();
        if !shown.is_empty() {
            text.push('\n');
            text.push_str(&columns(&shown, 0, look));
        }
        text.push('\n');
        text.push_str(&self.conclusion(look));
        text.push_str(&format!("{}\n", look.paint(Role::Aside, &self.place())));
        text
    }

    /// What may be said, in one line.
    fn conclusion(&self, look: Look) -> String {
        let reason = self.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let role = if self.reason.is_some() { Role::Severity(Severity::Warning) } else { Role::Counts };
        format!("{}{reason}{}\n", look.paint(role, self.claim), self.differing())
    }

    /// The measures that the claim is about, in words.
    fn differing(&self) -> String {
        let named = |(verdict, words): (&str, &str)| -> Option<String> {
            let names: Vec<&str> =
                self.measures.iter().filter(|line| line.verdict == verdict).map(|line| line.name).collect();
            (!names.is_empty()).then(|| format!("{words} {}", names.join(", ")))
        };
        let parts: &[(&str, &str)] = match self.claim {
            "different" => &[("B is better", "B is better in"), ("B is worse", "B is worse in")],
            "no difference" => &[("no difference", "found in"), ("too noisy", "too noisy to judge")],
            _ => &[],
        };
        let parts: Vec<String> = parts.iter().copied().filter_map(named).collect();
        if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) }
    }

    /// Server and machine, in one line.
    fn place(&self) -> String {
        let machine = &self.machine;
        let mut parts = vec![format!("{} ({})", self.of.server, self.of.allocator)];
        let model = machine.model.as_deref().map(|model| format!(" ({model})")).unwrap_or_default();
        parts.push(format!("{} processors{model}", machine.processors));
        parts.extend(machine.governor.as_deref().map(|governor| format!("governor {governor}")));
        parts.extend(machine.kernel.clone());
        parts.extend(machine.others.map(|share| format!("others took {:.0} % of the processors", share * 100.0)));
        parts.push(format!("seed {}", self.of.seed));
        parts.push(format!("{:.0} s", self.elapsed_seconds));
        parts.join(", ")
    }

    /// As a page that needs nothing else.
    #[must_use]
    pub fn page(&self) -> String {
        page::page(self)
    }
}

fn measure(judged: &Judged) -> MeasureLine {
    let side = |at: usize, rounds: &[f64]| SideValues {
        median: judged.medians[at],
        quartiles: judged.quartiles[at],
        rounds: rounds.to_vec(),
    };
    MeasureLine {
        name: judged.measure.name,
        unit: match judged.measure.unit {
            Unit::PerSecond => "1/s",
            Unit::Nanoseconds => "ns",
            Unit::Count => "count",
        },
        better: match judged.measure.better {
            Better::Higher => "higher",
            Better::Lower => "lower",
        },
        a: side(0, &judged.measure.a),
        b: side(1, &judged.measure.b),
        change: judged.change,
        interval: judged.interval,
        chance: judged.chance,
        verdict: match judged.verdict {
            Verdict::Better => "B is better",
            Verdict::Worse => "B is worse",
            Verdict::Same => "no difference",
            Verdict::Unclear => "too noisy",
            Verdict::TooFew => "too few rounds",
        },
    }
}

/// What either side counted; what is 0 on both is left out, but for what was lost.
fn counts(outcome: &Outcome) -> Vec<CountLine> {
    let [a, b] = [outcome.counts(0), outcome.counts(1)];
    let mut names: Vec<&'static str> = Vec::new();
    for (name, _) in a.iter().chain(&b) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let of = |side: &[(&'static str, u64)], name: &str| side.iter().find(|(own, _)| *own == name).map(|(_, n)| *n);
    let lines = names.into_iter().map(|name| CountLine { name, a: of(&a, name), b: of(&b, name) });
    lines.filter(|line| line.name == "lost" || line.a.unwrap_or(0) + line.b.unwrap_or(0) > 0).collect()
}

fn count_row(line: &CountLine) -> Vec<(Role, String)> {
    let value = |value: Option<u64>| value.map_or("-".to_owned(), |value| value.to_string());
    vec![
        (Role::Name, line.name.to_owned()),
        (Role::Plain, value(line.a)),
        (Role::Aside, "against".to_owned()),
        (Role::Plain, value(line.b)),
    ]
}

fn role_of(verdict: &str) -> Role {
    match verdict {
        "B is better" => Role::Counts,
        "B is worse" => Role::Severity(Severity::Error),
        "no difference" => Role::Plain,
        _ => Role::Severity(Severity::Warning),
    }
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of a run")]
fn as_float(value: u64) -> f64 {
    value as f64
}

/// A value in its unit, with three digits that count.
fn value_of(unit: &str, value: f64) -> String {
    match unit {
        "ns" if value >= 1e9 => format!("{} s", number(value / 1e9)),
        "ns" if value >= 1e6 => format!("{} ms", number(value / 1e6)),
        "ns" => format!("{} µs", number(value / 1e3)),
        "1/s" => format!("{}/s", number(value)),
        _ => number(value),
    }
}

/// A number with three digits that count, more only before the point.
fn number(value: f64) -> String {
    let digits = if value.abs() >= 100.0 || value == 0.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$}")
}

fn percent(share: f64) -> String {
    if share >= 10.0 {
        return format!("x {}", number(share + 1.0));
    }
    let digits = usize::from(share.abs() < 0.1);
    format!("{:+.digits$} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count() {
        for (unit, value, text) in [
            ("ns", 81_234.0, "81.2 µs"),
            ("ns", 1_234_567.0, "1.23 ms"),
            ("ns", 2.5e9, "2.50 s"),
            ("1/s", 52_123.4, "52123/s"),
            ("count", 0.0, "0"),
        ] {
            assert_eq!(value_of(unit, value), text);
        }
        assert_eq!([percent(-0.5), percent(0.012), percent(41.0)], ["-50 %", "+1.2 %", "x 42.0"]);
    }
}
