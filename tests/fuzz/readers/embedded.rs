//! Configurations in Compose files, manifests, values of charts, Dockerfiles, units and shell scripts.

use redisconf::config::resolve;
use redisconf::server::{self, Server};
use redisconf::source::{Memory, Name};
use redisconf::syntax::embedded::{Kind, Told, find, recognise};

use super::is_directive;
use super::judged::{One, mends, survive};
use super::shown::{SECRET, clean, holds as contains};

const KINDS: [(Kind, &str); 6] = [
    (Kind::Compose, "compose.yaml"),
    (Kind::Kubernetes, "pod.yaml"),
    (Kind::HelmValues, "values.yaml"),
    (Kind::Dockerfile, "Dockerfile"),
    (Kind::Systemd, "redis.service"),
    (Kind::DockerRun, "run.sh"),
];

/// The secret as files hold it; what is about it must stay as it is, or it might be none.
const AS_PASSWORD: &str = "--requirepass hunter2SECRET";

/// The first byte chooses the kind.
pub(super) fn holds(input: &[u8]) {
    let Some((first, text)) = input.split_first() else { return };
    let (kind, path) = KINDS[usize::from(*first) % KINDS.len()];
    let name = Name::File(path.into());
    let _ = recognise(&name, text, &is_directive);
    let read = |text: &[u8]| {
        let found = find(&name, text, kind, &is_directive);
        for problem in &found.problems {
            clean("a problem", &problem.message);
            assert!(problem.at.start <= problem.at.end && problem.at.end as usize <= text.len(), "{problem:?}");
        }
        let files = Memory::new([("redis.conf", "timeout 30\n")]);
        let one = |one: &redisconf::syntax::embedded::Embedded| {
            let reading = one.read(version(one.told), &files);
            let config = resolve(&reading, one.mode);
            let facts = one.facts(&reading);
            for (_, fact) in facts.iter() {
                let length = reading.sources.get(fact.at.source).text().len();
                assert!(fact.at.start <= fact.at.end && fact.at.end as usize <= length, "{:?}", fact.at);
            }
            One { reading, config, facts, mode: one.mode }
        };
        found.embedded.iter().map(one).collect()
    };
    let count = |part: &str| String::from_utf8_lossy(text).matches(part).count();
    if !contains(text, SECRET.as_bytes()) || count(SECRET) == count(AS_PASSWORD) {
        survive(text, &read);
    }
    mends(text, &read);
}

/// As the linter would choose where nobody says.
fn version(told: Told) -> Server {
    match told {
        Told::Server(server) => server,
        Told::Nothing | Told::Engine(_) | Told::Major(..) => {
            told.candidates().last().copied().unwrap_or(server::all()[0])
        }
    }
}
