//! The project as texts: the base, the profiles, the instances, and the file that holds them together.

use std::collections::BTreeSet;

use super::cluster::{Layers, Word, lines, over};
use super::sheet::{Carried, Said, Sheets, settings};
use super::{SharedSecret, names};
use crate::config::Class;
use crate::config::fleet::PROJECT_FILE;
use crate::import::decide::Decided;
use crate::import::value::{key, quoted};
use crate::import::write::{body, comment};

/// Where the base lies.
pub(super) const BASE: &str = "org/base.toml";
/// Where the environment says where secrets are kept.
const OVERLAY: &str = "overlays/fleet.toml";

/// One line of a layer or an instance: name, class, right side, reason.
type Line = (&'static str, Option<Class>, Said, Option<String>);

/// What a layer is called, whose it is and what it says.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) members: Vec<usize>,
    pub(super) lines: usize,
    pub(super) text: String,
}

pub(super) struct Texts<'a> {
    pub(super) sheets: &'a Sheets,
    pub(super) layers: &'a Layers,
    pub(super) instances: &'a [String],
    pub(super) files: &'a [String],
    pub(super) secrets: &'a [SharedSecret],
}

impl Texts<'_> {
    /// The base, if it is needed, and the profiles.
    pub(super) fn written(&self) -> (Option<Written>, Vec<Written>) {
        let count = self.instances.len();
        let everybody: Vec<usize> = (0..count).collect();
        let direct = self.layers.of.iter().any(Option::is_none);
        let decided = self.layer(&self.layers.base, &self.layers.base_carries, &everybody);
        let base = (direct || said(&decided) > 0).then(|| {
            let alone = if direct { "" } else { "abstract = true\n" };
            let head = format!(
                "# What {} share; an instance may say otherwise.\nschema = 1\nname = \"base\"\n{alone}",
                instances(count)
            );
            Self::finished("base", BASE, &head, &decided, everybody)
        });
        let mut taken = BTreeSet::from(["base".to_owned()]);
        let profiles = self.layers.profiles.iter().enumerate().map(|(index, profile)| {
            let members: Vec<usize> = (0..count).filter(|row| self.layers.of[*row] == Some(index)).collect();
            let decided = self.layer(&profile.words, &profile.carries, &members);
            let wanted = names::in_common(&members, self.instances).unwrap_or_else(|| self.features(&profile.words));
            let name = names::free(&wanted, &mut taken);
            let head = format!(
                "# Shared by {} of {}.\nschema = 1\nname = {}\ndefault-server = {}\n",
                members.len(),
                instances(count),
                quoted(&name),
                quoted(&self.usual_server(&members))
            );
            Self::finished(&name, &format!("profiles/{name}.toml"), &head, &decided, members)
        });
        let profiles = profiles.collect();
        (base, profiles)
    }

    fn finished(name: &str, path: &str, head: &str, decided: &Decided, members: Vec<usize>) -> Written {
        let mut text = head.to_owned();
        body(decided, &[], &mut text);
        Written { name: name.to_owned(), path: path.to_owned(), members, lines: said(decided), text }
    }

    /// The project file, and the overlay with the places of secrets if there are any.
    pub(super) fn project(&self, base: Option<&Written>, version: &str) -> Vec<(String, String)> {
        let mut text = format!(
            "# Factored from {} by `redisconf import --factor`. `redisconf render` writes what is listed in the instances.\n\
             schema = 1\nrequires = \">= {version}\"\nownership = \"declared\"\n",
            count_of(self.instances.len(), "file")
        );
        if base.is_some() {
            text.push_str(&format!("extends = [\"{BASE}\"]\n"));
        }
        text.push_str("instances = \"instances/*.toml\"\n");
        let mut files = Vec::new();
        if !self.secrets.is_empty() {
            text.push_str(&format!("\n[environments.fleet]\noverlay = \"{OVERLAY}\"\n"));
            let mut overlay = "# Where the secrets are kept; their values are in no file of this project. Say where yours are: env, file or\n\
                               # kubernetes.\nschema = 1\n\n[secrets]\n"
                .to_owned();
            for secret in self.secrets {
                let variable = secret.name.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
                overlay.push_str(&format!("{} = {{ env = \"REDIS_{variable}\" }}\n", key(&secret.name)));
            }
            files.push((OVERLAY.to_owned(), overlay));
            files.push((
                ".gitignore".to_owned(),
                "# Rendered with secrets in clear, for their hosts alone.\n/out/\n".to_owned(),
            ));
        }
        files.push((PROJECT_FILE.to_owned(), text));
        files
    }

    /// An instance, and how many lines it has of its own.
    pub(super) fn instance(&self, row: usize, profile: &str) -> (String, usize) {
        let sheet = &self.sheets.of[row];
        let silent = Word::Silent;
        let words = self.layers.of[row].map(|profile| &self.layers.profiles[profile].words);
        let mut decided = Decided::default();
        let mut own: Vec<Line> = Vec::new();
        for (column, slot) in self.sheets.slots.iter().enumerate() {
            let word = over(self.layers.base[column], words.map_or(silent, |words| words[column]));
            let cell = self.sheets.table.rows[row][column];
            if lines(cell, word) == 0 {
                continue;
            }
            let name = self.sheets.name_of(column, row);
            let line = sheet.own.get(slot);
            let stated = line.is_some() || slot.key.is_some() || sheet.stated.contains(&slot.directive);
            match self.sheets.said(column, cell.value).filter(|_| stated) {
                Some(said) => own.push((name, slot.key, said.clone(), line.and_then(|line| line.why.clone()))),
                None => decided.unset.push(name),
            }
        }
        decided.settings = settings(own);
        let shared = self.layers.of[row].map_or(&[][..], |profile| &self.layers.profiles[profile].carries);
        let here = self.sheets.table.carries[row]
            .iter()
            .filter(|one| !shared.contains(one) && !self.layers.base_carries.contains(one));
        self.carry(here, &mut decided);
        let name = &self.instances[row];
        let uses_secrets = sheet.own.values().any(|line| matches!(line.said, Said::Secret(_)))
            || sheet.carried.iter().any(|one| matches!(one, Carried::User(user) if !user.passwords.is_empty()));
        let environment = if self.secrets.is_empty() { "" } else { "environment = \"fleet\"\n" };
        let secrets = if uses_secrets { ", secrets = \"clear\"" } else { "" };
        let mut text = format!(
            "# Imported from {}\nschema = 1\nprofile = {}\nserver = {}\n{environment}render = [{{ target = \"conf\", to = {}{secrets} }}]\n",
            comment(&self.files[row]),
            quoted(profile),
            quoted(&sheet.server.name()),
            quoted(&format!("out/{name}/redis.conf")),
        );
        body(&decided, &[], &mut text);
        (text, said(&decided))
    }

    fn carry<'b>(&self, numbers: impl Iterator<Item = &'b u32>, decided: &mut Decided) {
        for number in numbers {
            let Some(one) = usize::try_from(*number).ok().and_then(|at| self.sheets.carried.get(at)) else { continue };
            match one.clone() {
                Carried::Modules(modules) => decided.modules = modules,
                Carried::Renames(renames) => decided.renames = renames,
                Carried::User(user) => decided.users.push(user),
            }
        }
    }

    /// What a layer says for some instances.
    fn layer(&self, words: &[Word], carries: &[u32], members: &[usize]) -> Decided {
        let mut decided = Decided::default();
        let (mut set, mut preferred) = (Vec::new(), Vec::new());
        for (column, word) in words.iter().enumerate() {
            let value = match word {
                Word::Silent => continue,
                Word::Unset => {
                    decided.unset.push(self.sheets.name(column, members));
                    continue;
                }
                Word::Says(value) => *value,
            };
            let Some(said) = self.sheets.said(column, value) else { continue };
            let slot = &self.sheets.slots[column];
            let line = (self.sheets.name(column, members), slot.key, said.clone(), self.reason(column, value, members));
            let lacks = members.iter().any(|row| self.sheets.table.rows[*row][column].lacks);
            if lacks { preferred.push(line) } else { set.push(line) }
        }
        (decided.settings, decided.prefer) = (settings(set), settings(preferred));
        self.carry(carries.iter(), &mut decided);
        decided
    }

    /// The reason that most of those give who give this value.
    fn reason(&self, column: usize, value: u32, members: &[usize]) -> Option<String> {
        let slot = &self.sheets.slots[column];
        let same = members.iter().filter(|row| self.sheets.table.rows[**row][column].value == value);
        let same: Vec<usize> = same.copied().collect();
        let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        for row in &same {
            if let Some(why) = self.sheets.of[*row].own.get(slot).and_then(|line| line.why.as_deref()) {
                *counts.entry(why).or_default() += 1;
            }
        }
        let most = counts.into_iter().max_by_key(|(why, count)| (*count, std::cmp::Reverse(*why)))?;
        (most.1 * 2 > same.len()).then(|| most.0.to_owned())
    }

    /// A name by what the settings are for.
    fn features(&self, words: &[Word]) -> String {
        let text = |wanted: &str| {
            let id = crate::catalog::find(wanted)?;
            let column = self.sheets.slots.iter().position(|slot| slot.directive == id)?;
            match words[column] {
                Word::Says(value) => match self.sheets.said(column, value)? {
                    Said::Toml(text) => Some(text.trim_matches('"').to_owned()),
                    Said::Secret(_) => None,
                },
                Word::Silent | Word::Unset => None,
            }
        };
        let mut parts: Vec<String> = Vec::new();
        if text("cluster-enabled").as_deref() == Some("true") {
            parts.push("cluster".into());
        }
        match text("maxmemory-policy").as_deref() {
            Some("noeviction") => parts.push("store".into()),
            Some(policy) if policy.starts_with("allkeys") => parts.push("cache".into()),
            Some(_) => parts.push("cache-ttl".into()),
            None => {}
        }
        match (text("appendonly").as_deref(), text("save").as_deref()) {
            (Some("true"), _) => parts.push("aof".into()),
            (_, Some("[]")) => parts.push("volatile".into()),
            (_, Some(_)) => parts.push("snapshots".into()),
            (_, None) => {}
        }
        if parts.is_empty() {
            // The first thing it says must do.
            let first = words.iter().position(|word| matches!(word, Word::Says(_)));
            let all: Vec<usize> = (0..self.instances.len()).collect();
            let name = first.map(|column| self.sheets.name(column, &all));
            parts.push(name.map_or_else(|| "profile".into(), |name| format!("with-{name}")));
        }
        parts.join("-")
    }

    fn usual_server(&self, members: &[usize]) -> String {
        let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        for row in members {
            *counts.entry(self.sheets.of[*row].server.name()).or_default() += 1;
        }
        let most = counts.into_iter().max_by(|(a, n), (b, m)| (n, b).cmp(&(m, a)));
        most.map(|(name, _)| name).unwrap_or_default()
    }
}

/// Lines that say something.
fn said(decided: &Decided) -> usize {
    let settings = decided.settings.iter().chain(&decided.prefer).count();
    decided.unset.len() + decided.modules.len() + settings + decided.users.len() + decided.renames.len()
}

pub(super) fn instances(n: usize) -> String {
    count_of(n, "instance")
}

fn count_of(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
