//! What a load needs, in numbers that the formulas of profiles and the rules of lint share, so that neither contradicts
//! the other. Each says where its constants are known from.

const MIB: u64 = 1 << 20;

/// What a connection takes when it is busy: query buffer and reply buffer, measured at 20 to 40 KiB.
const CONNECTION: u64 = 40 * 1024;

/// Bytes that pass in a time at a rate.
fn per_second(bytes: u64, milliseconds: u64) -> u64 {
    u64::try_from(u128::from(bytes) * u128::from(milliseconds) / 1000).unwrap_or(u64::MAX)
}

/// What all connections take at once, after a deploy of all clients.
#[must_use]
pub fn connections(connections: u64) -> u64 {
    connections.saturating_mul(CONNECTION)
}

/// What replication carries in a time: the least backlog that lets a replica go on after it.
#[must_use]
pub fn carried(write_rate: u64, milliseconds: u64) -> u64 {
    per_second(write_rate, milliseconds)
}

/// The backlog to set: what is carried during an outage, with half as much again for the peak.
#[must_use]
pub fn backlog(write_rate: u64, outage: u64) -> u64 {
    carried(write_rate, outage).saturating_mul(3) / 2
}

/// Seconds until a replica has a full copy: it is written, sent and loaded at about 100 MB/s each on ordinary hosts, and
/// sending goes along with one of the two.
#[must_use]
pub fn full_copy(dataset: u64, bandwidth: Option<u64>) -> u64 {
    let speed = bandwidth.unwrap_or(u64::MAX).clamp(1, 100_000_000);
    dataset / speed * 2 + 1
}

/// What is written while a replica takes a full copy, with a fifth more; a buffer below it is cut in the middle.
#[must_use]
pub fn replica_buffer(write_rate: u64, seconds: u64) -> u64 {
    write_rate.saturating_mul(seconds).saturating_mul(6) / 5
}

/// What piles up for one subscriber that stalls.
#[must_use]
pub fn stalled(publish_rate: u64, fanout: u64, subscribers: u64, message: u64, stall: u64) -> u64 {
    let received = publish_rate.saturating_mul(fanout).div_ceil(subscribers.max(1));
    per_second(received.saturating_mul(message), stall)
}

/// How many subscribers are slow at the same time: one in twenty, at least one.
#[must_use]
pub fn slow_subscribers(subscribers: u64) -> u64 {
    if subscribers == 0 { 0 } else { (subscribers / 20).max(1) }
}

/// What slow subscribers hold at worst under a hard limit.
#[must_use]
pub fn held_by_slow(hard: u64, subscribers: u64) -> u64 {
    hard.saturating_mul(slow_subscribers(subscribers))
}

/// The least output buffers for replicas and subscribers: what servers have built in.
pub(super) const LEAST_REPLICA: (u64, u64) = (256 * MIB, 64 * MIB);
/// See [`LEAST_REPLICA`].
pub(super) const LEAST_PUBSUB: (u64, u64) = (32 * MIB, 8 * MIB);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subscriber_in_twenty_is_slow() {
        assert_eq!([0, 1, 19, 20, 100, 1000].map(slow_subscribers), [0, 1, 1, 1, 5, 50]);
        assert_eq!(held_by_slow(256 * MIB, 1000), 50 * 256 * MIB);
        assert_eq!(held_by_slow(u64::MAX, 1000), u64::MAX);
    }

    #[test]
    fn rates_become_bytes() {
        assert_eq!(carried(5 * MIB, 60_000), 300 * MIB);
        assert_eq!(backlog(5 * MIB, 60_000), 450 * MIB);
        assert_eq!(stalled(10_000, 10, 1000, 1024, 30_000), 100 * 1024 * 30);
        assert_eq!(full_copy(10_000_000_000, None), 201);
        assert_eq!(full_copy(10_000_000_000, Some(10_000_000)), 2001);
    }
}
