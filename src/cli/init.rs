//! `redisconf init`: a starting project.

use std::path::Path;

use super::Exit;
use super::args::{Global, Init};
use super::failure::Failure;
use super::terminal::Terminal;
use super::write::{existing, write};
use crate::config::fleet::PROJECT_FILE;
use crate::config::layers::builtins;
use crate::render::Artefact;

pub(super) fn run(command: &Init, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let folder = command.folder.as_deref().unwrap_or(Path::new("."));
    let Some(profile) = builtins().iter().rfind(|builtin| builtin.name == command.profile) else {
        return Err(Failure::new(format!("there is no built-in profile `{}`", command.profile))
            .help("see `redisconf profiles`"));
    };
    let project = format!(
        r#"#:schema-version 1
# A project: which servers there are, and what is rendered for each. `redisconf render` writes the artefacts,
# `redisconf render --check` tells in CI whether they are current.
schema = 1
requires = ">= {version}"               # another generation of the tool refuses to render
ownership = "declared"                  # what no layer names is left alone
extends = ["org/base.toml"]             # lowest layer of every instance

[environments.prod]
overlay = "overlays/prod.toml"

[instance.{name}]
profile = "{profile}"
environment = "prod"
server = "{server}"
facts = {{ memory = "{memory}" }}
render = [{{ target = "conf", to = "out/{name}/redis.conf" }}]
"#,
        version = env!("CARGO_PKG_VERSION"),
        name = command.name,
        profile = profile.pinned(),
        server = command.server.map_or_else(|| "redis-7.4".to_owned(), crate::server::Server::name),
        memory = command.memory,
    );
    let files = [
        (PROJECT_FILE, project.trim_start_matches("#:schema-version 1\n").to_owned()),
        (
            "org/base.toml",
            "# What every server of the organisation shares.\nschema = 1\nname = \"base\"\nabstract = true                         # a layer, never rendered alone\n\n[settings]\nprotected-mode = true\ntcp-keepalive = 60\n\n[why]\nprotected-mode = \"the last line of defence while no password is set\"\n".to_owned(),
        ),
        (
            "overlays/prod.toml",
            "# What production has and other places have not.\nschema = 1\n\n[settings]\nlatency-monitor-threshold = 100\n\n# Secrets have names; each environment says where they are kept.\n# [secrets]\n# app = { kubernetes = \"redis-auth/app\" }\n".to_owned(),
        ),
    ];
    for (name, _) in &files {
        if existing(&folder.join(name))?.is_some() {
            return Err(Failure::new(format!("`{}` is there already", folder.join(name).display()))
                .help("choose another folder, or remove it; nothing was written"));
        }
    }
    for (name, text) in files {
        let artefact = Artefact { path: name.into(), text: text.into_bytes(), mode: None, secret: false };
        write(&folder.join(name), &artefact)?;
        if !global.quiet {
            terminal.note(&format!("created  {}\n", folder.join(name).display()))?;
        }
    }
    if !global.quiet {
        terminal.note("next: redisconf render\n")?;
    }
    Ok(Exit::Done)
}
