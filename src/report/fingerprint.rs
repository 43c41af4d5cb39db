//! What tells a finding from the others, and stays the same when other lines of the file change.
//!
//! Baselines, GitLab and GitHub compare fingerprints between runs. One rests on the rule, the file, the name of the directive
//! and those of its words that may be shown; of words that may not be shown, no bytes and no hash of them get in. Line
//! numbers and messages stay out too: those change with their neighbours and with the version of redisconf.

use std::collections::HashMap;
use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::place::Places;
use crate::config::Visible;
use crate::finding::Finding;
use crate::source::{Sources, Span};

/// 256 bits; written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Another one, for a finding that would have the same and is a different one all the same.
    #[must_use]
    pub fn next(self) -> Self {
        Self(Sha256::digest(self.0).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits: Vec<u8> = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
        f.write_str(&digits.iter().map(|digit| char::from(DIGITS[usize::from(*digit)])).collect::<String>())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a fingerprint rests on, beside its finding.
pub(super) struct Ground<'a> {
    pub(super) sources: &'a Sources,
    pub(super) visible: &'a Visible,
    /// Tells an embedded configuration from others in its file.
    pub(super) title: Option<&'a str>,
    /// Where findings about what is not there point.
    pub(super) anchor: Span,
}

/// The fingerprints of the findings of one configuration, in their order.
pub(super) fn fingerprints(findings: &[&Finding], ground: &Ground<'_>, places: &mut Places<'_>) -> Vec<Fingerprint> {
    // Equals are told apart by their order in the file, not by the order in which they are shown.
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|index| findings[*index].at);
    let mut equals: HashMap<[u8; 32], u32> = HashMap::with_capacity(findings.len());
    let mut prints = vec![Fingerprint([0; 32]); findings.len()];
    for index in order {
        let finding = findings[index];
        let mut hash = Sha256::new_with_prefix(b"redisconf/v1");
        // A length before each part, so that no two lists of parts read the same.
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(finding.rule.as_bytes());
        part(places.file(finding.at.source).as_bytes());
        part(ground.title.unwrap_or_default().as_bytes());
        for (number, word) in words(finding, ground).enumerate() {
            if number == 0 { part(&word.to_ascii_lowercase()) } else { part(word) }
        }
        let digest: [u8; 32] = hash.finalize().into();
        let ordinal = equals.entry(digest).or_default();
        prints[index] = if *ordinal == 0 {
            Fingerprint(digest)
        } else {
            Fingerprint(Sha256::new_with_prefix(digest).chain_update(ordinal.to_le_bytes()).finalize().into())
        };
        *ordinal += 1;
    }
    prints
}

/// The words on the finding's lines that may be shown, quotes taken off; none where the finding is not about them.
fn words<'a>(finding: &Finding, ground: &Ground<'a>) -> impl Iterator<Item = &'a [u8]> {
    let tells = is_about_its_place(finding, ground);
    shown_words(finding, ground).take_while(move |_| tells)
}

/// Whether a finding is about the line that it points at.
///
/// What a finding says of something that is *not* there points at the name of the first statement, or at what starts the
/// server, whatever that is. Such a finding is known by not naming the word that it points at.
pub(super) fn is_about_its_place(finding: &Finding, ground: &Ground<'_>) -> bool {
    let is_named = || {
        let name = shown_words(finding, ground).next().unwrap_or_default().to_ascii_lowercase();
        let texts = [Some(&finding.message), finding.here.as_ref(), finding.help.as_ref()];
        let mut texts = texts.into_iter().flatten().map(|text| text.to_ascii_lowercase());
        texts.any(|text| memchr::memmem::find(text.as_bytes(), &name).is_some())
    };
    finding.at != ground.anchor || is_named()
}

fn shown_words<'a>(finding: &Finding, ground: &Ground<'a>) -> impl Iterator<Item = &'a [u8]> {
    let sources = ground.sources;
    let source = sources.get(finding.at.source);
    let last = source.line(finding.at.end);
    let length = u32::try_from(source.line_bytes(last).len()).expect("files are below 64 MiB");
    let (start, end) = (source.line_start(source.line(finding.at.start)), source.line_start(last) + length);
    let pieces = ground.visible.between(finding.at.source, start, end);
    pieces.iter().filter(|(_, shown)| *shown).map(|(at, _)| unquoted(sources, *at))
}

/// A word without the quotes around it.
fn unquoted(sources: &Sources, at: Span) -> &[u8] {
    let bytes = sources.bytes(at);
    match bytes {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => bytes,
    }
}
