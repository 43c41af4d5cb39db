//! Adopting: what a server has and a profile with its layers does not name comes into the profile's own text.
//!
//! What the profile does name stays as it says; where the server has something else, that is told, not decided. The proof is
//! that of an import: the new text, merged with its layers, resolved and rendered, means what the original means in all
//! that it does not name differently.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::carry::{Action, ActionWord, RENAME_COMMAND, USER, actions};
use super::decide::{self, Decided, Text};
use super::proof::{self, Compared, Unequal};
use super::{Leftover, Original, Refused, SecretUse, With, grow, sound, value, values};
use crate::catalog::{self, DirectiveId};
use crate::config::layers::{Request as Layers, load, merge};
use crate::config::{Class, Key, Origin, Setup, Shown, printable, shown};
use crate::source::Files;

/// The profile that grows.
#[derive(Clone, Copy)]
pub struct Growing<'a> {
    /// Where it stands; its layers are looked up from there.
    pub path: &'a Path,
    /// Its text.
    pub text: &'a str,
    /// Where the layers lie.
    pub files: &'a dyn Files,
}

/// A directive, user, command or module that the profile names now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Its name: `timeout`, `client-output-buffer-limit`, `user ann`.
    pub name: String,
    /// Its value, if it has one to show.
    pub value: Option<Shown>,
}

/// A profile that grew, proven equal in all that it does not name differently.
#[derive(Clone, Debug)]
pub struct Adopted {
    /// Its text.
    pub text: String,
    /// What is new in it.
    pub added: Vec<Added>,
    /// What it names, and the original has otherwise.
    pub different: Vec<Unequal>,
    /// What the profile names and a dump does not show, so that it could not be compared.
    pub unseen: Vec<String>,
    /// The secrets of what is new, and those of the profile that the original knows; sorted by name.
    pub secrets: Vec<SecretUse>,
    /// What no profile can hold.
    pub leftovers: Vec<Leftover>,
    /// Values that were compared and are equal.
    pub proven: usize,
    /// The profile with its layers, merged.
    pub setup: Setup,
}

/// What the profile and its layers name, be it to say that it is unset.
struct Named<'a> {
    base: &'a Setup,
    unset: BTreeSet<DirectiveId>,
}

impl Named<'_> {
    fn holds(&self, id: DirectiveId) -> bool {
        let directive = self.base.config.view.get(id);
        self.unset.contains(&id) || directive.is_some_and(|one| self.base.config.origin(one) != Origin::Default)
    }

    fn holds_class(&self, id: DirectiveId, class: Class) -> bool {
        let entry = self.base.config.entry(id);
        let named = entry.is_some_and(|entry| entry.standing().any(|part| part.key == Some(Key::Class(class))));
        self.unset.contains(&id) || named
    }
}

/// Makes the text that holds more, and proves it.
///
/// # Errors
/// [`Refused`] if layers are missing or wrong, or the result cannot be proven equal.
pub fn adopt(original: &Original, growing: &Growing<'_>) -> Result<Adopted, Refused> {
    let (base, unset) = merged(original, growing, growing.text)?;
    let base = sound(base)?;
    let named = Named { base: &base, unset };
    let decided = decide::decide(original, &base, &BTreeSet::new());
    let had = actions(&base);
    let mut different = otherwise_carried_out(original, &decided, &had);
    let (more, refused) = new(decided, &named, &had);
    let added = added(original, &more);
    let text = if added.is_empty() { Some(growing.text.to_owned()) } else { grow::grown(growing.text, &more) };
    let text = text.ok_or_else(|| {
        let help = "write `[settings]` and its like as tables".to_owned();
        let what = "the profile's text, which takes no more keys".to_owned();
        Refused::Unequal(vec![Unequal { what, original: None, profile: None, help }])
    })?;
    let setup = sound(merged(original, growing, &text)?.0)?;
    let known = values(&more.secrets);
    let compared = proof::values(original, &setup.config, &known, &more.excluded);
    let (told, wrong): (Vec<_>, Vec<_>) =
        compared.different.iter().copied().partition(|directive| named.holds(directive.id));
    let is_shown = |id| original.dump.as_ref().is_none_or(|dump| dump.shown.contains(&id));
    let unseen = told.iter().filter(|directive| !is_shown(directive.id)).map(|one| one.name().to_owned()).collect();
    let mut excluded = more.excluded.clone();
    excluded.extend(told.iter().map(|directive| directive.id));
    let checked = Decided { excluded, actions: expected(&had, &refused, &more), ..Decided::default() };
    let rest = Compared { equal: compared.equal, different: wrong };
    let unequal = proof::all(original, &setup, &checked, &known, &rest);
    if !unequal.is_empty() {
        return Err(Refused::Unequal(unequal));
    }
    let help = "change the profile, or the server";
    let seen = told.iter().filter(|directive| is_shown(directive.id));
    different.splice(0..0, seen.map(|directive| proof::value(directive, original, &setup.config, help)));
    let Decided { secrets, leftovers, .. } = more;
    Ok(Adopted { text, added, different, unseen, secrets, leftovers, proven: compared.equal, setup })
}

