//! `redisconf bench`: two configurations on the same server program, measured by turns.

use super::args::{Bench, Connecting, Format, Global, Layers, Load, Profile, Saving};
use super::failure::Failure;
use super::terminal::Terminal;
use super::write::write;
use super::{Exit, setup, verify};
use crate::bench::{Claim, Connect, Effort, Saves, Shape, Side, Workload, compare};
use crate::catalog;
use crate::live::Program;
use crate::render::Artefact;
use crate::report::{self, BenchOf, BenchReport};

pub(super) fn run(command: &Bench, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let program = Program::probe(&command.server_bin).map_err(|error| Failure::new(error.to_string()))?;
    let sides = sides(command, &program)?;
    let (shape, effort) = (shape(command), effort(command));
    if shape.channels > shape.receivers {
        let message = format!("{} channels are more than {} subscribers", shape.channels, shape.receivers);
        return Err(Failure::new(message).help("raise --receivers, or lower --channels"));
    }
    let tells = !global.quiet && terminal.err_look.width.is_some();
    let outcome = compare(&program, &sides, &shape, &effort, |round| {
        if tells {
            // What is told beside the result may be lost.
            let _ = terminal.note(&format!("round {} of {}\n", round + 1, effort.rounds));
        }
    });
    let outcome = outcome.map_err(|error| Failure::new(error.to_string()))?;
    let names = sides.each_ref().map(|side| side.name.clone());
    let connect = sides.each_ref().map(|side| side.connect.name());
    let of = BenchOf {
        rounds: effort.rounds,
        seconds: effort.duration.as_secs_f64(),
        server: program.server.name(),
        allocator: program.malloc.clone(),
        ..BenchOf::new(&shape, names, connect)
    };
    let report = BenchReport::new(of, &outcome);
    if let Some(path) = &command.html {
        let artefact = Artefact { path: path.clone(), text: report.page().into_bytes(), mode: None, secret: false };
        write(path, &artefact)?;
    }
    match global.format() {
        Format::Json => terminal.print(&report::json("bench", &report))?,
        Format::Human => terminal.print(&report.human(terminal.look))?,
    }
    Ok(match outcome.claim {
        Claim::Different | Claim::Same => Exit::Done,
        Claim::Nothing(_) => Exit::Partial,
    })
}

/// A and B, ready to be started.
fn sides(command: &Bench, program: &Program) -> Result<[Side; 2], Failure> {
    let a = command.a.as_ref().or(command.before.as_ref()).expect("the arguments name A");
    let differs = !command.set_b.is_empty() || !command.set_a.is_empty() || command.connect_b.is_some();
    let b = match command.b.as_ref().or(command.after.as_ref()) {
        Some(b) => b,
        None if differs => a,
        None => {
            return Err(Failure::new(format!("`{a}` alone has nothing to be compared with"))
                .help("name a second one, or what B has otherwise: `--set-b NAME=VALUE`"));
        }
    };
    let connect = connecting(command.connect);
    let connect_b = command.connect_b.map_or(connect, connecting);
    Ok([
        side(a, &command.set_a, connect, &command.layers, program)?,
        side(b, &command.set_b, connect_b, &command.layers, program)?,
    ])
}

fn side(name: &str, sets: &[String], connect: Connect, layers: &Layers, program: &Program) -> Result<Side, Failure> {
    let mut layers = layers.clone();
    layers.sets.extend(sets.iter().cloned());
    let profile = Profile { profile: Some(name.to_owned()), server: Some(program.server), layers };
    let subject = setup::read(&profile)?;
    let start = verify::start(name, &subject, program.server)?;
    // A password may be set on the command line, too.
    let shown = if sets.is_empty() { name.to_owned() } else { format!("{name} with {}", shown(sets)) };
    Ok(Side { name: shown, start, connect })
}

/// Assignments as they were written, but for those of secrets.
fn shown(sets: &[String]) -> String {
    let one = |text: &String| {
        let name = text.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_secret = name == "user" || catalog::find(&name).is_none_or(catalog::is_secret);
        if is_secret { format!("{name}=***") } else { text.clone() }
    };
    sets.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn connecting(how: Connecting) -> Connect {
    match how {
        Connecting::Pooled => Connect::Pooled,
        Connecting::PerMessage => Connect::PerMessage,
    }
}

fn shape(command: &Bench) -> Shape {
    Shape {
        workload: match command.workload {
            Load::Cache => Workload::Cache,
            Load::Kb => Workload::Kb,
            Load::Pubsub => Workload::Pubsub,
            Load::Queue => Workload::Queue,
        },
        seed: command.seed,
        clients: command.clients.into(),
        keys: command.keys,
        value_size: usize::try_from(command.value_size).unwrap_or(usize::MAX),
        ttl: command.ttl,
        receivers: command.receivers.into(),
        channels: command.channels.into(),
        stalled: command.stalled.into(),
        saves: match command.saves {
            Saving::Forced => Saves::Forced,
            Saving::Points => Saves::Points,
        },
        rate: command.rate.map(f64::from),
    }
}

fn effort(command: &Bench) -> Effort {
    let share = |percent: u8| f64::from(percent) / 100.0;
    Effort {
        rounds: command.rounds.into(),
        duration: command.duration,
        warm_up: command.warm_up,
        busy: share(command.busy),
        smallest: share(command.smallest),
        widest: share(command.widest),
    }
}
