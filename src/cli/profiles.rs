//! `redisconf profiles`: the built-in profiles and those of the project.

use serde::Serialize;

use super::Exit;
use super::args::{Format, Global, Profiles};
use super::failure::Failure;
use super::setup;
use super::terminal::Terminal;
use crate::config::layers::{Request, builtins, load};
use crate::report::{self, Role};
use crate::server::all;
use crate::source::Disk;

/// One profile in the list.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    pinned: String,
    summary: String,
    workload: Option<String>,
    #[serde(rename = "abstract")]
    is_abstract: bool,
    servers: Vec<String>,
}

#[derive(Debug, Serialize)]
struct List {
    profiles: Vec<Line>,
}

pub(super) fn run(command: &Profiles, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if let Some(name) = &command.name {
        return text_of(name, terminal);
    }
    let list = List { profiles: builtins().iter().map(line).collect() };
    match global.format() {
        Format::Json => terminal.print(&report::json("profiles", &list))?,
        Format::Human => {
            let look = terminal.look;
            let mut rows: Vec<Vec<(Role, String)>> = Vec::new();
            for is_abstract in [false, true] {
                for line in list.profiles.iter().filter(|line| line.is_abstract == is_abstract) {
                    rows.push(vec![(Role::Name, line.name.clone()), (Role::Plain, line.summary.clone())]);
                }
            }
            terminal.print(&report::columns(&rows, 0, look))?;
            if !global.quiet {
                terminal.note("\nshow one: redisconf profiles NAME   render one: redisconf render NAME   copy one: redisconf profiles NAME > profiles/NAME.toml\n")?;
            }
        }
    }
    Ok(Exit::Done)
}

fn line(builtin: &crate::config::layers::Builtin) -> Line {
    let request = Request { profile: builtin.pinned(), ..Request::default() };
    let stack = load(&request, &Disk).expect("built-in profiles load");
    let (_, layer) = stack.layers.last().expect("a profile is a layer");
    let serves = |server: &crate::server::Server| {
        let of = |(_, l): &(String, crate::syntax::profile::Layer)| {
            l.servers.is_empty() || l.servers.iter().any(|r| r.value.admits(*server))
        };
        stack.layers.iter().all(of)
    };
    Line {
        name: builtin.name.to_owned(),
        pinned: builtin.pinned(),
        summary: layer.summary.as_ref().map(|s| s.value.clone()).unwrap_or_default(),
        workload: layer.workload.as_ref().map(|w| w.value.clone()),
        is_abstract: layer.is_abstract,
        servers: all().iter().filter(|server| serves(server)).map(|server| server.name()).collect(),
    }
}

/// Prints the text of a built-in profile, to read or to copy.
fn text_of(name: &str, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let bare = name.strip_prefix("builtin:").unwrap_or(name);
    let bare = bare.split('@').next().unwrap_or(bare);
    let Some(found) = builtins().iter().rfind(|builtin| builtin.name == bare) else {
        let stack = load(&Request { profile: format!("builtin:{bare}"), ..Request::default() }, &Disk);
        return Err(stack.err().map_or_else(|| Failure::new("no such profile"), setup::failed));
    };
    terminal.print(found.text)?;
    Ok(Exit::Done)
}
