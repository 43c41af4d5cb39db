//! Faults while a plan is applied: whatever breaks, and wherever, what is reported is true of the server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use redisconf::config::Setup;
use redisconf::facts::Facts;
use redisconf::live::{Address, Booted, Ended, Event, Left, Manner, Met, Program, Reach, Reply, Start, apply, boot};
use redisconf::plan::{Plan, Wanted, drift, names_to_ask};
use redisconf::snapshot::Snapshot;
use redisconf::source::Name;
use redisconf::syntax::conf;

use crate::dice::Dice;
use crate::found::Found;
use crate::proxy::{Break, Fault, Proxy, Toward};

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    servers.iter().map(|found| found.trial("faults on the way leave no half of a plan unsaid", broken)).collect()
}

/// What is declared, and what runs before. No value is one byte away from the other.
pub(crate) const VALUES: [(&str, &str, &str); 9] = [
    ("hz", "10", "53"),
    ("lfu-log-factor", "10", "57"),
    ("latency-monitor-threshold", "0", "125"),
    ("maxmemory", "0", "209715200"),
    ("maxmemory-policy", "noeviction", "allkeys-lru"),
    ("maxmemory-samples", "5", "12"),
    ("notify-keyspace-events", "", "AKE"),
    ("save", "3600 1 300 100 60 10000", ""),
    ("timeout", "0", "3600"),
];

/// How long an answer may take here, and how late a late one is.
const WITHIN: Duration = Duration::from_millis(80);
const LATE: Duration = Duration::from_millis(200);

const BREAKS: [Break; 9] = [
    Break::CutBefore,
    Break::CutAfter,
    Break::Truncate,
    Break::Swallow,
    Break::Delay(LATE),
    Break::Garble(0),
    Break::Garble(55),
    Break::Garble(97),
    Break::CutForGood,
];

pub(crate) fn declared() -> String {
    let line = |(name, _, new): &(&str, &str, &str)| {
        let value = if new.is_empty() { "\"\"" } else { new };
        format!("{name} {value}\n")
    };
    VALUES.iter().map(line).collect()
}

/// A server as it is before, with what is declared for it.
pub(crate) struct Bench {
    pub(crate) booted: Booted,
    setup: Setup,
    met: Met,
}

impl Bench {
    pub(crate) fn new(program: &Program) -> Result<Self, Failed> {
        let reading = conf::read_alone(Name::Stdin, declared().as_bytes(), program.server);
        let setup = Setup::from_reading("declared", reading, Facts::default());
        let booted = boot(program, &Start::default()).map_err(|error| error.to_string())?;
        let patient = Reach { within: Duration::from_secs(10), ..reach(Address::Unix(booted.socket())) };
        let met = Met::meet(&patient).map_err(|error| error.to_string())?;
        let mut bench = Self { booted, setup, met };
        bench.reset()?;
        Ok(bench)
    }

    /// All that the server shows, asked without the proxy.
    pub(crate) fn look(&mut self) -> Result<Snapshot, Failed> {
        self.met.refresh().map_err(|error| error.to_string())?;
        let names = names_to_ask(&self.setup.config, &BTreeMap::new());
        Ok(self.met.observe(&names).map_err(|error| error.to_string())?.snapshot)
    }

    fn plan(&mut self) -> Result<Plan, Failed> {
        let running = self.look()?;
        let none = BTreeMap::new();
        let wanted = Wanted {
            declared: &self.setup.config,
            deployed: None,
            is_all_deployed: false,
            secrets: &none,
            full: false,
            expected: &[],
            today: "2026-01-01",
        };
        Ok(Plan::mending(wanted, &running, &drift(wanted, &running)))
    }

    pub(crate) fn reset(&mut self) -> Result<(), Failed> {
        for (name, old, _) in VALUES {
            match self.booted.config_set(name, old.as_bytes()) {
                Ok(Reply::Status(_)) => {}
                _ => return Err(format!("{name} cannot be set to {old}").into()),
            }
        }
        Ok(())
    }

    /// Which of the values are the new ones; a value that is neither is told.
    pub(crate) fn new_ones(&mut self) -> Result<BTreeSet<&'static str>, Failed> {
        let now = self.look()?;
        let mut new = BTreeSet::new();
        for (name, was, will) in VALUES {
            let value = String::from_utf8_lossy(now.value(name).unwrap_or_default()).into_owned();
            // Servers order the letters of this one as they like.
            let same = |one: &str, other: &str| {
                let sorted = |text: &str| {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes.sort_unstable();
                    bytes
                };
                sorted(one) == sorted(other)
            };
            if same(&value, will) {
                new.insert(name);
            } else if !same(&value, was) {
                return Err(format!("{name} is {value:?}").into());
            }
        }
        Ok(new)
    }

    /// Applies, or undoes, what is left over, without the proxy.
    fn mend(&mut self, by_undo: bool) -> Result<(), Failed> {
        let address = Address::Unix(self.booted.socket());
        let plan = if by_undo {
            let changes: Vec<(&str, Option<&str>, Option<&str>)> =
                VALUES.iter().map(|(name, was, will)| (*name, Some(*was), Some(*will))).collect();
            let (plan, notes) = Plan::undoing(&self.look()?, &changes);
            if !notes.is_empty() {
                return Err(format!("undoing says {notes:?}").into());
            }
            plan
        } else {
            self.plan()?
        };
        let patient = Reach { within: Duration::from_secs(10), ..reach(address) };
        let ended = carry_out(&plan, &patient, 1);
        if ended.state != Left::AsPlanned {
            return Err(format!("cannot be mended: {ended:?}").into());
        }
        let wanted = if by_undo { 0 } else { VALUES.len() };
        let is_mended = self.new_ones()?.len() == wanted;
        if is_mended { Ok(()) } else { Err("mended, and is not".into()) }
    }
}

