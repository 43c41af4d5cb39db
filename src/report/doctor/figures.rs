//! What a diagnosis draws: each chart made of what the server said, left out where it said nothing of the kind.

use std::collections::BTreeMap;

use super::super::html::chart::{Chart, Mark, Row};
use super::vitals::{float, time};
use crate::config::Class;
use crate::facts::bytes_text;
use crate::lint::doctor::LiveCase;

/// How many commands or events a chart shows.
const MOST: usize = 8;

/// All charts that can be drawn.
pub(super) fn charts(live: &LiveCase<'_>) -> Vec<Chart> {
    let all = [memory(live), clients(live), buffers(live), persistence(live), append_only(live), events(live)];
    all.into_iter().chain([slow(live), busy(live)]).flatten().collect()
}

fn row(label: impl Into<String>, shown: impl Into<String>, mark: Mark) -> Row {
    Row { label: label.into(), shown: shown.into(), mark }
}

fn bytes(label: &str, bytes: u64, mark: fn(f64) -> Mark) -> Row {
    row(label, bytes_text(bytes), mark(float(bytes)))
}

/// A bar, in the colour of what is over its limit where it is.
fn against(limit: Option<u64>, value: u64) -> fn(f64) -> Mark {
    if limit.is_some_and(|limit| limit > 0 && value > limit) { Mark::Over } else { Mark::Bar }
}

fn memory(live: &LiveCase<'_>) -> Option<Chart> {
    let used = live.number("used_memory")?;
    let (limit, place) = (live.bytes("maxmemory"), live.memory());
    let mut rows = vec![bytes("in use", used, against(limit, used))];
    let part = |field, label| live.number(field).map(|some| bytes(label, some, Mark::Bar));
    rows.extend(part("used_memory_dataset", "of it the data"));
    rows.extend(part("used_memory_peak", "at its peak"));
    rows.extend(live.number("used_memory_rss").map(|some| bytes("resident", some, against(place, some))));
    rows.extend(limit.map(|limit| match limit {
        0 => row("maxmemory", "no limit", Mark::Unbounded),
        limit => bytes("maxmemory, the limit", limit, Mark::Limit),
    }));
    if live.persists() == Some(true) {
        let most = limit.filter(|limit| *limit > 0).unwrap_or(used).max(used).saturating_mul(2);
        rows.push(bytes("at the limit, a fork copying all", most, against(place, most)));
    }
    // A place that is far larger would leave nothing to be seen of the rest.
    let widest = [limit.unwrap_or(0), used, live.number("used_memory_rss").unwrap_or(0)].into_iter().max().unwrap_or(0);
    rows.extend(place.map(|place| {
        if place / 8 > widest {
            row("the place it runs in", format!("{}, off the scale", bytes_text(place)), Mark::Unbounded)
        } else {
            bytes("the place it runs in", place, Mark::Limit)
        }
    }));
    let of = match (limit, place) {
        (Some(limit), _) if limit > 0 => format!(" of {} allowed", bytes_text(limit)),
        (_, Some(place)) => format!(", without a limit, in a place of {}", bytes_text(place)),
        (_, None) => ", without a limit that is known".to_owned(),
    };
    Some(Chart { title: "Memory against its limits", says: format!("{} are in use{of}.", bytes_text(used)), rows })
}

fn clients(live: &LiveCase<'_>) -> Option<Chart> {
    let connected = live.number("connected_clients")?;
    let most = live.int("maxclients")?;
    let mut rows = vec![row("connections", connected.to_string(), Mark::Bar(float(connected)))];
    for (field, label) in [
        ("blocked_clients", "of them blocked"),
        ("pubsub_clients", "of them subscribers"),
        ("connected_slaves", "replicas"),
    ] {
        let some = live.number(field).filter(|some| *some > 0);
        rows.extend(some.map(|some| row(label, some.to_string(), Mark::Bar(float(some)))));
    }
    rows.push(row("maxclients, the limit", most.to_string(), Mark::Limit(float(most))));
    let says = format!("{connected} of at most {most} connections are open.");
    Some(Chart { title: "Connections against maxclients", says, rows })
}

