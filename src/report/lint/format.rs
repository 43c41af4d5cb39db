//! The formats, and the one way in which all of them are written.

use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use super::super::look::Look;
use super::file::FileReport;
use super::summary::Summary;
use super::{checkstyle, concise, github, gitlab, html, human, json, junit, markdown, sarif};
use crate::finding::Severity;

/// What results look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// XML, for Jenkins and others.
    Checkstyle,
    /// One line a finding: `path:line:column: severity[rule] message`.
    Concise,
    /// Commands that GitHub Actions make annotations of.
    Github,
    /// The report that GitLab shows as code quality.
    Gitlab,
    /// A page that needs nothing else.
    Html,
    /// Findings with the lines they are about.
    Human,
    /// One object.
    Json,
    /// One object a line.
    Jsonl,
    /// XML, for whatever shows test results.
    Junit,
    /// For comments and pages.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

impl Format {
    /// Every format, sorted by word.
    pub const ALL: [Self; 11] = [
        Self::Checkstyle,
        Self::Concise,
        Self::Github,
        Self::Gitlab,
        Self::Html,
        Self::Human,
        Self::Json,
        Self::Jsonl,
        Self::Junit,
        Self::Markdown,
        Self::Sarif,
    ];

    /// The word users write.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Checkstyle => "checkstyle",
            Self::Concise => "concise",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Html => "html",
            Self::Human => "human",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Sarif => "sarif",
        }
    }

    /// Reads `sarif` or `sarif=out.sarif`.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn parse(text: &str) -> Result<Output, String> {
        text.parse()
    }
}

/// A requested output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What it looks like.
    pub format: Format,
    /// The file it goes to; `None` for standard output.
    pub path: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, path) = match text.split_once('=') {
            Some((word, path)) => (word, Some(path)),
            None => (text, None),
        };
        let Some(format) = Format::ALL.into_iter().find(|format| format.word() == word) else {
            let near = Format::ALL.map(|format| (strsim::damerau_levenshtein(word, format.word()), format.word()));
            let meant = near.into_iter().min().filter(|(distance, _)| *distance <= 2 && distance * 2 < word.len());
            let words = Format::ALL.map(Format::word).join(", ");
            return Err(match meant {
                Some((_, meant)) => format!("there is no format `{word}`; did you mean `{meant}`?"),
                None => format!("there is no format `{word}`; there are: {words}"),
            });
        };
        match path {
            Some("") => Err(format!("no file is named behind `{word}=`")),
            path => Ok(Self { format, path: path.map(PathBuf::from) }),
        }
    }
}

/// What the caller decides for an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Colour and width, of the formats for people.
    pub look: Look,
    /// Whether the summary is left out of the formats for people.
    pub quiet: bool,
    /// The severity at which `lint` fails; JUnit calls a milder finding no failure.
    pub fail_on: Severity,
    /// The way from the root of the repository to the working directory, such as `services/cache`; empty if they are the
    /// same. GitHub, GitLab and SARIF want paths from the root.
    pub prefix: String,
}

impl Settings {
    /// Those of an output that nobody looks at, run at the root of a repository.
    pub const PLAIN: Self = Self { look: Look::PLAIN, quiet: false, fail_on: Severity::Error, prefix: String::new() };
}

/// How one format is written.
pub(super) trait Shape: Send {
    /// What comes first.
    fn begin(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// What one configuration adds.
    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()>;

    /// What comes last.
    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()>;
}

/// One output. It keeps nothing of the files but what the format itself needs at the end.
pub struct Writer(Box<dyn Shape>);

impl Writer {
    /// A writer of a format.
    #[must_use]
    pub fn new(format: Format, settings: &Settings) -> Self {
        Self(match format {
            Format::Checkstyle => Box::new(checkstyle::Checkstyle),
            Format::Concise => Box::new(concise::Concise::new(settings)),
            Format::Github => Box::new(github::Github::new(settings)),
            Format::Gitlab => Box::new(gitlab::Gitlab::new(settings)),
            Format::Html => Box::new(html::Html),
            Format::Human => Box::new(human::Human::new(settings)),
            Format::Json => Box::new(json::Json::default()),
            Format::Jsonl => Box::new(json::Jsonl),
            Format::Junit => Box::new(junit::Junit::new(settings)),
            Format::Markdown => Box::new(markdown::Markdown::new(settings)),
            Format::Sarif => Box::new(sarif::Sarif::new(settings)),
        })
    }

    /// Writes what comes first.
    ///
    /// # Errors
    /// What the output says.
    pub fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.0.begin(out)
    }

    /// Writes what one configuration adds.
    ///
    /// # Errors
    /// What the output says.
    pub fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        self.0.file(out, file)
    }

    /// Writes what comes last.
    ///
    /// # Errors
    /// What the output says.
    pub fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        self.0.end(out, summary)
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}
