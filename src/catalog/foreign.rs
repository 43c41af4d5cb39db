//! Names that no catalogued server knows, but somebody does: other products, Redis before 6.2, modules.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Another product's.
    Product {
        /// The name, as far as it may be shown.
        name: &'static str,
        /// The product.
        product: &'static str,
        /// The directive that does nearly the same in a catalogued server.
        instead: Option<&'static str>,
    },
    /// Of a Redis before 6.2.
    Gone {
        /// The name.
        name: &'static str,
        /// The last series that knew it.
        last: &'static str,
        /// The directive that took its place, by its oldest name.
        now: Option<&'static str>,
    },
    /// A parameter of a module.
    Module {
        /// How its parameters begin.
        prefix: &'static str,
        /// The module.
        module: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
struct Written {
    keydb: Product,
    kvrocks: Product,
    dragonfly: Product,
    windows: Product,
    elasticache: Product,
    azure: Product,
    gone: BTreeMap<&'static str, Gone>,
    modules: BTreeMap<&'static str, &'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Product {
    called: &'static str,
    #[serde(default)]
    prefixes: Vec<&'static str>,
    names: BTreeMap<&'static str, &'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gone {
    last: &'static str,
    now: Option<&'static str>,
}

static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
    toml::from_str(include_str!("foreign.toml")).expect("foreign.toml is part of the program and tested")
});

impl Written {
    fn products(&self) -> [&Product; 6] {
        [&self.keydb, &self.kvrocks, &self.dragonfly, &self.windows, &self.elasticache, &self.azure]
    }
}

/// Whose name this is, in any case; `--name=value`, as command lines and flag files have it, is understood.
#[must_use]
pub fn foreign(name: &[u8]) -> Option<Foreign> {
    let text = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    let bare = text.strip_prefix("--").unwrap_or(&text).split('=').next()?;
    for product in WRITTEN.products() {
        if let Some((name, instead)) = product.names.get_key_value(bare) {
            let instead = (!instead.is_empty()).then_some(*instead);
            return Some(Foreign::Product { name, product: product.called, instead });
        }
        if let Some(prefix) = product.prefixes.iter().find(|prefix| bare.starts_with(**prefix)) {
            return Some(Foreign::Product { name: prefix, product: product.called, instead: None });
        }
    }
    if let Some((name, gone)) = WRITTEN.gone.get_key_value(bare) {
        return Some(Foreign::Gone { name, last: gone.last, now: gone.now });
    }
    let (prefix, module) = WRITTEN.modules.iter().find(|(prefix, _)| bare.starts_with(**prefix))?;
    Some(Foreign::Module { prefix, module })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::find;

    #[test]
    fn no_foreign_name_is_a_directive_and_what_stands_for_it_is_one() {
        let products = WRITTEN.products();
        let mut names: Vec<&str> = products.iter().flat_map(|product| product.names.keys().copied()).collect();
        names.extend(WRITTEN.gone.keys());
        assert!(names.len() > 150, "{}", names.len());
        for name in &names {
            assert_eq!(find(name), None, "`{name}` is a directive");
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "two products share a name");
        let instead = products.iter().flat_map(|product| product.names.values().copied()).filter(|one| !one.is_empty());
        for name in instead.chain(WRITTEN.gone.values().filter_map(|gone| gone.now)) {
            assert!(find(name).is_some(), "`{name}` is no directive");
        }
    }

    #[test]
    fn names_are_placed() {
        let keydb = Foreign::Product { name: "server-threads", product: "KeyDB", instead: Some("io-threads") };
        assert_eq!(foreign(b"Server-Threads"), Some(keydb));
        let Some(Foreign::Product { product, .. }) = foreign(b"--cache_mode=true") else { panic!() };
        assert_eq!(product, "Dragonfly");
        let Some(Foreign::Product { name, .. }) = foreign(b"rocksdb.block_size") else { panic!() };
        assert_eq!(name, "rocksdb.");
        assert_eq!(foreign(b"vm-enabled"), Some(Foreign::Gone { name: "vm-enabled", last: "2.4", now: None }));
        let Some(Foreign::Module { module, .. }) = foreign(b"search-workers") else { panic!() };
        assert_eq!(module, "RediSearch");
        assert_eq!(foreign(b"maxmemory"), None);
        assert_eq!(foreign(b"\xff"), None);
    }
}