/// The profile with its layers, and what they unset.
fn merged(original: &Original, growing: &Growing<'_>, text: &str) -> Result<(Setup, BTreeSet<DirectiveId>), Refused> {
    let files = With { path: growing.path, text: text.as_bytes().to_vec(), files: growing.files };
    let layers = Layers { profile: growing.path.display().to_string(), folder: PathBuf::new(), ..Layers::default() };
    let stack = load(&layers, &files)?;
    let names = stack.layers.iter().flat_map(|(_, layer)| &layer.unset);
    let unset = names.filter_map(|name| catalog::find(&name.value)).collect();
    Ok((merge(stack, original.reading.server), unset))
}

/// What of all that was decided is new; with the actions that are not, for the profile has others of their names.
fn new(mut decided: Decided, named: &Named<'_>, had: &[Action]) -> (Decided, Vec<Action>) {
    let mut dropped: BTreeSet<String> = BTreeSet::new();
    decided.unset.clear();
    decided.settings.retain_mut(|setting| {
        let id = catalog::find(setting.name).expect("directives of the catalogue were decided on");
        let is_new = match &mut setting.text {
            Text::One(_) | Text::Secret(_) => !named.holds(id),
            Text::Classes(classes) => {
                classes.retain(|(class, _)| !named.holds_class(id, *class));
                !classes.is_empty()
            }
        };
        if !is_new {
            dropped.insert(setting.name.to_owned());
        }
        is_new
    });
    let taken: BTreeSet<_> = had.iter().filter_map(subject).collect();
    decided.users.retain(|user| {
        let is_new = !taken.contains(&(USER, user.name.as_bytes().to_vec()));
        if !is_new {
            dropped.insert(format!("user {}", user.name));
        }
        is_new
    });
    decided.renames.retain(|(old, _)| !taken.contains(&(RENAME_COMMAND, old.to_ascii_lowercase().into_bytes())));
    decided.modules.retain(|(path, _)| !taken.contains(&(super::carry::LOAD_MODULE, path.as_bytes().to_vec())));
    decided.secrets.retain(|secret| secret.known == super::Known::Layer || !dropped.contains(&secret.of));
    let (refused, actions) = decided
        .actions
        .into_iter()
        .partition(|action| !had.contains(action) && subject(action).is_some_and(|subject| taken.contains(&subject)));
    decided.actions = actions;
    (decided, refused)
}

/// What an action is about: the user, the command, the module's file.
fn subject(action: &Action) -> Option<(&'static str, Vec<u8>)> {
    let Some(ActionWord::Plain(word)) = action.words.first() else { return None };
    let word = if action.of == RENAME_COMMAND { word.to_ascii_lowercase() } else { word.clone() };
    Some((action.of, word))
}

/// What has to be carried out in the end: what was, and what is new, each kind in its order.
fn expected(had: &[Action], refused: &[Action], more: &Decided) -> Vec<Action> {
    let new = more.actions.iter().filter(|action| !had.contains(action) && !refused.contains(action));
    let mut all: Vec<Action> = had.iter().chain(new).cloned().collect();
    let rank = |action: &Action| match action.of {
        USER => 2,
        RENAME_COMMAND => 1,
        _ => 0,
    };
    all.sort_by_key(|action| (rank(action), action.user_name()));
    all
}

fn added(original: &Original, more: &Decided) -> Vec<Added> {
    let view = original.config.view;
    let settings = more.settings.iter().map(|setting| {
        let directive = catalog::find(setting.name).and_then(|id| view.get(id));
        let value = directive.and_then(|directive| {
            let of_original = || original.config.effective(directive).map(|value| shown(directive, value));
            match &setting.text {
                Text::Classes(classes) => Some(Shown::Plain(limits(original, directive.id, classes))),
                Text::Secret(name) => Some(Shown::Named(name.clone())),
                Text::One(_) => of_original(),
            }
        });
        Added { name: setting.name.to_owned(), value }
    });
    let carried = |name: String| Added { name, value: None };
    let users = more.users.iter().map(|user| carried(format!("user {}", user.name)));
    let renames = more.renames.iter().map(|(old, _)| carried(format!("rename-command {old}")));
    let modules = more.modules.iter().map(|(path, _)| carried(format!("loadmodule {path}")));
    settings.chain(users).chain(renames).chain(modules).collect()
}

