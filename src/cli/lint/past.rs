//! What was deployed before: `--previous` names a version, a configuration or a profile; the last two together, too.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use super::super::failure::Failure;
use super::super::server::{choose, newest};
use super::super::setup::{self, is_profile};
use super::super::subject::read_file;
use crate::config::layers::{Request, load, merge};
use crate::config::resolve;
use crate::lint::Previous;
use crate::server::{Engine, Server};
use crate::source::{Disk, Name, SourceId, Sources};
use crate::syntax::{Mode, conf, survey};

/// The deployment that is replaced.
pub(super) enum Past {
    /// All of it is known.
    Known(Box<Previous>),
    /// A configuration that says nothing of its version: taken for that of the one it is compared with, so that nothing is
    /// said of an upgrade that nobody spoke of.
    AnyVersion { name: String, text: Arc<[u8]>, mode: Mode, engine: Engine },
}

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
            return Ok(server.map(|server| Self::Known(Box::new(of_version(server)))));
        };
        Ok(Some(if is_profile(name) { of_profile(name, server)? } else { of_file(name, server)? }))
    }

    /// What was there before a deployment that is judged as some version.
    pub(super) fn before(&self, judged: Server) -> Cow<'_, Previous> {
        match self {
            Self::Known(previous) => Cow::Borrowed(previous),
            Self::AnyVersion { name, text, mode, engine } => {
                let is_foreign = *engine == Engine::Valkey && judged.engine == Engine::Redis;
                let server = if is_foreign { newest(Engine::Valkey) } else { judged };
                Cow::Owned(read(name, text, *mode, server))
            }
        }
    }
}

fn read(name: &str, text: &[u8], mode: Mode, server: Server) -> Previous {
    let reading = conf::read_template(Name::File(name.into()), text, server, &Disk);
    Previous { server, config: Some(resolve(&reading, mode)), name: name.to_owned() }
}

fn of_profile(name: &str, server: Option<Server>) -> Result<Past, Failure> {
    let request = Request { profile: name.to_owned(), ..Request::default() };
    let stack = load(&request, &Disk).map_err(setup::failed)?;
    let server = server.or_else(|| stack.default_server()).unwrap_or_else(|| newest(Engine::Redis));
    let config = merge(stack, server).config;
    Ok(Past::Known(Box::new(Previous { server, config: Some(config), name: name.to_owned() })))
}

fn of_file(name: &str, server: Option<Server>) -> Result<Past, Failure> {
    let path = Path::new(name);
    let text = read_file(path)?;
    let surveyed = survey(SourceId::ROOT, &text);
    let is_said = server.is_some() || surveyed.server.is_some();
    let mut sources = Sources::new();
    let root = sources.add(Name::File(path.to_owned()), text);
    let chosen = choose(server, &surveyed, None, sources.get(root))?.server;
    let (text, mode) = (sources.get(root).shared(), surveyed.mode);
    Ok(if is_said {
        Past::Known(Box::new(read(name, &text, mode, chosen)))
    } else {
        Past::AnyVersion { name: name.to_owned(), text, mode, engine: chosen.engine }
    })
}
