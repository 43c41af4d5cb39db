//! Values of Helm charts.
//!
//! A values file does not say whose it is; the keys do. Each chart has a way of its own to bring them to the server, and
//! what it adds itself is added here: where its value is known as a statement, where it is not as one whose value is open,
//! so that nothing is said about it. Umbrella charts nest all of it under a key of their choice.

mod bitnami;
mod cloudpirates;
mod redis_ha;
mod valkey;

use super::image::{Builder, Image, Told};
use super::place::{Mount, Mounted, Published};
use super::yaml::Yaml;
use super::{Embedded, Found, HostText, known, pod, scalar};
use crate::server::Engine;
use crate::source::Span;
use crate::syntax::assembled::Assembled;
use saphyr_parser::ScalarStyle;

/// Umbrella charts nest less deeply.
const DEEPEST: usize = 8;

/// The values of one chart.
#[derive(Clone, Copy)]
struct Values<'t, 'h> {
    map: Yaml<'t>,
    /// The keys above them.
    path: &'h str,
    host: &'h HostText,
    is_directive: &'h dyn Fn(&[u8]) -> bool,
}

/// Finds the servers that values configure.
pub(super) fn find(root: Yaml<'_>, host: &HostText, is_directive: &dyn Fn(&[u8]) -> bool, found: &mut Found) {
    walk(Values { map: root, path: "", host, is_directive }, DEEPEST, found);
}

fn walk(values: Values<'_, '_>, depth: usize, found: &mut Found) {
    let charts = [bitnami::find, valkey::find, redis_ha::find, cloudpirates::redis, cloudpirates::valkey, command_list];
    for chart in charts {
        let servers = chart(values);
        if !servers.is_empty() {
            found.embedded.extend(servers);
            return;
        }
    }
    if depth == 0 {
        return;
    }
    for (key, value) in values.map.entries() {
        let Some(name) = key.text().filter(|_| value.is_map() && !value.is_shared()) else { continue };
        let path = if values.path.is_empty() { name.to_owned() } else { format!("{}.{name}", values.path) };
        walk(Values { map: value, path: &path, ..values }, depth - 1, found);
    }
}

/// Values of any chart that takes the command of its container.
fn command_list(values: Values<'_, '_>) -> Vec<Embedded> {
    let has = |key: &str| values.map.get(key).is_some_and(|list| !list.items().is_empty());
    if !has("command") && !has("args") {
        return Vec::new();
    }
    let mut found = pod::in_container(values.map, values.image(), &values.title(""), values.host);
    for embedded in &mut found {
        service(embedded, values.map);
    }
    found
}

impl<'t> Values<'t, '_> {
    fn get(&self, key: &str) -> Option<Yaml<'t>> {
        self.map.get(key)
    }

    /// The text at a path, if it is one, be it empty.
    fn text(&self, keys: &[&str]) -> Option<Yaml<'t>> {
        self.map.path(keys).filter(|value| value.style().is_some() && !value.is_null())
    }

    /// For people.
    fn title(&self, role: &str) -> String {
        let place = if self.path.is_empty() { "values".to_owned() } else { format!("values `{}`", self.path) };
        if role.is_empty() { place } else { format!("{place}, {role}") }
    }

    /// The image, from one text or from its pieces.
    fn image(&self) -> Option<Image> {
        let image = self.get("image")?;
        if let Some(reference) = image.text() {
            return Image::of(reference);
        }
        let piece = |key: &str| {
            image.get(key).filter(|piece| !piece.is_null()).and_then(Yaml::text).filter(|text| !text.is_empty())
        };
        let registry = piece("registry").map(|registry| format!("{registry}/")).unwrap_or_default();
        let tag = piece("tag").map(|tag| format!(":{tag}")).unwrap_or_default();
        Image::of(&format!("{registry}{}{tag}", piece("repository").or_else(|| piece("name"))?))
    }

    /// The image of a chart that has one of its own, whose tag may be given alone.
    fn image_or(&self, builder: Builder, engine: Engine) -> (Image, Span) {
        let at = self.get("image").map_or_else(|| self.map.at(), Yaml::at);
        let start = Span { end: at.start, ..at };
        let own = Image { builder, told: Told::Engine(engine), is_sentinel: false, is_alpine: None };
        let tag = self.map.path(&["image", "tag"]);
        let named = self.map.path(&["image", "repository"]).and_then(Yaml::known).is_some();
        let image = match (self.image(), tag.and_then(Yaml::known)) {
            (Some(image), _) => image,
            (None, Some(tag)) if !named => {
                let name =
                    if builder == Builder::Bitnami { format!("bitnami/{engine}") } else { format!("library/{engine}") };
                Image::of(&format!("{name}:{tag}")).map_or(own, |tagged| Image { builder, ..tagged })
            }
            (None, _) => own,
        };
        (image, tag.map_or(start, Yaml::at))
    }

    /// A server of a chart, with what holds for all of them.
    fn server(&self, role: &str, at: Yaml<'t>, image: (Image, Span)) -> Embedded {
        let mut embedded = self.host.embedded(self.title(role), at.at(), self.map.at());
        known::word(&mut embedded.facts, "container", "yes", embedded.at);
        known::image(&mut embedded, Some(image.0), image.1);
        known::switch(&mut embedded.facts, "auto-restart", true, embedded.at);
        known::word(&mut embedded.facts, "network", "bridge", embedded.at);
        embedded
    }
}

