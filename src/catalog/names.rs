//! From a name in any case to the entry that has it.
//!
//! A table of our own and not a `HashMap`, because every statement of every file comes by here: the name is hashed and
//! compared as it stands, without a lower-case copy, and the standard hash costs more than all the rest.

use super::directive::DirectiveId;

/// Names in lower case, each of one entry. An open-addressed table that is at most half full.
#[derive(Debug)]
pub(super) struct Names {
    slots: Box<[Option<(&'static str, DirectiveId)>]>,
    /// The same, sorted.
    pub(super) sorted: Vec<&'static str>,
}

impl Names {
    /// A name may come more than once, as long as it is always the same entry's.
    pub(super) fn new(pairs: &[(&'static str, DirectiveId)]) -> Self {
        let size = (pairs.len() * 2).next_power_of_two().max(8);
        let mut names = Self { slots: vec![None; size].into(), sorted: Vec::with_capacity(pairs.len()) };
        for &(name, id) in pairs {
            let slot = names.slot(name.as_bytes(), hash(name.as_bytes()));
            if let Some((_, earlier)) = names.slots[slot] {
                assert_eq!(earlier, id, "two entries claim the name `{name}`");
            } else {
                names.slots[slot] = Some((name, id));
                names.sorted.push(name);
            }
        }
        names.sorted.sort_unstable();
        names
    }

    /// The entry that has this name.
    pub(super) fn find(&self, name: &[u8]) -> Option<DirectiveId> {
        self.place(name).map(|(_, id)| id)
    }

    /// The entry at each place, for tables of their own.
    pub(super) fn ids(&self) -> impl Iterator<Item = Option<DirectiveId>> {
        self.slots.iter().map(|slot| slot.map(|(_, id)| id))
    }

    /// As [`Names::find`], with the name's position in tables of [`Names::places`] rows.
    ///
    /// Nearly all names stand where their hash says, in lower case. That much is put into the callers: rules ask by names that
    /// the compiler knows, whose hash is a constant there and which are compared by a few instructions.
    #[expect(
        clippy::inline_always,
        reason = "the compiler takes it for too much, as it does not see what becomes constant"
    )]
    #[inline(always)]
    pub(super) fn place(&self, name: &[u8]) -> Option<(usize, DirectiveId)> {
        let hash = hash(name);
        let slot = hash & (self.slots.len() - 1);
        match self.slots[slot] {
            Some((known, id)) if known.as_bytes() == name => Some((slot, id)),
            Some(_) | None => self.place_beyond(name, hash),
        }
    }

    #[inline(never)]
    fn place_beyond(&self, name: &[u8], hash: usize) -> Option<(usize, DirectiveId)> {
        let slot = self.slot(name, hash);
        self.slots[slot].map(|(_, id)| (slot, id))
    }

    /// How many positions there are.
    pub(super) fn places(&self) -> usize {
        self.slots.len()
    }

    /// Where a name stands, or the free slot where it would.
    fn slot(&self, name: &[u8], hash: usize) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash & mask;
        while self.slots[slot].is_some_and(|(other, _)| !other.as_bytes().eq_ignore_ascii_case(name)) {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

/// Alike for names that differ in case only. The first eight bytes, the last and those in the middle tell names apart well
/// enough; an odd factor spreads them.
#[inline(always)]
fn hash(name: &[u8]) -> usize {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    const LOWER: u64 = 0x2020_2020_2020_2020;
    let eight = |at: usize| name[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes) | LOWER);
    let mix = |hash: u64, bytes: u64| (hash.rotate_left(23) ^ bytes).wrapping_mul(SPREAD);
    let length = name.len() as u64;
    let hash = if name.len() < 8 {
        let few = name.iter().fold(0, |all, byte| (all << 8) | u64::from(byte | 0x20));
        mix(length, few)
    } else {
        mix(mix(mix(length, eight(0)), eight(name.len() / 2 - 4)), eight(name.len() - 8))
    };
    // The high bits are the well-mixed ones; there are far fewer slots than 2^32.
    (hash >> 32) as usize
}

/// How often a name has each byte; some share a place, upper and lower case among them, and `_` is `-`.
pub(super) type Letters = [u8; 32];

pub(super) fn letters(name: &str) -> Letters {
    let mut letters = [0; 32];
    for byte in name.bytes() {
        let count: &mut u8 = &mut letters[usize::from(if byte == b'_' { b'-' } else { byte } & 31)];
        *count = count.saturating_add(1);
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new(&[("save", DirectiveId(1)), ("masterauth", DirectiveId(2)), ("primaryauth", DirectiveId(2))])
    }

    #[test]
    fn case_does_not_matter_and_nothing_else_is_forgiven() {
        let names = names();
        for same in ["primaryauth", "PrimaryAuth", "PRIMARYAUTH"] {
            assert_eq!(names.find(same.as_bytes()), Some(DirectiveId(2)), "{same}");
        }
        for other in ["", "primaryaut", "primaryauth ", "primaryauthx", "sav\u{5}", "sav\u{45}\0"] {
            assert_eq!(names.find(other.as_bytes()), None, "{other:?}");
        }
        assert_eq!(names.sorted, ["masterauth", "primaryauth", "save"]);
    }

    #[test]
    #[should_panic(expected = "two entries claim the name `save`")]
    fn a_name_belongs_to_one_entry() {
        let _ = Names::new(&[("save", DirectiveId(1)), ("save", DirectiveId(2))]);
    }
}
