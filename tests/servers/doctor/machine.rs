//! States whose cause is the machine: its kernel, its disk, its processors, and hours of time. No test may put a machine
//! into them, and none has it for itself. So what a real server says is kept, and exactly that is changed which such a
//! machine would have said; what is kept as it is, gives none of these findings.

use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use redisconf::live::{Program, Start, boot};
use serde_json::{Value as Json, json};

use super::client::{connections, fill};
use super::states::{Bounds, wrong_with};
use super::{OF_THE_MOMENT, found};

/// What the machine would have said, in what is kept of a server.
pub(super) struct Cause {
    pub(super) rule: &'static str,
    /// Why it is not made.
    why: &'static str,
    change: fn(&mut Json),
    numbers: &'static [Bounds],
}

/// The doctor's flags for all of them, and for what is unchanged.
const FLAGS: [&str; 2] = ["--fact", "cpus=1"];

const MIB_100: u64 = 100 << 20;

pub(super) fn causes() -> [Cause; 10] {
    [
        Cause {
            rule: "clients-idle",
            why: "takes more than an hour",
            change: |kept| {
                for client in kept["evidence"]["clients"].as_array_mut().into_iter().flatten() {
                    client["idle"] = json!(4000);
                }
            },
            numbers: &[("idle connections", 26.0, 28.0), ("connections", 26.0, 28.0)],
        },
        Cause {
            rule: "fork-slow",
            why: "takes hundreds of GB or an old hypervisor",
            change: |kept| kept["info"]["latest_fork_usec"] = json!("400000"),
            numbers: &[("latest_fork_usec", 400.0, 400.0), ("used_memory", 6.7e7, 1.2e8)],
        },
        Cause {
            rule: "huge-pages-in-use",
            why: "is a switch of the kernel, for all processes",
            change: |kept| {
                kept["evidence"]["host"]["huge_pages"] = json!("always");
                kept["evidence"]["host"]["in_huge_pages"] = json!(MIB_100);
            },
            numbers: &[("AnonHugePages", 104_857_600.0, 104_857_600.0)],
        },
        Cause {
            rule: "slow-clock",
            why: "is the kernel's choice for a hypervisor",
            change: |kept| kept["evidence"]["host"]["clocksource"] = json!("xen"),
            numbers: &[],
        },
        Cause {
            rule: "memory-swapped",
            why: "takes a machine with a swap device and too little memory",
            change: |kept| kept["evidence"]["host"]["swapped"] = json!(MIB_100),
            numbers: &[("used_memory", 6.7e7, 1.2e8)],
        },
        Cause {
            rule: "fsync-delayed",
            why: "takes a disk that needs two seconds",
            change: |kept| kept["info"]["aof_delayed_fsync"] = json!("12"),
            numbers: &[("aof_delayed_fsync in", 12.0, 12.0)],
        },
        Cause {
            rule: "fsync-pending",
            why: "takes a disk that does not keep up at two moments",
            change: |kept| {
                kept["info"]["aof_pending_bio_fsync"] = json!("1");
                kept["evidence"]["earlier"]["info"]["aof_pending_bio_fsync"] = json!("2");
            },
            numbers: &[("aof_pending_bio_fsync", 1.0, 1.0), ("aof_pending_bio_fsync before", 2.0, 2.0)],
        },
        Cause {
            rule: "lazyfree-queue-grows",
            why: "takes a thread in the background that is given less than the main one for the whole window",
            change: |kept| {
                kept["info"]["lazyfree_pending_objects"] = json!("5000");
                kept["evidence"]["earlier"]["info"]["lazyfree_pending_objects"] = json!("2000");
            },
            numbers: &[("lazyfree_pending_objects", 5000.0, 5000.0), ("more", 3000.0, 3000.0)],
        },
        Cause {
            rule: "main-thread-busy",
            why: "takes a processor of its own for the whole window",
            change: |kept| {
                for field in ["used_cpu_user_main_thread", "used_active_time_main_thread"] {
                    spend(kept, field, 0.95);
                }
            },
            numbers: &[("main thread", 94.0, 125.0)],
        },
        Cause {
            rule: "processors-used-up",
            why: "takes a processor of its own for the whole window",
            change: |kept| spend(kept, "used_cpu_user", 1.0),
            numbers: &[("processor time", 99.0, 400.0)],
        },
    ]
}

/// Such a share of the window was spent, if the server counts it.
fn spend(kept: &mut Json, field: &str, share: f64) {
    let earlier = &kept["evidence"]["earlier"];
    let before = earlier["info"][field].as_str().and_then(|text| text.parse::<f64>().ok());
    let window = earlier["milliseconds"].as_f64().unwrap_or(0.0) / 1000.0;
    if let Some(before) = before {
        kept["info"][field] = json!(format!("{:.6}", before + window * share));
    }
}

pub(super) fn machine(program: &Program) -> Result<(), Failed> {
    let conf = "appendonly yes\nappendfsync no\nsave \"\"\n";
    let booted =
        boot(program, &Start { conf: Some(conf.into()), ..Start::default() }).map_err(|error| error.to_string())?;
    fill(&booted.socket(), 7000, 10_000)?;
    let clients = connections(&booted.socket(), 25)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kept.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    command.args([
        "snapshot",
        "--evidence",
        "--window=0.5",
        "--live",
        &format!("unix://{}", booted.socket().display()),
    ]);
    command.arg("--output").arg(&file).env_clear().output()?;
    drop(clients);
    booted.end();
    let kept: Json = serde_json::from_slice(&std::fs::read(&file)?)?;
    let unchanged = found(&judged(&file)?);
    let mut wrong = Vec::new();
    for Cause { rule, why, change, numbers } in causes() {
        // Where the machine is in that state, the finding is right.
        let is_so = match rule {
            "huge-pages-in-use" => kept["evidence"]["host"]["huge_pages"] == "always",
            "memory-swapped" => kept["evidence"]["host"]["swapped"] != 0,
            "slow-clock" => kept["evidence"]["host"]["clocksource"] == "xen",
            _ => OF_THE_MOMENT.contains(&rule),
        };
        if !is_so && unchanged.iter().any(|(one, _)| one == rule) {
            wrong.push(format!("{rule}, which {why}, is found in what was not changed"));
        }
        let mut changed = kept.clone();
        change(&mut changed);
        std::fs::write(&file, changed.to_string())?;
        wrong.extend(wrong_with(&judged(&file)?, rule, numbers));
    }
    println!("{}: {} causes, {} wrong", program.server, causes().len(), wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// What the doctor says of what was kept.
fn judged(file: &Path) -> Result<Json, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    command.args(["doctor", "--level", "info", "--output-format", "json"]).args(FLAGS).arg("--from").arg(file);
    Ok(serde_json::from_slice(&command.env_clear().stdin(Stdio::null()).output()?.stdout)?)
}
