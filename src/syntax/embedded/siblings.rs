//! ConfigMaps that stand in a file beside the one that mounts them, and files of which Kustomize makes one.

use std::path::Path;

use super::place::Text;
use super::yaml;
use crate::source::Name;
use crate::syntax::conf::Reader;

/// No more files of a folder are looked into than this.
const MOST_FILES: usize = 200;
/// Longer ones are passed over; a ConfigMap holds 1 MiB at most.
const LONGEST: usize = 2 * 1024 * 1024;

/// Reads a key of a ConfigMap from a file in `folder`; whether one was found.
pub(super) fn read(reader: &mut Reader<'_>, folder: &Path, this: &Name, name: &str, key: &str) -> bool {
    let ending = |file: &String| Path::new(file).extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    let names: Vec<String> = reader.files.names(folder).into_iter().filter(ending).take(MOST_FILES).collect();
    for file in names {
        let path = folder.join(&file);
        if *this == Name::File(path.clone()) {
            continue;
        }
        let Ok(text) = reader.files.read(&path) else { continue };
        let holds = |word: &str| memchr::memmem::find(&text, word.as_bytes()).is_some();
        if text.len() > LONGEST || !holds(name) {
            continue;
        }
        if holds("ConfigMap") {
            // The number that the text gets if it is the one.
            let source = reader.reading.sources.next();
            let (tree, _) = yaml::read(source, &text);
            let found = tree.documents().find_map(|root| key_of(root, name, key)).map(Text::of);
            drop(tree);
            if let Some(found) = found {
                reader.reading.sources.add(Name::File(path), text);
                reader.embedded(&found);
                return true;
            }
        } else if file.starts_with("kustomization.") && holds("configMapGenerator") {
            let generated = generated(&text, name, key).map(|from| super::place::normal(&folder.join(from)));
            if let Some(path) = generated
                && let Ok(text) = reader.files.read(&path)
            {
                reader.file(Name::File(path), text);
                return true;
            }
        }
    }
    false
}

/// Whether an object is the ConfigMap of that name.
pub(super) fn is_config_map(object: yaml::Yaml<'_>, name: &str) -> bool {
    object.get("kind").and_then(yaml::Yaml::text) == Some("ConfigMap")
        && object.path(&["metadata", "name"]).and_then(yaml::Yaml::text) == Some(name)
}

/// The value of a key of a ConfigMap.
fn key_of<'t>(root: yaml::Yaml<'t>, name: &str, key: &str) -> Option<yaml::Yaml<'t>> {
    root.path(&["data", key]).filter(|_| is_config_map(root, name))
}

/// The file that Kustomize puts under a key.
fn generated(text: &[u8], name: &str, key: &str) -> Option<String> {
    let (tree, _) = yaml::read(crate::source::SourceId::ROOT, text);
    let root = tree.documents().next()?;
    let generators = root.get("configMapGenerator")?.items();
    let generator = generators.into_iter().find(|one| one.get("name").and_then(yaml::Yaml::text) == Some(name))?;
    let files = generator.get("files")?.items();
    let named = |entry: &str| match entry.split_once('=') {
        Some((to, from)) => (to.to_owned(), from.to_owned()),
        None => (entry.rsplit('/').next().unwrap_or_default().to_owned(), entry.to_owned()),
    };
    files.into_iter().filter_map(|file| Some(named(file.text()?))).find(|(to, _)| to == key).map(|(_, from)| from)
}