/// How many connections of a class there are, and what waits for them.
fn class(live: &LiveCase<'_>, class: Class) -> (u64, u64) {
    let Some(clients) = &live.evidence.clients else {
        let number = |field| live.number(field).unwrap_or(0);
        let (all, subscribers) = (number("connected_clients"), number("pubsub_clients"));
        return match class {
            Class::Normal => (all.saturating_sub(subscribers), 0),
            Class::Replica => (number("connected_slaves"), 0),
            Class::Pubsub => (subscribers, 0),
        };
    };
    let is_of = |client: &&crate::snapshot::Client| match class {
        Class::Normal => client.is_normal(),
        Class::Replica => client.flags.contains('S'),
        Class::Pubsub => client.is_subscriber(),
    };
    clients.iter().filter(is_of).fold((0, 0), |(count, waits), client| (count + 1, waits + client.output))
}

fn buffers(live: &LiveCase<'_>) -> Option<Chart> {
    live.running()?;
    let limit = live.bytes("maxmemory").filter(|limit| *limit > 0);
    let bound = limit.or(live.memory());
    let (mut rows, mut unbounded) = (Vec::new(), 0);
    for one in Class::ALL {
        let name = match one {
            Class::Normal => "plain clients",
            Class::Replica => "replicas",
            Class::Pubsub => "subscribers",
        };
        let (count, waits) = class(live, one);
        let Some(each) = live.limit(one) else { continue };
        rows.push(bytes(&format!("{name}: waiting now"), waits, Mark::Bar));
        rows.push(match each.hard {
            0 => {
                unbounded += 1;
                row(format!("{name}: at worst, {count}"), "no limit", Mark::Unbounded)
            }
            hard => {
                let worst = hard.saturating_mul(count);
                let label = format!("{name}: at worst, {count} × {}", bytes_text(hard));
                bytes(&label, worst, against(bound, worst))
            }
        });
    }
    rows.extend(match (limit, live.memory()) {
        (Some(limit), _) => Some(bytes("maxmemory, the limit", limit, Mark::Limit)),
        (None, place) => place.map(|place| bytes("the place it runs in", place, Mark::Limit)),
    });
    let says = format!(
        "What waits for connections now, and if each took what it may; {unbounded} of 3 classes have no limit."
    );
    Some(Chart { title: "Output buffers, now and at worst", says, rows })
}

fn persistence(live: &LiveCase<'_>) -> Option<Chart> {
    let (now, last) = (live.now()?, live.number("rdb_last_save_time")?);
    let points = live.save_points()?;
    let changes = live.number("rdb_changes_since_last_save").unwrap_or(0);
    let started = now.saturating_sub(live.number("uptime_in_seconds")?);
    let seconds = |point: &crate::config::SavePoint| u64::try_from(point.seconds).unwrap_or(0);
    let dues: Vec<(String, u64)> = points
        .iter()
        .map(|point| (format!("save {} {}", point.seconds, point.changes), last.saturating_add(seconds(point))))
        .collect();
    let first = last.min(now);
    let end = dues.iter().map(|(_, at)| *at).chain([now]).max().unwrap_or(now);
    let begin = if started < first && first - started > 3 * (end - first).max(1) { first } else { started.min(first) };
    let at = |moment: u64| Mark::Moment(float(moment.saturating_sub(begin)));
    let ago = |moment: u64| match moment.cmp(&now) {
        std::cmp::Ordering::Less => format!("{} ago", time(now - moment)),
        std::cmp::Ordering::Equal => "now".to_owned(),
        std::cmp::Ordering::Greater => format!("in {}", time(moment - now)),
    };
    let mut rows = Vec::new();
    if begin == started {
        rows.push(row("the server started", ago(started), at(started)));
    }
    let was_taken = last > started + 1;
    let state = if live.info("rdb_last_bgsave_status") == Some("err") { ", and one failed since" } else { "" };
    let label = if was_taken { "last snapshot" } else { "no snapshot yet: data as loaded" };
    rows.push(row(format!("{label}{state}"), ago(last), at(last)));
    rows.push(row(format!("now, {changes} changes since"), "now", at(now)));
    for ((name, due), point) in dues.into_iter().zip(points) {
        let needed = u64::try_from(point.changes).unwrap_or(0);
        let label = if changes >= needed { format!("{name}: due") } else { format!("{name}: not due") };
        rows.push(row(label, ago(due), at(due)));
    }
    let says = match points.len() {
        0 => format!("No snapshots are taken; {changes} changes since the last one."),
        some => format!("{changes} changes since {}; {some} points of saving.", ago(last)),
    };
    // A scale of one moment has no length.
    (end > begin).then_some(Chart { title: "Persistence over time", says, rows })
}

