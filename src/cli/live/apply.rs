//! `redisconf apply`: shows the plan for each server, has its dangers allowed, asks, carries it out, and tells the truth.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use super::for_a_time;
use super::journal::{Journal, State, Undo};
use super::lines::held;
use super::look::{Around, Looking, Seen};
use super::planned::PlanFile;
use super::rewriting::{DANGER, objections};
use super::rollout;
use super::target::{self, Declared, Place, Target};
use crate::cli::Exit;
use crate::cli::args::{Apply, Doing, Format, Global, Profile};
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::live::{self, Ended, Event, Manner, Url};
use crate::plan::{Cleared, Hazard, Step};
use crate::report::{
    self, AppliedServer, ApplyReport, ApplyStatus, HazardLine, LeftLine, LiveStatus, RewriteLine, StepStateLine,
};

/// How often a lost connection is made again, to see how the server is left.
const ATTEMPTS: u32 = 8;

pub(in super::super) fn run(command: &Apply, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let addresses = command.reach.live.iter().filter(|live| !live.is_empty()).count();
    if command.reach.live.is_empty() {
        return Err(Failure::new("no running server is named")
            .help("`--live URL`, or `--live` alone for the instances of the project"));
    }
    if let Some(until) = &command.until {
        return for_a_time::run(command, until, global, terminal);
    }
    if addresses == 0 {
        if !command.layers.sets.is_empty() || !command.layers.files.is_empty() {
            return Err(Failure::new("layers of the command line stand above a profile, and here are instances")
                .help("write it into the project; or `--set` it for a time with --until and --reason"));
        }
        let fleet = match target::open(command.reach.project.as_deref(), terminal.err_look)? {
            Ok(fleet) => fleet,
            Err(problems) => {
                terminal.note(&problems)?;
                return Ok(Exit::Found);
            }
        };
        let patterns: Vec<String> = command.subject.iter().cloned().collect();
        let targets = Target::instances(&fleet, &patterns, &command.reach)?;
        return all(&targets, command, global, terminal).map(|(exit, _)| exit);
    }
    let Some(name) = &command.subject else {
        return Err(Failure::new("nothing is named that should be applied")
            .help("name a profile or a configuration file: `redisconf apply cache.toml --live URL`"));
    };
    let profile = Profile { profile: Some(name.clone()), server: command.server, layers: command.layers.clone() };
    let targets = Target::named(&profile, &command.reach)?;
    all(&targets, command, global, terminal).map(|(exit, _)| exit)
}