fn reach(address: Address) -> Reach<'static> {
    Reach { address, login: None, tls: None, within: WITHIN }
}

fn carry_out(plan: &Plan, reach: &Reach<'_>, attempts: u32) -> Ended {
    let allowed: Vec<String> = plan.steps().flat_map(|step| &step.hazards).map(|hazard| hazard.id.to_owned()).collect();
    let manner = Manner { patience: Duration::from_secs(5), stride: None, attempts };
    apply(plan.clear(&allowed).expect("all is allowed"), reach, manner, &mut |_: Event<'_>| Ok(()))
}

/// How often it ended how.
#[derive(Default)]
struct Tally {
    ends: BTreeMap<&'static str, usize>,
    injected: usize,
    wrong: Vec<String>,
}

fn broken(program: &Program) -> Result<(), Failed> {
    let start = Instant::now();
    let mut bench = Bench::new(program)?;
    let proxy = Proxy::start(bench.booted.dir(), bench.booted.socket());
    let through = reach(Address::Unix(proxy.socket()));
    let before = bench.look()?;
    let plan = bench.plan()?;
    if plan.steps().count() != VALUES.len() {
        return Err(format!("{} steps", plan.steps().count()).into());
    }
    // Undisturbed, to count the points.
    proxy.arm(&[]);
    let patient = Reach { within: Duration::from_secs(10), ..through.clone() };
    let ended = carry_out(&plan, &patient, 1);
    proxy.settle();
    if ended.state != Left::AsPlanned || bench.new_ones()?.len() != VALUES.len() {
        return Err(format!("undisturbed: {ended:?}").into());
    }
    let points = proxy.seen();
    let mut cases: Vec<Vec<Fault>> = Vec::new();
    for (toward, count) in [(Toward::Server, points[0]), (Toward::Client, points[1])] {
        for at in 0..count {
            cases.extend(BREAKS.map(|what| vec![Fault { toward, at, what }]));
        }
    }
    // Several at once, also while it is taken back.
    let mut dice = Dice::new(6379);
    for _ in 0..60 {
        let mut some = Vec::new();
        for _ in 0..2 + dice.roll(2) {
            let (toward, count) = dice.pick(&[(Toward::Server, points[0]), (Toward::Client, points[1])]);
            some.push(Fault { toward, at: dice.roll(count + 6), what: dice.pick(&BREAKS) });
        }
        cases.push(some);
    }
    let mut tally = Tally::default();
    for (number, faults) in cases.iter().enumerate() {
        bench.reset()?;
        // A new plan each time would do; the process is the same, and so are the values.
        proxy.arm(faults);
        let ended = carry_out(&plan, &through, 4);
        if !proxy.settle() {
            tally.wrong.push(format!("{faults:?}: connections are left open"));
            continue;
        }
        tally.injected += proxy.injected();
        if let Err(wrong) = judge(&mut bench, &before, &ended, number, &mut tally.ends) {
            tally.wrong.push(format!("{faults:?}: {ended:?}: {}", wrong.message().unwrap_or("wrong")));
            return Err(tally.wrong.join("\n").into());
        }
    }
    println!(
        "{}: {} faults at {} + {} points in {:.1} s, every report true: {:?}",
        program.server,
        tally.injected,
        points[0],
        points[1],
        start.elapsed().as_secs_f64(),
        tally.ends
    );
    let is_enough = tally.injected >= 250;
    if tally.wrong.is_empty() && is_enough { Ok(()) } else { Err(tally.wrong.join("\n").into()) }
}

/// Whether what is reported is true, and whether what is left over can be mended.
fn judge(
    bench: &mut Bench,
    before: &Snapshot,
    ended: &Ended,
    number: usize,
    ends: &mut BTreeMap<&'static str, usize>,
) -> Result<(), Failed> {
    let now = bench.look()?;
    let is_ours = |name: &str| VALUES.iter().any(|(ours, _, _)| *ours == name);
    let touched: Vec<&str> = before
        .config()
        .iter()
        .filter(|(name, value)| !is_ours(name) && now.value(name) != Some(value))
        .map(|(name, _)| name)
        .collect();
    if !touched.is_empty() {
        return Err(format!("touched: {touched:?}").into());
    }
    let new = bench.new_ones()?;
    let reported: BTreeSet<&str> = ended.set.iter().copied().collect();
    let (word, is_true) = match ended.state {
        Left::AsPlanned => ("as planned", new.len() == VALUES.len() && reported.len() == VALUES.len()),
        Left::AsBefore => ("as before", new.is_empty()),
        Left::Between => ("between", new.iter().copied().collect::<BTreeSet<&str>>() == reported),
        // Nothing is new that was not said to have been sent.
        Left::Unknown => ("unknown", new.iter().all(|name| reported.contains(name))),
    };
    *ends.entry(word).or_default() += 1;
    if !is_true {
        return Err(format!("new are {new:?}").into());
    }
    if ended.state != Left::AsPlanned && ended.reason.is_none() {
        return Err("no reason is told".into());
    }
    match ended.state {
        Left::AsPlanned | Left::AsBefore => Ok(()),
        Left::Between | Left::Unknown => bench.mend(number.is_multiple_of(2)),
    }
}
