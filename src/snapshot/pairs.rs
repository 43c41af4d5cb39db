//! The reply to CONFIG GET, name and value in turn, into pairs.

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

/// Takes the items of one CONFIG GET reply: the flat array of RESP2, or the map of RESP3 with each key before its value.
///
/// # Errors
/// When the number of items is odd or a name is not UTF-8.
pub fn pairs(items: Vec<Vec<u8>>) -> Result<Vec<(String, Vec<u8>)>, PairsError> {
    if !items.len().is_multiple_of(2) {
        return Err(PairsError::Odd { items: items.len() });
    }
    let mut pairs = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        let name = String::from_utf8(name).map_err(|_| PairsError::Name { pair: pairs.len() + 1 })?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(texts: &[&[u8]]) -> Vec<Vec<u8>> {
        texts.iter().map(|text| text.to_vec()).collect()
    }

    #[test]
    fn names_and_values_take_turns() {
        let read = pairs(items(&[b"save", b"", b"maxmemory", b"\xff"])).unwrap();
        assert_eq!(read, [("save".to_owned(), vec![]), ("maxmemory".to_owned(), vec![0xff])]);
        assert_eq!(pairs(vec![]), Ok(vec![]));
    }

    #[test]
    fn a_cut_reply_is_an_error() {
        assert_eq!(pairs(items(&[b"save"])), Err(PairsError::Odd { items: 1 }));
        assert_eq!(pairs(items(&[b"a", b"b", b"\xff", b"c"])), Err(PairsError::Name { pair: 2 }));
    }
}