/// One server after the other; the first that fails ends it. Besides whether all of them now have what is declared.
pub(super) fn all(
    targets: &[Target<'_>],
    command: &Apply,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<(Exit, bool), Failure> {
    if targets.len() > 1 && (command.plan.is_some() || command.plan_out.is_some()) {
        return Err(Failure::new("a plan file is for one server, and there are several").help("name one of them"));
    }
    let looking = Looking::new(&command.reach, targets)?;
    if looking.may_be_of_sentinel {
        return Err(Failure::new("this is the file of a Sentinel, which is only looked at (`redisconf diff --live`)")
            .help("tell each Sentinel by SENTINEL SET or SENTINEL CONFIG SET: it writes its file itself"));
    }
    let mut servers: Vec<AppliedServer> = Vec::new();
    let mut worst = Exit::Done;
    for target in targets {
        let applying =
            Applying { command, looking: &looking, target, allowed_as: &target.name, is_alone: targets.len() == 1 };
        let (server, exit) = match looking.around(target) {
            Ok(Around::Several(topology)) => rollout::run(&applying, &topology, global, terminal)?,
            Ok(Around::Nobody) => applying.run(global, terminal)?,
            Ok(Around::Alone { met, unknown: None }) => {
                // It would be counted among the server's clients.
                drop(met);
                applying.run(global, terminal)?
            }
            Ok(Around::Alone { unknown: Some(unknown), .. }) => {
                let reason = format!("the other nodes of its cluster are not known, so nothing was sent: {unknown}");
                let help = "let its user ask for them, or apply to this node alone with --no-discover";
                applying.not_seen(LiveStatus::Unreachable, &Failure::new(reason).help(help), global, terminal)?
            }
            Err((status, failure)) => applying.not_seen(status, &failure, global, terminal)?,
        };
        servers.push(server);
        worst = worst.max(exit);
        if exit != Exit::Done {
            break;
        }
    }
    let has_all = |server: &AppliedServer| matches!(server.status, ApplyStatus::Done | ApplyStatus::Nothing);
    let are_all_set = worst == Exit::Done && servers.iter().all(has_all);
    let skipped: Vec<String> = targets[servers.len()..].iter().map(|target| target.name.clone()).collect();
    if global.format() == Format::Json {
        terminal.print(&report::json("apply", &ApplyReport { servers, skipped }))?;
    } else if !skipped.is_empty() {
        terminal.note(&format!("stopped here; not touched: {}\n", skipped.join(", ")))?;
    }
    Ok((worst, are_all_set))
}

#[derive(Clone, Copy)]
pub(super) struct Applying<'a> {
    pub(super) command: &'a Apply,
    pub(super) looking: &'a Looking<'a>,
    pub(super) target: &'a Target<'a>,
    /// The name by which dangers are allowed: that of the whole, where it is a node.
    pub(super) allowed_as: &'a str,
    pub(super) is_alone: bool,
}

impl Applying<'_> {
    fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<(AppliedServer, Exit), Failure> {
        let is_human = global.format() != Format::Json;
        let mut line = AppliedServer::new(&self.target.name);
        let Place::Address(url) = &self.target.place else {
            line.fail(ApplyStatus::Unreachable, "a dump stands for it, and nothing can be set in a dump", None);
            return told(line, Exit::Found, is_human, terminal);
        };
        line.address = url.address.to_string();
        line.environment = self.target.environment().map(str::to_owned);
        let seen = match self.looking.see(self.target, |server, role| {
            line.server = Some(server.used());
            line.role = role;
        }) {
            Ok(seen) => seen,
            Err((status, failure)) => {
                let (status, exit) = if status == LiveStatus::Failed {
                    (ApplyStatus::Refused, Exit::Usage)
                } else {
                    (ApplyStatus::Unreachable, Exit::Partial)
                };
                line.fail(status, failure.message(), failure.advice());
                return told(line, exit, is_human, terminal);
            }
        };
        if let Some(denied) = &seen.denied {
            line.fail(ApplyStatus::Unreachable, &denied.to_string(), Some("without CONFIG nothing can be set or seen"));
            return told(line, Exit::Partial, is_human, terminal);
        }
        self.fill(&mut line, &seen);
        let journal = Journal::in_folder(&folder(&self.command.doing, self.target));
        let cut_off = journal.unfinished(&seen.plan.of.run_id);
        name_cut_off(&journal, &cut_off, terminal)?;
        if self.command.rewrite {
            match objections(url, &seen.snapshot) {
                Ok(objections) => line.rewrite = Some(RewriteLine { objections, is_written: false }),
                Err(reason) => {
                    line.fail(ApplyStatus::Refused, &reason, Some("leave --rewrite out, and deploy the rendered file"));
                    return told(line, Exit::Found, is_human, terminal);
                }
            }
            let is_against = line.rewrite.as_ref().is_some_and(|rewrite| !rewrite.objections.is_empty());
            if is_against && !self.allowed().iter().any(|id| id == DANGER) {
                line.refuse(&[self.spelled_as(DANGER)]);
                return told(line, Exit::Found, is_human, terminal);
            }
            if let Err(failure) = self.permitted(&seen) {
                line.fail(ApplyStatus::Refused, failure.message(), failure.advice());
                return told(line, Exit::Found, is_human, terminal);
            }
        }
        if seen.plan.groups.is_empty() {
            line.status = if seen.plan.left.is_empty() { ApplyStatus::Nothing } else { ApplyStatus::NeedsRestart };
            let mut exit =
                if self.command.dry_run { Exit::Done } else { self.conclude(&journal, cut_off, &seen, &mut line)? };
            if exit == Exit::Done && line.rewrite.is_some() && !self.command.dry_run {
                if !self.command.doing.yes && !confirmed(&self.target.name, terminal)? {
                    line.fail(ApplyStatus::Refused, "not confirmed: nothing was sent", None);
                    return told(line, Exit::Found, is_human, terminal);
                }
                exit = self.rewrite(url, &seen, &mut line)?;
            }
            return told(line, exit, is_human, terminal);
        }
        if let Some(path) = &self.command.plan_out {
            PlanFile::of(&self.target.name, &seen, self.allowed()).keep(path)?;
            line.status = ApplyStatus::Planned;
            return told(line, Exit::Done, is_human, terminal);
        }
        let allowed = match self.permitted(&seen) {
            Ok(allowed) => allowed,
            Err(failure) => {
                line.fail(ApplyStatus::Refused, failure.message(), failure.advice());
                return told(line, Exit::Found, is_human, terminal);
            }
        };
        let cleared = match seen.plan.clear(&allowed) {
            Ok(cleared) => cleared,
            Err(refused) => {
                line.refuse(&refused.iter().map(|hazard| self.spelled(hazard)).collect::<Vec<_>>());
                return told(line, Exit::Found, is_human, terminal);
            }
        };
        if self.command.dry_run {
            line.status = ApplyStatus::Planned;
            return told(line, Exit::Done, is_human, terminal);
        }
        if is_human {
            terminal.print(&line.human(terminal.look))?;
        }
        if !self.command.doing.yes && !confirmed(&self.target.name, terminal)? {
            line.fail(ApplyStatus::Refused, "not confirmed: nothing was sent", None);
            return told(line, Exit::Found, is_human, terminal);
        }
        let mut exit = self.carry_out(cleared, cut_off, &mut line, terminal)?;
        if exit == Exit::Done {
            exit = self.rewrite(url, &seen, &mut line)?;
        }
        if is_human {
            terminal.print(&line.outcome(terminal.look))?;
        }
        Ok((line, exit))
    }

    /// Has the server write its file, if that is wanted.
    fn rewrite(&self, url: &Url, seen: &Seen, line: &mut AppliedServer) -> Result<Exit, Failure> {
        let Some(rewrite) = &mut line.rewrite else { return Ok(Exit::Done) };
        let login = self.looking.login(self.target, url)?;
        let reach = self.looking.reach(url, login.as_ref())?;
        match live::rewrite(&reach, &seen.plan.of.run_id) {
            Ok(()) => {
                rewrite.is_written = true;
                line.not_on_disk = Some(Vec::new());
                Ok(Exit::Done)
            }
            Err(reason) => {
                line.reason = Some(format!("the file is as before: {reason}"));
                line.help = Some("what is set stays set; deploy the rendered file".into());
                Ok(Exit::Partial)
            }
        }
    }

    /// Says why nothing was seen, and so nothing done.
    fn not_seen(
        &self,
        status: LiveStatus,
        failure: &Failure,
        global: &Global,
        terminal: &mut Terminal,
    ) -> Result<(AppliedServer, Exit), Failure> {
        let mut line = AppliedServer::new(&self.target.name);
        if let Place::Address(url) = &self.target.place {
            line.address = url.address.to_string();
        }
        let (status, exit) = if status == LiveStatus::Failed {
            (ApplyStatus::Refused, Exit::Usage)
        } else {
            (ApplyStatus::Unreachable, Exit::Partial)
        };
        line.fail(status, failure.message(), failure.advice());
        told(line, exit, global.format() != Format::Json, terminal)
    }

    /// The dangers that are allowed here; an error if nothing may be sent at all.
    pub(super) fn permitted(&self, seen: &Seen) -> Result<Vec<String>, Failure> {
        if let (Some(owner), false) = (self.target.owner(), self.command.even_if_managed || self.command.dry_run) {
            return Err(Failure::new(format!("{owner} owns the configuration of this server, and would set it back"))
                .help("change it there (`redisconf render`), or apply for the time being with --even-if-managed"));
        }
        let Some(path) = &self.command.plan else {
            if self.target.takes_plan_files_only() && !self.command.dry_run {
                return Err(Failure::new("its environment takes reviewed plans only (`apply = \"plan-file\"`)")
                    .help("write one with --plan-out FILE, have it reviewed, and give it with --plan FILE"));
            }
            return Ok(self.allowed());
        };
        let file = PlanFile::read(path)?;
        match file.is_stale(&self.target.name, seen) {
            None => Ok(file.allow),
            Some(why) => Err(Failure::new(format!("the plan in `{}` is stale: {why}", path.display()))
                .help("plan again with --plan-out")),
        }
    }

    pub(super) fn carry_out(
        &self,
        cleared: Cleared<'_>,
        cut_off: Vec<Undo>,
        line: &mut AppliedServer,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let Place::Address(url) = &self.target.place else { return Ok(Exit::Usage) };
        let plan = cleared.plan();
        let journal = Journal::open(&folder(&self.command.doing, self.target))?;
        let mut undo = Undo::of(plan, &self.target.name, &url.address.to_string());
        undo.in_steps = self.command.step.is_some();
        undo.plan = journal.fresh(&undo.plan);
        journal.keep(&undo).map_err(|error| Failure::new(error).help("nothing was sent"))?;
        line.plan = Some(undo.plan.clone());
        line.undo = Some(journal.undo_file(&undo.plan).display().to_string());
        let login = self.looking.login(self.target, url)?;
        let reach = self.looking.reach(url, login.as_ref())?;
        let reason = self.command.doing.reason.as_deref();
        let mut record = |event: Event<'_>| journal.add(&undo, reason, event);
        let ended = live::apply(cleared, &reach, self.manner(), &mut record);
        undo.evicted = ended.evicted;
        undo.state = match ended.state {
            live::Left::AsPlanned => State::Done,
            live::Left::AsBefore => State::TakenBack,
            live::Left::Between => State::Between,
            // What nobody knows stays begun: the next run looks.
            live::Left::Unknown => State::Begun,
        };
        let kept = journal.keep(&undo).and_then(|()| journal.end(&undo, reason, ended.reason.clone()));
        let kept = match ended.state {
            live::Left::AsPlanned => kept.and_then(|()| journal.finish(cut_off, Some(&undo.plan))),
            live::Left::AsBefore | live::Left::Between | live::Left::Unknown => kept,
        };
        let exit = tell(&ended, line);
        if let Err(error) = kept {
            terminal.note(&format!("the journal is not complete: {error}\n"))?;
        }
        Ok(exit)
    }

    /// Ends what an earlier run began, where nothing is left to be set.
    pub(super) fn conclude(
        &self,
        journal: &Journal,
        cut_off: Vec<Undo>,
        seen: &Seen,
        line: &mut AppliedServer,
    ) -> Result<Exit, Failure> {
        let (Place::Address(url), false) = (&self.target.place, cut_off.is_empty()) else { return Ok(Exit::Done) };
        let login = self.looking.login(self.target, url)?;
        let reach = self.looking.reach(url, login.as_ref())?;
        // What it sent may still be on its way, as long as the server has its connection: that is the lock.
        let cleared = seen.plan.clear(&[]).expect("there is nothing in it");
        let ended = live::apply(cleared, &reach, self.manner(), &mut |_: Event<'_>| Ok(()));
        if ended.state != live::Left::AsPlanned {
            return Ok(tell(&ended, line));
        }
        let now = self.looking.see(self.target, |_, _| ()).map_err(|(_, failure)| failure)?;
        if !now.plan.groups.is_empty() {
            line.fail(ApplyStatus::AsBefore, "its values have changed meanwhile", Some("apply again"));
            return Ok(Exit::AsBefore);
        }
        // Its effect is waited for, as that run would have done.
        let mut changes = cut_off.iter().flat_map(|earlier| &earlier.changes);
        if changes.any(|change| change.directive == "appendonly")
            && let Err(reason) = live::wait_for_rewrite(&reach, self.command.doing.wait)
        {
            line.fail(ApplyStatus::Between, &reason, Some("not persistent yet: do not deploy the file"));
            return Ok(Exit::Between);
        }
        journal.finish(cut_off, None).map_err(Failure::new)?;
        Ok(Exit::Done)
    }

    fn manner(&self) -> Manner {
        Manner { patience: self.command.doing.wait, stride: self.command.step, attempts: ATTEMPTS }
    }

    pub(super) fn fill(&self, line: &mut AppliedServer, seen: &Seen) {
        line.run_id.clone_from(&seen.plan.of.run_id);
        line.steps = seen.plan.steps().map(|step| self.step_line(seen, step)).collect();
        line.left = seen
            .plan
            .left
            .iter()
            .map(|left| LeftLine {
                directive: left.name.to_owned(),
                from: held(&seen.declaration.setup, &left.from),
                to: held(&seen.declaration.setup, &left.to),
                by_restart: left.by_restart,
                reason: left.reason.clone(),
            })
            .collect();
        line.unmanaged = seen.found.rows.iter().filter(|row| row.standing == crate::plan::Standing::Unmanaged).count();
        line.lost_on_restart = seen.lost_on_restart();
        line.beyond = crate::plan::beyond(&seen.declaration.setup);
        line.not_on_disk = seen.not_on_disk();
        line.config_file = seen.snapshot.info().get("config_file").filter(|path| !path.is_empty()).map(str::to_owned);
    }

    fn step_line(&self, seen: &Seen, step: &Step) -> StepStateLine {
        StepStateLine {
            directive: step.name.to_owned(),
            from: held(&seen.declaration.setup, &step.from),
            to: held(&seen.declaration.setup, &step.to),
            hazards: step
                .hazards
                .iter()
                .map(|hazard| HazardLine {
                    id: hazard.id,
                    words: hazard.words.clone(),
                    is_final: hazard.is_final,
                    keys: hazard.keys,
                    allow: self.spelled(hazard),
                })
                .collect(),
        }
    }

    /// The dangers that are allowed on this server.
    pub(super) fn allowed(&self) -> Vec<String> {
        let its = self.command.allow.iter().filter_map(|text| match text.split_once('=') {
            Some((id, name)) => (name == self.allowed_as).then(|| id.to_owned()),
            None => self.is_alone.then(|| text.clone()),
        });
        its.collect()
    }

    pub(super) fn spelled(&self, hazard: &Hazard) -> String {
        self.spelled_as(hazard.id)
    }

    fn spelled_as(&self, danger: &str) -> String {
        match (self.is_alone, self.target.declared) {
            (true, Declared::Named(_)) => format!("--allow {danger}"),
            (_, _) => format!("--allow {danger}={}", self.allowed_as),
        }
    }
}

/// Says what an earlier run has begun on this server and not ended.
pub(super) fn name_cut_off(journal: &Journal, cut_off: &[Undo], terminal: &mut Terminal) -> Result<(), Failure> {
    for earlier in cut_off {
        terminal.note(&format!(
            "an apply of {} (plan {}) was cut off on this server; `redisconf undo {}` takes back what it had set\n",
            earlier.at,
            earlier.plan,
            journal.undo_file(&earlier.plan).display()
        ))?;
    }
    Ok(())
}

fn told(
    line: AppliedServer,
    exit: Exit,
    is_human: bool,
    terminal: &mut Terminal,
) -> Result<(AppliedServer, Exit), Failure> {
    if is_human {
        terminal.print(&line.human(terminal.look))?;
        terminal.print(&line.outcome(terminal.look))?;
    }
    Ok((line, exit))
}

fn tell(ended: &Ended, line: &mut AppliedServer) -> Exit {
    line.evicted = ended.evicted;
    line.set = ended.set.iter().map(|name| (*name).to_owned()).collect();
    line.reason.clone_from(&ended.reason);
    let (status, exit) = match ended.state {
        live::Left::AsPlanned => (ApplyStatus::Done, Exit::Done),
        live::Left::AsBefore => (ApplyStatus::AsBefore, Exit::AsBefore),
        live::Left::Between => (ApplyStatus::Between, Exit::Between),
        live::Left::Unknown => (ApplyStatus::Unknown, Exit::Between),
    };
    line.status = status;
    exit
}

/// Where the journal lies: as the flag says, beside the project, or here.
pub(super) fn folder(doing: &Doing, target: &Target<'_>) -> PathBuf {
    match (&doing.journal, target.declared) {
        (Some(folder), _) => folder.clone(),
        (None, Declared::Instance(fleet, _)) => fleet.folder.join("journal"),
        (None, Declared::Named(_)) => PathBuf::from("journal"),
    }
}

/// Has the name typed; where nobody can type, nothing is confirmed.
#[expect(clippy::disallowed_methods, reason = "the front end asks on the terminal")]
pub(super) fn confirmed(name: &str, terminal: &mut Terminal) -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::new("nobody can be asked here").help("look at the plan with --dry-run, then give --yes"));
    }
    terminal.note(&format!("type {name} to go on: "))?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(|error| Failure::new(format!("cannot read the answer: {error}")))?;
    Ok(answer.trim() == name)
}