/// The limits of some classes, as the server shows them.
fn limits(original: &Original, id: DirectiveId, classes: &[(Class, String)]) -> String {
    let value = original.config.view.get(id).and_then(|directive| original.config.effective(directive));
    let of = |class: Class| value::limit_of(value, class);
    let texts = classes.iter().filter_map(|(class, _)| {
        let limit = of(*class)?;
        Some(format!("{} {} {} {}", class.name(), limit.hard, limit.soft, limit.seconds))
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// What is carried out otherwise than the profile says. A dump shows none of it.
fn otherwise_carried_out(original: &Original, decided: &Decided, had: &[Action]) -> Vec<Unequal> {
    if original.is_dump() {
        return Vec::new();
    }
    let wanted = had.iter().filter(|action| !decided.actions.contains(action));
    wanted
        .map(|action| {
            let name = match action.words.first() {
                Some(ActionWord::Plain(word)) => printable(word),
                Some(ActionWord::Named(_)) | None => String::new(),
            };
            let help = "change the profile, or the server".to_owned();
            Unequal { what: format!("{} {name}", action.of), original: None, profile: None, help }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Memory, Name};
    use crate::syntax::conf;

    const PROFILE: &str = "schema = 1\nextends = [\"base.toml\"]\n[settings]\nmaxmemory = \"2gb\"\n";
    const BASE: &str = "schema = 1\nunset = [\"hz\"]\n[settings]\ntimeout = 60\nrequirepass = { secret = \"app\" }\n\
        [settings.client-output-buffer-limit]\npubsub = { hard = \"1mb\", soft = 0, seconds = 0 }\n\
        [users.ann]\nrules = \"on +@read\"\n[rename-commands]\nFLUSHALL = \"\"\n";

    fn grown(profile: &str, original: &Original) -> Result<Adopted, Refused> {
        let files = Memory::new([("base.toml", BASE.as_bytes().to_vec())]);
        adopt(original, &Growing { path: Path::new("p.toml"), text: profile, files: &files })
    }

    fn conf(text: &str) -> Original {
        Original::of_conf(conf::read_alone(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap()))
    }

    fn dump(text: &str) -> Original {
        Original::of_dump(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap()).unwrap()
    }

    fn names(adopted: &Adopted) -> (Vec<&str>, Vec<&str>) {
        let added = adopted.added.iter().map(|added| added.name.as_str()).collect();
        (added, adopted.different.iter().map(|one| one.what.as_str()).collect())
    }

    #[test]
    fn what_nobody_names_comes_in_and_nothing_else_changes() {
        let text = "{\"maxmemory\": \"2147483648\", \"timeout\": \"60\", \"requirepass\": \"x\", \"save\": \"60 1\", \"hz\": \"10\", \
            \"client-output-buffer-limit\": \"normal 0 0 0 slave 0 0 0 pubsub 1048576 0 0\"}";
        let adopted = grown(PROFILE, &dump(text)).unwrap();
        assert_eq!(names(&adopted), (vec!["client-output-buffer-limit", "save"], vec![]));
        assert_eq!(
            adopted.text,
            format!(
                "{PROFILE}save = [\"60 1\"]\n\n[settings.client-output-buffer-limit]\n\
                 replica = {{ hard = 0, soft = 0, seconds = 0 }}\n"
            )
        );
        let again = grown(&adopted.text, &dump(text)).unwrap();
        assert_eq!((again.text.as_str(), names(&again)), (adopted.text.as_str(), (vec![], vec![])));
    }

    #[test]
    fn what_the_layers_name_otherwise_is_told_and_left() {
        let text =
            "{\"maxmemory\": \"1\", \"timeout\": \"0\", \"requirepass\": \"\", \"hz\": \"20\", \"maxclients\": \"50\"}";
        let adopted = grown(PROFILE, &dump(text)).unwrap();
        assert_eq!(names(&adopted), (vec!["maxclients"], vec!["hz", "maxmemory", "requirepass", "timeout"]));
        assert_eq!(adopted.unseen, ["client-output-buffer-limit"]);
        assert!(adopted.text.starts_with(PROFILE) && !adopted.text.contains("hz"), "{}", adopted.text);
    }

    #[test]
    fn a_file_also_shows_users_and_commands() {
        let text = "maxmemory 2gb\ntimeout 60\nrequirepass x\nclient-output-buffer-limit pubsub 1mb 0 0\n\
            user ann on +@read\nuser bob on >pw +@all\nrename-command FLUSHALL \"\"\nrename-command KEYS \"\"\n";
        let adopted = grown(PROFILE, &conf(text)).unwrap();
        assert_eq!(names(&adopted), (vec!["user bob", "rename-command KEYS"], vec![]));
        let names_of_secrets: Vec<&str> = adopted.secrets.iter().map(|secret| secret.name.as_str()).collect();
        assert_eq!(names_of_secrets, ["app", "user-bob"]);
        let other = text.replace("ann on +@read", "ann on +@all").replace("FLUSHALL \"\"", "FLUSHALL gone");
        let adopted = grown(PROFILE, &conf(&other)).unwrap();
        assert_eq!(
            names(&adopted),
            (vec!["user bob", "rename-command KEYS"], vec!["rename-command FLUSHALL", "user ann"])
        );
    }
}
