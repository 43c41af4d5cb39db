//! `--extends auto`: the layer that makes the smallest profile.

use std::path::{Path, PathBuf};

use crate::config::layers::builtins;
use crate::import::{Imported, Original, Refused, Request, import};
use crate::report::LayerLine;
use crate::source::{Disk, Files as _};

/// The word that asks for it.
pub(super) const AUTO: &str = "auto";

/// Imports over each layer that there is, and over none; the profile that says least is the one. Of those that say as much,
/// the shorter text wins, then none before the project's layers before built-in ones, each by name.
pub(super) fn smallest(
    original: &Original,
    request: &Request<'_>,
    named: impl Fn(&str) -> String,
) -> Result<(Imported, LayerLine), Refused> {
    let candidates = candidates(request.path);
    let layers =
        |layer: Option<&str>| -> Vec<String> { request.extends.iter().filter_map(|one| with(one, layer)).collect() };
    let none = layers(None);
    let without = import(original, &Request { extends: &none, ..*request });
    let said = |imported: &Imported| imported.counts.kept + imported.counts.set_back;
    let plainly = without.as_ref().map(said).ok();
    let extends: Vec<Vec<String>> = candidates.iter().map(|layer| layers(Some(&named(layer)))).collect();
    let tried: Vec<Option<Imported>> =
        extends.iter().map(|extends| import(original, &Request { extends, ..*request }).ok()).collect();
    let fitting = tried.iter().flatten().count();
    let best = candidates.iter().zip(tried).filter_map(|(name, imported)| Some((name, imported?)));
    let best = best.min_by_key(|(_, imported)| (said(imported), imported.text.len()));
    match (best, without) {
        (Some((layer, imported)), without)
            if without
                .as_ref()
                .map_or(true, |plain| (said(&imported), imported.text.len()) < (said(plain), plain.text.len())) =>
        {
            let line = LayerLine { name: Some(named(layer)), said: said(&imported), without: plainly, fitting };
            Ok((imported, line))
        }
        (_, without) => {
            let imported = without?;
            let line = LayerLine { name: None, said: said(&imported), without: plainly, fitting };
            Ok((imported, line))
        }
    }
}

/// A layer of the request, with the one that is tried in the place of the word.
fn with(one: &str, layer: Option<&str>) -> Option<String> {
    if one == AUTO { layer.map(str::to_owned) } else { Some(one.to_owned()) }
}

/// The project's profiles but the one that is written, then the built-in ones.
fn candidates(written: &Path) -> Vec<String> {
    let folder = PathBuf::from("profiles");
    let mut local: Vec<String> = Disk
        .names(&folder)
        .into_iter()
        .filter(|file| folder.join(file) != written)
        .filter_map(|file| file.strip_suffix(".toml").map(str::to_owned))
        .collect();
    local.sort();
    let built_in = builtins().iter().map(|builtin| builtin.name.to_owned());
    let built_in: Vec<String> = built_in.filter(|name| !local.contains(name)).collect();
    local.into_iter().chain(built_in).collect()
}
