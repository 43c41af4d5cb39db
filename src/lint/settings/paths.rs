//! Patterns of paths, relative to the folder of the project.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::finding::{Finding, Severity};
use crate::syntax::profile::Spanned;

/// A set of patterns. A folder stands for all that is in it, and a pattern without `/` is for names in any folder.
#[derive(Clone, Debug, Default)]
pub struct Paths(GlobSet);

impl Paths {
    /// Makes a set; a pattern that is none is reported.
    pub(in crate::lint) fn new(patterns: &[Spanned<String>], findings: &mut Vec<Finding>) -> Self {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let text = pattern.value.trim_start_matches("./").trim_end_matches('/');
            let text = if text.contains('/') { text.trim_start_matches('/').to_owned() } else { format!("**/{text}") };
            let glob = |text: &str| GlobBuilder::new(text).literal_separator(true).build();
            match (glob(&text), glob(&format!("{text}/**"))) {
                (Ok(itself), Ok(inside)) => {
                    set.add(itself).add(inside);
                }
                (Err(error), _) | (_, Err(error)) => {
                    let message = format!("`{}` is no pattern of paths: {}", pattern.value, error.kind());
                    let finding = Finding::new("invalid-value", Severity::Error, pattern.at, message);
                    findings.push(finding.help("write such as `ci/**`, `*.conf` or `**/redis/{a,b}.conf`"));
                }
            }
        }
        // All patterns were built one by one, so that the set cannot fail.
        Self(set.build().unwrap_or_default())
    }

    /// Whether a path is among them.
    #[must_use]
    pub fn contains(&self, path: &Path) -> bool {
        !self.0.is_empty() && self.0.is_match(path.strip_prefix("./").unwrap_or(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn paths(patterns: &[&str]) -> (Paths, Vec<Finding>) {
        let at = Span { source: SourceId::ROOT, start: 0, end: 1 };
        let patterns: Vec<_> = patterns.iter().map(|text| Spanned::new((*text).to_owned(), at)).collect();
        let mut findings = Vec::new();
        (Paths::new(&patterns, &mut findings), findings)
    }

    #[test]
    fn a_pattern_is_for_a_path_and_what_is_in_it() {
        for (pattern, path, is_in) in [
            ("ci/**", "ci/redis.conf", true),
            ("ci/**", "ci/a/redis.conf", true),
            ("ci/*", "ci/redis.conf", true),
            ("ci", "ci/a/redis.conf", true),
            ("ci/", "x/ci/redis.conf", true),
            ("/ci", "x/ci/redis.conf", false),
            ("a/ci", "x/a/ci/redis.conf", false),
            ("*.conf", "a/b/redis.conf", true),
            ("./vendor/*.conf", "./vendor/redis.conf", true),
            ("vendor/*.conf", "vendor/a/redis.conf", false),
            ("{a,b}/redis.conf", "b/redis.conf", true),
            ("ci", "circle/redis.conf", false),
        ] {
            assert_eq!(paths(&[pattern]).0.contains(Path::new(path)), is_in, "{pattern} {path}");
        }
        assert!(!Paths::default().contains(Path::new("x")));
    }

    #[test]
    fn what_is_no_pattern_is_reported_and_the_others_count() {
        let (paths, findings) = paths(&["a[", "b"]);
        assert_eq!(findings[0].message, "`a[` is no pattern of paths: unclosed character class; missing ']'");
        assert!(paths.contains(Path::new("b")));
    }
}
