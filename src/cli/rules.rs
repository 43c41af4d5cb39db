//! `redisconf rules`: every rule of `lint`.

use super::Exit;
use super::args::Global;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::report::lint::{Format, Output};
use crate::report::{self, RuleList};

pub(super) fn run(global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let list = RuleList::all();
    let format = match global.output_format.as_slice() {
        [] => Format::Human,
        [Output { format: format @ (Format::Human | Format::Json | Format::Markdown), path: None }] => *format,
        _ => {
            let message = "`rules` writes one format to standard output: human, json or markdown";
            return Err(Failure::new(message).help("redirect it, to have it in a file"));
        }
    };
    let text = if format == Format::Markdown {
        list.markdown()
    } else if format == Format::Json {
        report::json("rules", &list)
    } else {
        list.human(terminal.look)
    };
    terminal.print(&text)?;
    if format == Format::Human && !global.quiet {
        terminal.note("\nmore of one: redisconf explain RULE   of a group: redisconf explain GROUP\n")?;
    }
    Ok(Exit::Done)
}
