//! From what is named to all that belongs to it: the nodes around an address, each held against the same declaration.

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::look::{Around, Looking, unreachable};
use super::reach::url;
use super::remedy::remedy;
use super::target::{Declared, Place, Target};
use crate::cli::failure::Failure;
use crate::live::{self, Address, DiscoverError, Kind, Node, Topology, Url, Ways, discover};
use crate::report::{LiveServer, LiveStatus};

/// One node, as it is named and as it is reached.
pub(super) struct Member<'a> {
    /// What to look at; its name is the address that was announced.
    pub(super) target: Target<'a>,
    /// Which shard it is of.
    pub(super) shard: usize,
}

/// Reads `--map`.
pub(super) fn map(texts: &[String]) -> Result<Vec<(Address, Address)>, Failure> {
    let pair = |text: &String| {
        let (from, to) = text.split_once('=').ok_or_else(|| {
            Failure::new(format!("`{text}` leads nowhere")).help("write --map ANNOUNCED-HOST:PORT=HOST:PORT")
        })?;
        Ok((url(from)?.address, url(to)?.address))
    };
    texts.iter().map(pair).collect()
}

impl Looking<'_> {
    /// Meets the server at a target's address, and finds those that belong to it.
    pub(super) fn around(&self, target: &Target<'_>) -> Result<Around, (LiveStatus, Failure)> {
        let unreachable = |failure| unreachable(target, failure);
        let Place::Address(url) = &target.place else { return Ok(Around::Nobody) };
        let declared = match target.declared {
            Declared::Named(_) => None,
            Declared::Instance(_, instance) => Some(&instance.live),
        };
        let topology = declared.and_then(|live| live.topology.as_ref()).map(|word| word.value.as_str());
        if !self.is_discovering() || topology == Some("standalone") {
            return Ok(Around::Nobody);
        }
        let service = declared.and_then(|live| live.service.as_ref()).map(|name| name.value.clone());
        let ways = Ways { map: self.map().to_vec(), service: self.service().or(service) };
        let login = self.login(target, url).map_err(unreachable)?;
        let reach = self.reach(url, login.as_ref()).map_err(unreachable)?;
        let guess = if declared.is_none() { self.usual() } else { None };
        let mut found = discover(&reach, &ways, guess.as_ref().map(|declaration| &declaration.question));
        if let (Err(DiscoverError::Observe(live::ObserveError::WrongLogin { .. })), true) = (&found, login.is_some()) {
            // A Sentinel mostly has no password, and then refuses one; what it tells is asked with it.
            let bare = live::Reach { login: None, ..reach.clone() };
            if let Ok(live::Around::Several(topology)) = discover(&bare, &ways, None)
                && matches!(topology.kind, Kind::Sentinel(_))
            {
                found = Ok(live::Around::Several(topology));
            }
        }
        let found = found.map_err(|error| unreachable(advice(&error)))?;
        let is = match &found {
            live::Around::Alone { met, .. } if met.info().get("cluster_enabled").is_some_and(|one| one == "1") => {
                "cluster"
            }
            live::Around::Alone { .. } => "standalone",
            live::Around::Several(topology) => topology.kind.word(),
        };
        if let Some(declared @ ("cluster" | "sentinel")) = topology
            && declared != is
        {
            let message = format!("its `live` table says that it is {declared}, and what answers is {is}");
            return Err((LiveStatus::Failed, Failure::new(message).help("mend `topology` or `url` there")));
        }
        Ok(match found {
            live::Around::Alone { met, unknown } => Around::Alone { met, unknown },
            live::Around::Several(topology) => Around::Several(topology),
        })
    }

    /// The nodes as servers to look at.
    pub(super) fn members<'t>(&self, target: &Target<'t>, topology: &Topology) -> Vec<Member<'t>> {
        let ways = Ways { map: self.map().to_vec(), service: None };
        let user = match &target.place {
            Place::Address(url) => url.user.clone(),
            Place::Dump(_) | Place::Nowhere(_) => None,
        };
        let member = |node: &Node| {
            let url = Url { address: ways.to(&node.told), user: user.clone() };
            let name = node.told.to_string();
            let target = Target { name, place: Place::Address(url), ..target.clone() };
            Member { target, shard: node.shard }
        };
        topology.nodes.iter().map(member).collect()
    }

    /// How all nodes stand.
    pub(super) fn nodes(&self, line: LiveServer, target: &Target<'_>, topology: &Topology) -> LiveServer {
        let members = self.members(target, topology);
        let nodes = members.par_iter().map(|member| self.node(&member.target)).collect();
        line.of_nodes(topology.kind.word(), &topology.words(), nodes)
    }
}

/// What to do where the nodes are not known.
pub(super) fn advice(error: &DiscoverError) -> Failure {
    let help = match error {
        DiscoverError::Observe(error) => return remedy(error),
        DiscoverError::Connection(_) => "wait longer with --timeout, or look why it is busy",
        DiscoverError::WhichService { .. } | DiscoverError::NoService { .. } => {
            "name it with --service, or as `service` in the `live` table of the instance"
        }
        DiscoverError::NoSentinel { .. } => "leave --service out, or give the address of a Sentinel",
        DiscoverError::Refused { .. } => "let its user do it: `ACL SETUSER NAME +sentinel|masters +sentinel|replicas`",
    };
    Failure::new(error.to_string()).help(help)
}