/// Grace and limits, all in one map of the chart.
fn container(embedded: &mut Embedded, map: Yaml<'_>) {
    pod::resources(embedded, map);
    let facts = &mut embedded.facts;
    match map.get("terminationGracePeriodSeconds") {
        Some(grace) => known::time(facts, "grace", grace.number().and_then(|s| s.checked_mul(1000)), grace.at()),
        None => known::time(facts, "grace", Some(30_000), embedded.at),
    }
}

/// Whether the data outlive the pod; `path` is where the chart keeps them.
fn volume(embedded: &mut Embedded, enabled: Option<Yaml<'_>>, path: &str) {
    if let Some(enabled) = enabled {
        let from = match enabled.switch() {
            Some(true) => Mounted::Persistent,
            Some(false) => Mounted::Ephemeral,
            None => Mounted::Unknown,
        };
        embedded.place.mounts.push(Mount { target: path.to_owned(), from, is_read_only: false, at: enabled.at() });
    }
}

/// Who reaches the Service.
fn service(embedded: &mut Embedded, map: Yaml<'_>) {
    let Some(kind) = map.path(&["service", "type"]) else { return };
    let exposure = match kind.known() {
        Some("ClusterIP") => Some("private"),
        Some("LoadBalancer" | "NodePort") => Some("public"),
        Some(_) | None => None,
    };
    embedded.place.published.push(Published { port: None, exposure, at: kind.at() });
}

/// A scalar as Helm prints it through a template: what YAML 1.1 takes for a number or a switch loses its spelling.
fn printed(value: Yaml<'_>) -> Assembled<'static> {
    let text = value.text().unwrap_or_default();
    let other = if value.style() == Some(ScalarStyle::Plain) { reprinted(text) } else { None };
    let Some(other) = other.filter(|other| other != text) else { return scalar::assembled(value) };
    let mut printed = Assembled::default();
    printed.push_for(value.at(), other.as_bytes());
    printed
}

/// What Helm makes of a plain scalar; `None` if it stays a text.
fn reprinted(text: &str) -> Option<String> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            return Some("true".into());
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            return Some("false".into());
        }
        _ => {}
    }
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let number: u64 = match digits {
        _ if digits.starts_with("0x") => u64::from_str_radix(&digits[2..], 16).ok()?,
        _ if digits.starts_with("0o") => u64::from_str_radix(&digits[2..], 8).ok()?,
        _ if digits.len() > 1 && digits.starts_with('0') => u64::from_str_radix(digits, 8).ok()?,
        _ if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    Some(format!("{sign}{}", float(number)))
}

/// A whole number as Go prints it once it has become a fraction: `1.048576e+06`.
fn float(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() <= 6 || number < 1_000_000 {
        return digits;
    }
    // Seventeen digits tell every such number apart; the shortest that do are printed.
    #[expect(clippy::cast_precision_loss, reason = "the loss is what is shown")]
    let shortest = format!("{:e}", number as f64);
    let (mantissa, exponent) = shortest.split_once('e').expect("the format has an exponent");
    format!("{mantissa}e+{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helm_respells_numbers_and_switches() {
        for (text, said) in [
            ("yes", Some("true")),
            ("OFF", Some("false")),
            ("1048576", Some("1.048576e+06")),
            ("8589934592", Some("8.589934592e+09")),
            ("1000000", Some("1e+06")),
            ("999999", Some("999999")),
            ("010", Some("8")),
            ("0x10", Some("16")),
            ("-5", Some("-5")),
            ("6gb", None),
            ("900 1", None),
            ("", None),
        ] {
            assert_eq!(reprinted(text).as_deref(), said, "{text}");
        }
    }
}