fn append_only(live: &LiveCase<'_>) -> Option<Chart> {
    let (current, base) = (live.number("aof_current_size")?, live.number("aof_base_size")?);
    let mut rows = vec![bytes("at its last rewrite", base, Mark::Bar), bytes("now", current, Mark::Bar)];
    let (grown, least) = (live.int("auto-aof-rewrite-percentage"), live.bytes("auto-aof-rewrite-min-size"));
    match grown.zip(least) {
        Some((0, _)) => rows.push(row("rewritten by itself", "never", Mark::Unbounded)),
        Some((grown, least)) => {
            let from = least.max(base.saturating_add(base.saturating_mul(grown) / 100));
            rows.push(bytes("rewritten by itself from", from, Mark::Limit));
        }
        None => {}
    }
    let says =
        format!("The append-only file has {}, {} after its last rewrite.", bytes_text(current), bytes_text(base));
    Some(Chart { title: "Append-only file", says, rows })
}

fn events(live: &LiveCase<'_>) -> Option<Chart> {
    let mut events: Vec<_> = live.evidence.latency.as_ref()?.iter().collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.most));
    let worst = events.first()?;
    let says = format!("The longest is {} with {} ms.", worst.event, worst.most);
    let one = |event: &&crate::snapshot::LatencyEvent| {
        let shown = format!("{} ms at most, {} ms last", event.most, event.latest);
        row(event.event.clone(), shown, Mark::Bar(float(event.most)))
    };
    let rows = events.iter().take(MOST).map(one).collect();
    Some(Chart { title: "Events of latency", says, rows })
}

fn slow(live: &LiveCase<'_>) -> Option<Chart> {
    let slowlog = live.evidence.slowlog.as_ref()?;
    let mut by_command: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for entry in &slowlog.entries {
        let (count, most) = by_command.entry(&entry.command).or_default();
        (*count, *most) = (*count + 1, (*most).max(entry.microseconds));
    }
    let mut all: Vec<(&str, (u64, u64))> = by_command.into_iter().collect();
    all.sort_by_key(|(_, (_, most))| std::cmp::Reverse(*most));
    let (worst, (_, longest)) = *all.first()?;
    let says = format!("Of {} slow commands the longest is {worst} with {}.", slowlog.entries.len(), short(longest));
    let one = |(command, (count, most)): &(&str, (u64, u64))| {
        row(*command, format!("{count} ×, {} at most", short(*most)), Mark::Bar(float(*most)))
    };
    let rows = all.iter().take(MOST).map(one).collect();
    Some(Chart { title: "Slow commands", says, rows })
}

fn busy(live: &LiveCase<'_>) -> Option<Chart> {
    let of = |command: &str, field: &str| {
        let time: u64 = live.part(field, "usec")?.parse().ok()?;
        let calls: u64 = live.part(field, "calls")?.parse().ok()?;
        Some((crate::snapshot::command_word(command.as_bytes()), time, calls))
    };
    let mut all: Vec<(String, u64, u64)> =
        live.fields("cmdstat_").filter_map(|(name, _)| of(name, &format!("cmdstat_{name}"))).collect();
    all.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let total: u64 = all.iter().map(|(_, time, _)| *time).fold(0, u64::saturating_add);
    let (name, most, _) = all.first().filter(|_| total > 0)?;
    let says = format!("{name} takes most time: {:.0} % of all.", float(*most) * 100.0 / float(total));
    let one = |(name, time, calls): &(String, u64, u64)| {
        let shown = format!("{:.0} %, {calls} ×", float(*time) * 100.0 / float(total));
        row(name.clone(), shown, Mark::Bar(float(*time)))
    };
    let rows = all.iter().take(MOST).map(one).collect();
    Some(Chart { title: "Time of commands since the start", says, rows })
}

/// A short time for people.
fn short(microseconds: u64) -> String {
    match microseconds {
        0..1000 => format!("{microseconds} µs"),
        1000..1_000_000 => format!("{:.1} ms", float(microseconds) / 1000.0),
        _ => format!("{:.1} s", float(microseconds) / 1_000_000.0),
    }
}
