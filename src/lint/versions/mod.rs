//! Rules about what versions and engines know, and about moving from one to another.

pub(super) mod access;
pub(super) mod build;
pub(super) mod defaults;
pub(super) mod moves;
pub(super) mod names;

use crate::server::{Engine, Server};

/// Whether a server reads protected mode, channels and the folder of the log as Redis 7.0 and all that came after it do.
pub(super) fn since_7_0(server: Server) -> bool {
    server.engine == Engine::Valkey || server.at_least(Engine::Redis, 7, 0)
}

#[cfg(test)]
mod tests {
    use crate::finding::Edit;
    use crate::lint::Group;
    use crate::lint::tests::all_findings_of;
    use crate::server::all;

    #[test]
    fn neither_a_finding_nor_its_fix_holds_a_secret() {
        const CANARY: &[u8] = b"hunter2";
        const GROUPS: [Group; 3] = [Group::Memory, Group::Persistence, Group::Versions];
        let lines = "requirepass hunter2\nmasterauth hunter2\ntls-key-file-pass hunter2\nuser app on >hunter2 +@all\n\
                     maxmemory 1gb\nmaxmemory-policy allkeys-lru\nsave 60 1\nsave 70 1\nappendonly yes\n";
        let holds = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|window| window == CANARY);
        let mut seen = 0;
        for new in all() {
            for old in ["redis-6.2", "valkey-9.1"] {
                let text = format!(
                    "# redisconf: server={}\n{lines}==> previous <==\n# redisconf: server={old}\n{lines}",
                    new.name()
                );
                let here = |rule: &str| crate::lint::rule(rule).is_some_and(|rule| GROUPS.contains(&rule.group));
                for finding in all_findings_of(&text).into_iter().filter(|finding| here(&finding.rule)) {
                    assert!(!format!("{finding:?}").contains("hunter2"), "{finding:#?}");
                    for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
                        let held = match edit {
                            Edit::Put { words, .. } | Edit::Add { words, .. } => words.iter().any(|word| holds(word)),
                            Edit::Comment { text, .. } => holds(text),
                            Edit::Text { with, .. } => holds(with),
                            Edit::Drop { .. } => false,
                        };
                        assert!(!held, "the fix of {} holds a secret", finding.rule);
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 50, "{seen}");
    }
}
