//! The reply to CONFIG GET, name and value in turn, into pairs.

use std::collections::BTreeMap;

/// Why a reply is not a list of names and values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairsError {
    /// A flat reply of odd length: something between us and the server cut it.
    #[error("CONFIG GET answered {items} items, which are no pairs of name and value")]
    Odd {
        /// How many items came.
        items: usize,
    },
    /// A name that is not text; no server has one.
    #[error("CONFIG GET answered a name that is not text, at pair {pair}")]
    Name {
        /// Which pair, from 1.
        pair: usize,
    },
}

/// What CONFIG GET told, a value by each name. A fleet is asked for hundreds of them a server, and each is mostly looked at
/// once: so they stand in two texts, in the order in which they were told.
#[derive(Clone, Default)]
pub struct Pairs {
    /// In lower case.
    names: String,
    values: Vec<u8>,
    /// Where each name and its value end.
    ends: Vec<(usize, usize)>,
}

impl Pairs {
    /// Takes the items of one reply: the flat array of RESP2, or the map of RESP3 with each key before its value.
    ///
    /// # Errors
    /// When the number of items is odd or a name is not UTF-8.
    pub fn of<'a>(items: impl ExactSizeIterator<Item = &'a [u8]>) -> Result<Self, PairsError> {
        let count = items.len();
        if !count.is_multiple_of(2) {
            return Err(PairsError::Odd { items: count });
        }
        // Names have nineteen letters on average, and most values fewer.
        let (mut names, mut values) = (Vec::with_capacity(count * 12), Vec::with_capacity(count * 8));
        let mut ends = Vec::with_capacity(count / 2);
        let mut items = items;
        while let (Some(name), Some(value)) = (items.next(), items.next()) {
            names.extend_from_slice(name);
            values.extend_from_slice(value);
            ends.push((names.len(), values.len()));
        }
        // Two names that are no text can be one together: the end of each is looked at, too.
        let names = String::from_utf8(names).map_err(|error| error.utf8_error().valid_up_to());
        let wrong = match &names {
            Ok(names) => ends.iter().position(|(end, _)| !names.is_char_boundary(*end)),
            Err(valid) => ends.iter().position(|(end, _)| end > valid),
        };
        match (names, wrong) {
            (Ok(mut names), None) => {
                names.make_ascii_lowercase();
                Ok(Self { names, values, ends })
            }
            (_, wrong) => Err(PairsError::Name { pair: wrong.unwrap_or(0) + 1 }),
        }
    }

    /// The value by a name in lower case; of equal names the last counts.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let is_named = |at: &usize| self.name(*at) == name;
        (0..self.ends.len()).rev().find(is_named).map(|at| self.value(at))
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Every name with its value, sorted, each name once.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> + use<'_> {
        let pairs: BTreeMap<&str, &[u8]> = self.as_told().collect();
        pairs.into_iter()
    }

    /// Every name with its value, in the order in which the server told them; one that lies may tell a name twice.
    pub fn as_told(&self) -> impl Iterator<Item = (&str, &[u8])> {
        (0..self.ends.len()).map(|at| (self.name(at), self.value(at)))
    }

    fn name(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before].0);
        &self.names[start..self.ends[at].0]
    }

    fn value(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before].1);
        &self.values[start..self.ends[at].1]
    }
}

impl PartialEq for Pairs {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Pairs {}

impl<N: AsRef<str>, V: AsRef<[u8]>> Extend<(N, V)> for Pairs {
    fn extend<T: IntoIterator<Item = (N, V)>>(&mut self, pairs: T) {
        for (name, value) in pairs {
            let start = self.names.len();
            self.names.push_str(name.as_ref());
            self.names[start..].make_ascii_lowercase();
            self.values.extend_from_slice(value.as_ref());
            self.ends.push((self.names.len(), self.values.len()));
        }
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Pairs {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(pairs: T) -> Self {
        let mut all = Self::default();
        all.extend(pairs);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(items: &[&[u8]]) -> Result<Pairs, PairsError> {
        Pairs::of(items.iter().copied())
    }

    #[test]
    fn names_and_values_take_turns() {
        let read = pairs(&[b"Save", b"", b"maxmemory", b"\xff", b"hz", b"10"]).unwrap();
        let told: Vec<_> = read.as_told().collect();
        assert_eq!(told, [("save", b"".as_slice()), ("maxmemory", b"\xff"), ("hz", b"10")]);
        assert_eq!(read.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["hz", "maxmemory", "save"]);
        assert!(read == told.into_iter().rev().collect(), "it does not matter in which order it was told");
        assert!(pairs(&[]).unwrap().is_empty());
    }

    #[test]
    fn of_equal_names_the_last_counts() {
        let mut read = pairs(&[b"hz", b"10", b"save", b"1", b"HZ", b"20"]).unwrap();
        assert_eq!((read.get("hz"), read.get("h")), (Some(b"20".as_slice()), None));
        assert_eq!(read.iter().len(), 2);
        read.extend([("hz", "30")]);
        assert_eq!(read.get("hz"), Some(b"30".as_slice()));
    }

    #[test]
    fn a_cut_reply_is_an_error() {
        let wrong = |items: &[&[u8]]| pairs(items).map(|_| ()).unwrap_err();
        assert_eq!(wrong(&[b"save"]), PairsError::Odd { items: 1 });
        assert_eq!(wrong(&[b"a", b"b", b"\xff", b"c"]), PairsError::Name { pair: 2 });
        assert_eq!(
            wrong(&[b"a", b"b", b"c\xc3", b"c", b"\xa9", b"d"]),
            PairsError::Name { pair: 2 },
            "a letter in two"
        );
    }
}
