//! What was deployed before: `--previous` names a version, a configuration or a profile; the last two together, too.

use std::path::Path;

use super::super::failure::Failure;
use super::super::server::{choose, newest};
use super::super::setup::{self, is_profile};
use super::super::subject::read_file;
use crate::config::layers::{Request, load, merge};
use crate::config::{Config, resolve};
use crate::lint::Previous;
use crate::server::{Engine, Server};
use crate::source::{Disk, Name, SourceId, Sources};
use crate::syntax::{conf, survey};

/// The deployment that is replaced.
pub(super) struct Past(Previous);

impl Past {
    /// Reads what the flags name; `None` without them.
    pub(super) fn of(named: &[String]) -> Result<Option<Self>, Failure> {
        let mut server: Option<Server> = None;
        let mut text: Option<&str> = None;
        for name in named {
            match name.parse::<Server>() {
                Ok(parsed) if server.replace(parsed).is_none() => {}
                Err(_) if text.replace(name).is_none() => {}
                Ok(_) | Err(_) => {
                    return Err(Failure::new("`--previous` names at most one version and one configuration")
                        .help("such as `--previous redis-6.2 --previous old/redis.conf`"));
                }
            }
        }
        let Some(name) = text else {
            let of_version = |server: Server| Previous { server, config: None, name: server.to_string() };
            return Ok(server.map(|server| Self(of_version(server))));
        };
        let (server, config) = if is_profile(name) { of_profile(name, server)? } else { of_file(name, server)? };
        Ok(Some(Self(Previous { server, config: Some(config), name: name.to_owned() })))
    }

    pub(super) fn previous(&self) -> &Previous {
        &self.0
    }
}

fn of_profile(name: &str, server: Option<Server>) -> Result<(Server, Config), Failure> {
    let request = Request { profile: name.to_owned(), ..Request::default() };
    let stack = load(&request, &Disk).map_err(setup::failed)?;
    let server = server.or_else(|| stack.default_server()).unwrap_or_else(|| newest(Engine::Redis));
    Ok((server, merge(stack, server).config))
}

fn of_file(name: &str, server: Option<Server>) -> Result<(Server, Config), Failure> {
    let path = Path::new(name);
    let text = read_file(path)?;
    let surveyed = survey(SourceId::ROOT, &text);
    let mut sources = Sources::new();
    let root = sources.add(Name::File(path.to_owned()), text);
    let chosen = choose(server, &surveyed, None, sources.get(root))?;
    let text = sources.get(root).shared();
    let reading = conf::read_template(Name::File(path.to_owned()), &text, chosen.server, &Disk);
    Ok((chosen.server, resolve(&reading, surveyed.mode)))
}
