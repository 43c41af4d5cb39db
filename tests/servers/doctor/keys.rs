//! A sample of the keys, held against all of them.

use libtest_mimic::Failed;
use redisconf::live::{Program, Start, boot};
use serde_json::Value as Json;

use super::client::Client;
use super::doctor;
use super::states::admits;

/// How often commands were called that a sample of the keys is made of.
fn sampling(client: &mut Client) -> Result<u64, Failed> {
    let text = client.all("INFO commandstats")?;
    let names = ["scan", "type", "ttl", "object", "object|encoding", "memory", "memory|usage", "select"];
    let calls = |line: &str| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        names.contains(&name).then(|| rest.split(',').next()?.parse::<u64>().ok())?
    };
    // Containers are counted beside their parts in no version.
    Ok(text.lines().filter_map(calls).sum())
}

/// 100,000 keys of which all is known.
pub(super) fn keys(program: &Program) -> Result<(), Failed> {
    let start = Start { conf: Some("save \"\"\nmaxmemory 0\n".into()), ..Start::default() };
    let booted = boot(program, &start).map_err(|error| error.to_string())?;
    let socket = booted.socket();
    let mut client = Client::open(&socket)?;
    for block in 0..100 {
        let lines = (0..1000).map(|number| (block * 1000 + number, number % 20)).map(|(key, kind)| match kind {
            0..10 => format!("SET session:{key} {} EX 9000", "s".repeat(100)),
            10..16 => format!("HSET fact:{key} text a score {key}"),
            16 => format!("SET job{}:{key} x EX 900", key % 7),
            17 | 18 => format!("SET job{}:{key} x", key % 7),
            _ => format!("SADD plain{key} 1 2 3"),
        });
        client.all(&lines.collect::<Vec<_>>().join("\r\n"))?;
    }
    let mut wrong = Vec::new();
    let asked = |client: &mut Client, flags: &[&str]| -> Result<(Json, u64), Failed> {
        let before = sampling(client)?;
        let (json, _) = doctor(&socket, flags)?;
        Ok((json["servers"][0]["keyspace"].clone(), sampling(client)? - before))
    };
    let (part, sent) = asked(&mut client, &["--keys=4000", "--keys-rate", "20000"])?;
    let (number, seconds) =
        (|of: &Json| of.as_u64().unwrap_or(0), part["milliseconds"].as_f64().unwrap_or(0.0) / 1000.0);
    // Redis 6.2 counts MEMORY STATS, which is no part of it, as MEMORY.
    let others = u64::from(!admits("redis >= 7.0", program.server.base()));
    if sent != number(&part["commands"]) + others || sent > 4 * 4000 + 200 || number(&part["sampled"]) != 4000 {
        wrong.push(format!("{sent} commands were sent, {} told, for {} keys", part["commands"], part["sampled"]));
    }
    if f64::from(u32::try_from(sent)?) > 20_000.0 * seconds + 200.0 {
        wrong.push(format!("{sent} commands in {seconds} s"));
    }
    let (short, _) = asked(&mut client, &["--keys=100000", "--keys-rate", "2000", "--keys-within", "0.5"])?;
    if short["stopped"].is_null() || number(&short["milliseconds"]) > 2000 {
        wrong.push(format!("it did not end in time: {short}"));
    }
    let (whole, _) = asked(&mut client, &["--keys=1000000", "--keys-rate", "1000000", "--keys-within", "120"])?;
    if whole["is_whole"] != true || number(&whole["sampled"]) != 100_000 {
        wrong.push(format!("not all keys were looked at: {} {}", whole["sampled"], whole["stopped"]));
    }
    let find = |of: &Json, list: &str, name: &str| -> Json {
        of[list].as_array().and_then(|all| all.iter().find(|line| line["name"] == name)).cloned().unwrap_or_default()
    };
    let (mut ranges, mut missed) = (0, Vec::new());
    let mut within = |what: String, range: &Json, truth: f64| {
        ranges += 1;
        let at = |end: &str| range[end].as_f64().unwrap_or(f64::NAN);
        let is_within = at("low") - 1e-9 <= truth && truth <= at("high") + 1e-9;
        if !is_within {
            missed.push(format!("{what}: {truth} is not within {range}"));
        }
    };
    for (name, share, lasting) in
        [("session:", 0.5, 0.0), ("fact:", 0.3, 1.0), ("job#:", 0.15, 2.0 / 3.0), ("(no prefix)", 0.05, 1.0)]
    {
        let (line, all) = (find(&part, "prefixes", name), find(&whole, "prefixes", name));
        within(format!("{name} share"), &line["share"], share);
        within(format!("{name} lasting"), &line["lasting"], lasting);
        within(format!("{name} bytes"), &line["bytes"], all["bytes"]["estimate"].as_f64().unwrap_or(0.0));
        if all["share"]["estimate"].as_f64().is_none_or(|found| (found - share).abs() > 1e-9) {
            wrong.push(format!("{name} is counted otherwise: {all}"));
        }
    }
    within("lasting".into(), &part["all"]["lasting"], 0.45);
    within("bytes".into(), &part["all"]["bytes"], whole["all"]["bytes"]["estimate"].as_f64().unwrap_or(0.0));
    println!("{}: {sent} commands in {seconds:.2} s, {} of {ranges} ranges missed", program.server, missed.len());
    // Of ranges with 99 % confidence one in a hundred misses: three of fourteen come once in some three thousand runs.
    if missed.len() > 2 {
        wrong.extend(missed);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
