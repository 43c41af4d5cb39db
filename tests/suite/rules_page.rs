//! `docs/rules.md` is made from the code. `REDISCONF_BLESS=1 cargo test --test suite rules_page` writes it anew.

use std::path::Path;

use redisconf::report::RuleList;

#[test]
fn the_rules_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let wanted = RuleList::all().markdown();
    if std::env::var_os("REDISCONF_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &wanted).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    // The texts are long; the first line that differs says enough.
    let differs = wanted.lines().zip(there.lines()).position(|(wanted, there)| wanted != there);
    assert!(
        there == wanted,
        "docs/rules.md is not current from line {}: run `REDISCONF_BLESS=1 cargo test --test suite rules_page`",
        differs.unwrap_or_else(|| wanted.lines().count().min(there.lines().count())) + 1
    );
}
