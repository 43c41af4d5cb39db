//! What a message or job holds: when it was due, and as much more as makes it long enough.

use std::time::Duration;

/// Digits of the moment in nanoseconds.
const DIGITS: usize = 20;

/// A message that was due so long after the start.
pub(super) fn message(due: Duration, size: usize) -> Vec<u8> {
    let mut text = format!("{:0DIGITS$}", due.as_nanos()).into_bytes();
    text.resize(size.max(DIGITS), b'.');
    text
}

/// When a message was due; nothing if it is none of ours, such as the last one.
pub(super) fn due_in(message: &[u8]) -> Option<Duration> {
    let digits = std::str::from_utf8(message.get(..DIGITS)?).ok()?;
    digits.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_when_it_was_due() {
        let due = Duration::from_nanos(1_234_567);
        assert_eq!(message(due, 100).len(), 100);
        assert_eq!(message(due, 1).len(), DIGITS);
        assert_eq!(due_in(&message(due, 64)), Some(due));
        assert_eq!(due_in(b"end"), None);
    }
}
