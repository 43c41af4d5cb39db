//! Where something was measured, and who else was at work there meanwhile.

use std::fs;
use std::num::NonZero;
use std::thread;

/// What is known of a machine. Linux tells all of it, other systems little.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    /// Processors that this program may use.
    pub processors: usize,
    /// Their make.
    pub model: Option<String>,
    /// What decides their clock, such as `performance`.
    pub governor: Option<String>,
    /// The system.
    pub kernel: Option<String>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// The load average of the last minute, when it began.
    pub load: Option<f64>,
}

impl Machine {
    /// Asks the system.
    #[must_use]
    pub fn here() -> Self {
        let line = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        let of = |path: &str, name: &str| {
            let text = fs::read_to_string(path).ok()?;
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'))?.1.trim().to_owned();
            Some(value)
        };
        let memory = of("/proc/meminfo", "MemTotal").and_then(|text| text.strip_suffix(" kB")?.parse::<u64>().ok());
        Self {
            processors: thread::available_parallelism().map_or(1, NonZero::get),
            model: of("/proc/cpuinfo", "model name"),
            governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            kernel: line("/proc/sys/kernel/osrelease").map(|release| format!("Linux {release}")),
            memory: memory.map(|kilobytes| kilobytes * 1024),
            load: line("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
        }
    }
}

/// Time of the processors, in ticks: all that was worked, and all there was.
#[derive(Clone, Copy, Debug, Default)]
struct Ticks {
    worked: u64,
    all: u64,
}

/// Watches how much of the processors others take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    start: Option<Ticks>,
    own: u64,
    of_servers: u64,
}

impl Watch {
    pub(super) fn begin() -> Self {
        Self { start: ticks(), own: of_process("self").unwrap_or(0), of_servers: 0 }
    }

    /// Counts what a server of ours has used, just before it ends.
    pub(super) fn add(&mut self, pid: u32) {
        self.of_servers += of_process(&pid.to_string()).unwrap_or(0);
    }

    /// The share of all processors that others took, from 0 to 1; nothing where the system does not tell.
    #[expect(clippy::cast_precision_loss, reason = "ticks of a run")]
    pub(super) fn others(&self) -> Option<f64> {
        let (start, end) = (self.start?, ticks()?);
        let own = of_process("self")?.saturating_sub(self.own) + self.of_servers;
        let worked = (end.worked - start.worked).saturating_sub(own);
        let all = end.all - start.all;
        (all > 0).then(|| worked as f64 / all as f64)
    }
}

/// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal.
fn ticks() -> Option<Ticks> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let numbers: Vec<u64> = text.lines().next()?.split_whitespace().skip(1).take(8).flat_map(str::parse).collect();
    let all = numbers.iter().sum();
    Some(Ticks { worked: all - numbers.get(3)? - numbers.get(4)?, all })
}

/// What a process and its ended children have used: fields 14 to 17 of `/proc/PID/stat`, behind the name in brackets.
fn of_process(pid: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split(' ').skip(11).take(if pid == "self" { 2 } else { 4 }).flat_map(str::parse::<u64>).sum())
}
