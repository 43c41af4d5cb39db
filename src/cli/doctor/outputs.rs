//! Where a diagnosis goes: to standard output and to files, in the formats of `lint` and as a document.

use std::sync::Arc;

use super::super::args::{Doctor, Global};
use super::super::failure::Failure;
use super::super::terminal::Terminal;
use super::super::write::write;
use super::patient::Patient;
use crate::config::Visible;
use crate::finding::Severity;
use crate::lint::doctor::{Diagnosis, LiveCase};
use crate::render::Artefact;
use crate::report;
use crate::report::doctor::{Checkup, Checkups, Screen};
use crate::report::lint::{Detail, Examined, Fate, FileReport, Format, JudgedAs, Output, Settings, Summary, Writer};

/// What was asked for.
pub(super) struct Outputs(Vec<Output>);

impl Outputs {
    /// Those of the flags; text for people without any.
    pub(super) fn of(global: &Global) -> Result<Self, Failure> {
        let asked = &global.output_format;
        if asked.iter().filter(|output| output.path.is_none()).count() > 1 {
            return Err(Failure::new("two formats cannot share standard output")
                .help("send one to a file: `--output-format sarif=doctor.sarif`"));
        }
        let plain = vec![Output { format: Format::Human, path: None }];
        Ok(Self(if asked.is_empty() { plain } else { asked.clone() }))
    }

    /// The findings of one server as those of a configuration.
    pub(super) fn file(
        &self,
        patient: &Patient,
        live: &LiveCase<'_>,
        diagnosis: Diagnosis,
        level: Severity,
        terminal: &Terminal,
    ) -> FileReport {
        let server = live.snapshot.server;
        let (visible, folder) = (Visible::default(), std::path::PathBuf::new());
        let judged_as = JudgedAs {
            server: Some(server.name()),
            judged_as: [server.base().name()].into(),
            because: "INFO".into(),
            words: format!("as {server}").into(),
            advice: None,
        };
        let examined = Examined {
            path: Arc::from(patient.name.as_str()),
            folder: &folder,
            title: None,
            server: judged_as,
            verdict: report::Verdict::STARTS,
            findings: diagnosis.findings,
            suppressed: Vec::new(),
            silent: diagnosis.silent.into_iter().map(|lack| (lack.rule, lack.what)).collect(),
            sources: &live.case.reading.sources,
            visible: &visible,
            view: live.case.config.view,
            anchor: live.anchor(),
        };
        let detail = Detail::of(self.0.iter().map(|output| output.format), terminal.look);
        examined.report(
            &detail,
            |_| None,
            |finding, _| if finding.severity >= level { Fate::Shown } else { Fate::Hidden },
        )
    }

    /// Writes all of them.
    pub(super) fn write(
        &self,
        checkups: &[(Checkup, String)],
        files: &[FileReport],
        command: &Doctor,
        global: &Global,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let all = Checkups { servers: checkups.iter().map(|(checkup, _)| checkup.clone()).collect() };
        for output in &self.0 {
            let look = if output.path.is_some() { report::Look::PLAIN } else { terminal.look };
            let text = match output.format {
                Format::Human => {
                    let screen = |asked| Screen { look, all: command.all, quiet: global.quiet, asked };
                    let texts = checkups.iter().map(|(checkup, asked)| checkup.human(screen(asked)));
                    texts.collect::<Vec<_>>().join("\n").into_bytes()
                }
                Format::Html => all.html().into_bytes(),
                Format::Markdown => all.markdown().into_bytes(),
                Format::Json => report::json("doctor", &all).into_bytes(),
                format @ (Format::Checkstyle
                | Format::Concise
                | Format::Github
                | Format::Gitlab
                | Format::Jsonl
                | Format::Junit
                | Format::Sarif) => as_lint(format, files, global.quiet)?,
            };
            match &output.path {
                Some(path) => {
                    let artefact = Artefact { path: path.clone(), text, mode: None, secret: false };
                    write(path, &artefact)?;
                }
                None => terminal.print_bytes(&text)?,
            }
        }
        Ok(())
    }
}

/// What a format of `lint` makes of it.
fn as_lint(format: Format, files: &[FileReport], quiet: bool) -> Result<Vec<u8>, Failure> {
    let mut writer = Writer::new(format, &Settings { quiet, ..Settings::PLAIN });
    let mut summary = Summary::new(Severity::Info);
    let mut text = Vec::new();
    writer.begin(&mut text)?;
    for file in files {
        summary.add(file);
        writer.file(&mut text, file)?;
    }
    writer.end(&mut text, &summary)?;
    Ok(text)
}
