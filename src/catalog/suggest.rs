//! "Did you mean …?"

use super::names::{Letters, letters};
use super::view::View;

/// The name this version knows that a misspelt one most likely means.
///
/// Case and `_` for `-` count for nothing; beyond them one slip is forgiven, and another for every four letters, up to
/// four. Names that do nothing or that CONFIG GET hides are not suggested. Nor is a name that is spelt right.
#[must_use]
pub fn suggest(name: &str, view: &'static View) -> Option<&'static str> {
    let slips = (name.len() / 4).clamp(1, 4);
    let written = plain(name);
    let letters_written = letters(&written);
    // One slip changes two letters at most. Nearly all names are told apart so, without the long way.
    let is_near = |known: &str, letters: &Letters| {
        let differences = letters.iter().zip(&letters_written).map(|(one, other)| usize::from(one.abs_diff(*other)));
        known.len().abs_diff(name.len()) <= slips && differences.sum::<usize>() <= 2 * slips && known != name
    };
    view.suggestable()
        .iter()
        .filter(|(known, letters)| is_near(known, letters))
        .map(|(known, _)| (strsim::damerau_levenshtein(&written, &plain(known)), *known))
        .filter(|&(distance, _)| distance <= slips)
        .min()
        .map(|(_, known)| known)
}

/// A name without what people mix up most.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(name: &str) -> Option<&'static str> {
        suggest(name, View::of("redis-7.4".parse().unwrap()))
    }

    #[test]
    fn slips_are_forgiven() {
        assert_eq!(meant("max-memory"), Some("maxmemory"));
        assert_eq!(meant("maxmemory_policy"), Some("maxmemory-policy"));
        assert_eq!(meant("MAXMEMORI"), Some("maxmemory"));
        assert_eq!(meant("prot"), Some("port"));
        assert_eq!(meant("slowlog-slower-than"), Some("slowlog-log-slower-than"));
        assert_eq!(meant("bio-cpulits"), Some("bio-cpulist"));
    }

    #[test]
    fn strangers_are_left_alone() {
        assert_eq!(meant("stop_writes_on_bgsave_error"), Some("stop-writes-on-bgsave-error"));
        for stranger in ["foo", "", "search-threads", "primaryauth-of-nobody", &"x".repeat(10_000)] {
            assert_eq!(meant(stranger), None, "{stranger}");
        }
    }
}
