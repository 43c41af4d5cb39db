//! What a file is, by its name and by its content.
//!
//! A walk over a repository meets nginx.conf, my.cnf and thousands of YAML files; none of them may be taken for a
//! configuration of a server, and `cache.conf` may be one. So the name only says whether a look inside is worth it, and
//! how much the content has to prove.

use std::path::Path;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::image::Image;
use crate::source::Name;
use crate::syntax::conf::trim;

/// What begins the part of a unit of systemd that names its program.
static SERVICE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("[Service]"));

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The configuration of a server.
    Conf,
    /// The configuration of Sentinel.
    Sentinel,
    /// Users.
    Acl,
    /// A profile of redisconf, or a layer of one.
    Profile,
    /// The project file of redisconf.
    Project,
    /// A Compose file.
    Compose,
    /// Manifests of Kubernetes.
    Kubernetes,
    /// Values of a Helm chart.
    HelmValues,
    /// A Dockerfile.
    Dockerfile,
    /// A unit of systemd, or a drop-in for one.
    Systemd,
    /// A shell script that runs containers.
    DockerRun,
}

/// No more lines are looked at than this.
const MOST_LINES: usize = 2000;

/// So many names that other programs do not use are proof enough.
const MOST_PROOF: usize = 2;

/// After so many lines with names of directives, and none that others write, the text is known.
const KNOWN_PROOF: usize = 16;

/// Endings of files that something else is made of.
const TEMPLATE_ENDINGS: &[&str] = &[
    ".bak",
    ".default",
    ".dist",
    ".erb",
    ".example",
    ".gotmpl",
    ".in",
    ".j2",
    ".jinja",
    ".jinja2",
    ".orig",
    ".sample",
    ".template",
    ".tmpl",
    ".tpl",
];

/// Names of directives that files of other programs use as well.
const COMMON_WORDS: &[&[u8]] = &[
    b"bind",
    b"daemonize",
    b"databases",
    b"dir",
    b"include",
    b"logfile",
    b"loglevel",
    b"pidfile",
    b"port",
    b"rename-command",
    b"save",
    b"supervised",
    b"syslog-enabled",
    b"syslog-facility",
    b"syslog-ident",
    b"timeout",
    b"unixsocket",
    b"user",
    b"hz",
    b"maxclients",
    b"loadmodule",
    b"tls-port",
];

/// What follows `sentinel` in its files; the word alone begins lines of others' too.
const SENTINEL_WORDS: &[&[u8]] = &[
    b"announce-hostnames",
    b"announce-ip",
    b"announce-port",
    b"auth-pass",
    b"auth-user",
    b"client-reconfig-script",
    b"config-epoch",
    b"current-epoch",
    b"deny-scripts-reconfig",
    b"down-after-milliseconds",
    b"failover-timeout",
    b"known-replica",
    b"known-sentinel",
    b"known-slave",
    b"leader-epoch",
    b"master-reboot-down-after-period",
    b"monitor",
    b"myid",
    b"notification-script",
    b"parallel-syncs",
    b"primary-reboot-down-after-period",
    b"rename-command",
    b"resolve-hostnames",
    b"sentinel-pass",
    b"sentinel-user",
    b"loglevel",
];

/// What the name of a file says.
enum Named {
    Conf,
    Acl,
    Yaml,
    Toml,
    Dockerfile,
    Unit,
    Script,
    Other,
}

fn named(path: &Path) -> Named {
    // Every file of a tree comes by here, so its name is looked at as it is.
    let mut name = path.file_name().unwrap_or_default().as_encoded_bytes();
    while let Some(ending) = TEMPLATE_ENDINGS.iter().find(|ending| ends_with(name, ending)) {
        name = &name[..name.len() - ending.len()];
    }
    let ends = |endings: &[&str]| endings.iter().any(|ending| ends_with(name, ending));
    let starts = |start: &str| name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start.as_bytes()));
    if starts("dockerfile") || starts("containerfile") || ends(&[".dockerfile", ".containerfile"]) {
        Named::Dockerfile
    } else if ends(&[".yaml", ".yml"]) {
        Named::Yaml
    } else if ends(&[".toml"]) {
        Named::Toml
    } else if ends(&[".service"]) {
        Named::Unit
    } else if ends(&[".acl"]) {
        Named::Acl
    } else if ends(&[".sh", ".bash"]) {
        Named::Script
    } else if holds(name, ".conf") || (is_telling(name) && ends(&[".cfg", ".config", ".cnf"])) {
        Named::Conf
    } else {
        Named::Other
    }
}

fn ends_with(name: &[u8], ending: &str) -> bool {
    let start = name.len().checked_sub(ending.len());
    start.is_some_and(|start| name[start..].eq_ignore_ascii_case(ending.as_bytes()))
}

/// Whether a name holds a word, in any case.
fn holds(name: &[u8], word: &str) -> bool {
    name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether a name tells of a server or its kin.
fn is_telling(name: &[u8]) -> bool {
    ["redis", "valkey", "sentinel", "keydb", "kvrocks", "dragonfly"].iter().any(|word| holds(name, word))
}

/// Whether a file by that name may hold something for redisconf, so that it is worth reading.
#[must_use]
pub fn is_plausible(path: &Path) -> bool {
    !matches!(named(path), Named::Other)
}

/// Whether a file by that name may be about servers without being a configuration itself.
#[must_use]
pub fn may_hold_servers(path: &Path) -> bool {
    matches!(named(path), Named::Yaml | Named::Dockerfile | Named::Unit | Named::Script)
}

/// Tells what a file is; `None` if it is nothing of ours. `is_directive` tells the names that any server knows.
///
/// Of Compose files, manifests and the like it says what they are; whether a server is in them [`super::find`] tells.
#[must_use]
pub fn recognise(name: &Name, text: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) -> Option<Kind> {
    let Name::File(path) = name else {
        return configuration("", text, is_directive).or_else(|| yaml(text)).or_else(|| toml("", text));
    };
    let file = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match named(path) {
        Named::Conf => {
            let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
            if folder.ends_with(".service.d")
                || (SERVICE.find(text).is_some() && has_line(text, b"[Service]") && mentions(text))
            {
                return unit(text);
            }
            configuration(&file, text, is_directive)
        }
        Named::Acl => is_acl(text).then_some(Kind::Acl),
        Named::Yaml => yaml(text),
        Named::Toml => toml(&file, text),
        Named::Dockerfile => mentions(text).then_some(Kind::Dockerfile),
        Named::Unit => unit(text),
        Named::Script => {
            let runs = [&b"docker"[..], b"podman", b"nerdctl"].iter().any(|tool| contains(text, tool))
                && contains(text, b" run");
            (runs && mentions(text)).then_some(Kind::DockerRun)
        }
        Named::Other => None,
    }
}

/// Whether a text under that name is the configuration of a server or of Sentinel.
pub(super) fn is_configuration(name: &str, text: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) -> bool {
    let has_ending = name.contains('.') && !name.contains(".conf");
    !has_ending && configuration(&name.to_ascii_lowercase(), text, is_directive).is_some()
}

/// What the lines of a text look like.
#[derive(Default)]
struct Lines {
    all: usize,
    /// Names of directives, with a value.
    known: usize,
    /// Of these, names that other programs do not use; counted no further than [`MOST_PROOF`] and one line of Sentinel's more.
    own: usize,
    sentinel: usize,
    users: usize,
    /// Lines as servers never have them: sections, blocks, assignments.
    foreign: usize,
}

fn configuration(name: &str, text: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) -> Option<Kind> {
    let lines = Lines::of(text, is_directive);
    if lines.sentinel > 0 && lines.foreign * 2 < lines.all {
        return Some(Kind::Sentinel);
    }
    let is_conf = if is_telling(name.as_bytes()) {
        match lines.all {
            0 => matches!(name, "redis.conf" | "valkey.conf"),
            all => lines.known * 2 >= all && (lines.own > 0 || lines.foreign == 0),
        }
    } else {
        let proof = if lines.all > 2 { MOST_PROOF } else { 1 };
        lines.own >= proof && lines.known * 10 >= lines.all * 7 && lines.foreign * 10 <= lines.all
    };
    if is_conf {
        return Some(Kind::Conf);
    }
    (name.contains("acl") && lines.users > 0 && is_acl(text)).then_some(Kind::Acl)
}

impl Lines {
    fn of(text: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) -> Self {
        let mut lines = Self::default();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text).chain([text.len()]) {
            let line = trim(&text[start..end]);
            start = end + 1;
            if lines.all == MOST_LINES || lines.are_proof() {
                break;
            }
            match line.first() {
                None | Some(b'#') => {}
                Some(b'{' | b'<') if [&b"{{"[..], b"{%", b"{#", b"<%"].iter().any(|open| line.starts_with(open)) => {}
                Some(_) => lines.add(line, is_directive),
            }
        }
        lines
    }

    /// Whether so many lines are a server's, and so few are not, that the rest will not change it.
    fn are_proof(&self) -> bool {
        self.known >= KNOWN_PROOF && self.own == MOST_PROOF && self.foreign == 0 && self.known * 10 >= self.all * 9
    }

    fn add(&mut self, line: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) {
        self.all += 1;
        let is_blank = |b: &u8| matches!(b, b' ' | b'\t');
        let (first, rest) = line.split_at(line.iter().position(is_blank).unwrap_or(line.len()));
        // What follows the name, and the word that it begins with.
        let value = rest.iter().position(|b| !is_blank(b)).map(|at| &rest[at..]);
        let second = || value.map(|value| value.split(is_blank).next().unwrap_or_default());
        let is_filled = || [&b"{{"[..], b"${", b"<%"].iter().any(|open| contains(line, open));
        let ends_as_code = matches!(line.last(), Some(b';' | b'{' | b'}')) && !is_filled();
        let assigns = value.is_some_and(|value| match value[0] {
            b'=' => true,
            b'{' | b':' => value.get(1).is_none_or(is_blank),
            _ => false,
        });
        if ends_as_code && !line.contains(&b'"') || assigns {
            self.foreign += 1;
            return;
        }
        // Two names of our own prove enough.
        let is_proven = self.own >= MOST_PROOF;
        let is_common = |name: &[u8]| COMMON_WORDS.iter().any(|word| word.eq_ignore_ascii_case(name));
        if first.len() == 8 && first.eq_ignore_ascii_case(b"sentinel") {
            let is_ours = second().is_some_and(|word| SENTINEL_WORDS.contains(&&*word.to_ascii_lowercase()));
            self.sentinel += usize::from(is_ours);
            self.own += usize::from(is_ours);
            self.known += usize::from(is_ours);
        } else if value.is_some() && is_directive(first) {
            self.known += 1;
            self.own += usize::from(!is_proven && !is_common(first));
            self.users += usize::from(first.eq_ignore_ascii_case(b"user"));
        } else if let Some(name) = mistyped(first)
            && is_directive(name)
            && !is_common(name)
        {
            // `maxmemory: 1gb` is a mistake in one of ours.
            self.known += 1;
        } else if !first[0].is_ascii_alphabetic()
            || first.iter().any(|b| b"=(){}<>".contains(b))
            || first.ends_with(b":")
        {
            self.foreign += 1;
        }
    }
}

/// The name in `name:` or `name=value`.
fn mistyped(word: &[u8]) -> Option<&[u8]> {
    let end = word.iter().position(|b| matches!(b, b':' | b'='))?;
    (end > 0).then(|| &word[..end])
}

/// Whether every line defines a user.
fn is_acl(text: &[u8]) -> bool {
    let mut users = 0;
    for line in
        text.split(|b| *b == b'\n').map(trim).filter(|line| !line.is_empty() && line[0] != b'#').take(MOST_LINES)
    {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let is_rule = |word: &[u8]| {
            matches!(word[0], b'+' | b'-' | b'~' | b'&' | b'>' | b'#' | b'%' | b'(')
                || [&b"on"[..], b"off", b"nopass", b"allkeys", b"allcommands", b"reset", b"resetkeys", b"allchannels"]
                    .iter()
                    .any(|rule| word.eq_ignore_ascii_case(rule))
        };
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case(b"user")) || words.next().is_none() {
            return false;
        }
        users += usize::from(words.any(is_rule));
    }
    users > 0
}

fn yaml(text: &[u8]) -> Option<Kind> {
    // Values of these charts need not name the server.
    const OWN_KEYS: [&[u8]; 5] =
        [b"commonConfiguration:", b"disableCommands:", b"extraFlags:", b"maxMemory:", b"maxMemoryPolicy:"];
    if !mentions(text) && !OWN_KEYS.iter().any(|key| contains(text, key)) {
        return None;
    }
    let begins = |word: &[u8]| {
        memchr::memmem::find_iter(text, word)
            .any(|at| at == 0 || matches!(text[at - 1], b'\n' | b'"' | b'\'' | b'\xbf'))
    };
    let listed = |word: &[u8]| contains(text, &[b"- ", word].concat());
    if begins(b"services:") || begins(b"services\":") {
        Some(Kind::Compose)
    } else if (begins(b"apiVersion:") && begins(b"kind:")) || (listed(b"apiVersion:") && contains(text, b"kind:")) {
        Some(Kind::Kubernetes)
    } else {
        const KEYS: [&[u8]; 12] = [
            b"disableCommands:",
            b"maxMemory:",
            b"commonConfiguration:",
            b"valkeyConfig:",
            b"extraFlags:",
            b"extraConfig:",
            b"maxMemoryPolicy:",
            b"customConfig:",
            b"config:",
            b"configuration:",
            b"command:",
            b"args:",
        ];
        KEYS.iter().any(|key| contains(text, key)).then_some(Kind::HelmValues)
    }
}

fn toml(file: &str, text: &[u8]) -> Option<Kind> {
    let mut has_schema = false;
    let (mut project, mut profile) = (file == "redisconf.toml", false);
    for line in text.split(|b| *b == b'\n').map(trim).take(MOST_LINES) {
        let key = line.split(|b| matches!(b, b'=' | b' ')).next().unwrap_or_default();
        let starts = |tables: &[&[u8]]| tables.iter().any(|table| line.starts_with(table));
        has_schema |= key == b"schema";
        project |=
            has_schema && (starts(&[b"[environments.", b"[instance."]) || key == b"instances" || key == b"ownership");
        profile |=
            starts(&[b"[settings", b"[facts]", b"[secrets", b"[prefer", b"[users", b"[rename-commands", b"[final"])
                || matches!(key, b"default-server" | b"abstract" | b"unset");
    }
    match (project, has_schema && profile) {
        (true, _) => Some(Kind::Project),
        (false, true) => Some(Kind::Profile),
        (false, false) => None,
    }
}

fn unit(text: &[u8]) -> Option<Kind> {
    (contains(text, b"ExecStart") && mentions(text)).then_some(Kind::Systemd)
}

fn has_line(text: &[u8], wanted: &[u8]) -> bool {
    text.split(|b| *b == b'\n').any(|line| trim(line) == wanted)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Whether a text names a server at all. Programs and images are written in small letters everywhere.
fn mentions(text: &[u8]) -> bool {
    contains(text, b"redis") || contains(text, b"valkey")
}

/// Whether a text that could not be read looks as if a server were started in it.
pub(super) fn holds_server(text: &[u8]) -> bool {
    const SIGNS: [&[u8]; 7] = [
        b"redis-server",
        b"valkey-server",
        b"redis-sentinel",
        b"valkey-sentinel",
        b"redis.conf",
        b"valkey.conf",
        b"sentinel.conf",
    ];
    if SIGNS.iter().any(|sign| contains(text, sign)) {
        return true;
    }
    memchr::memmem::find_iter(text, b"image:").any(|at| {
        let line = text[at + 6..].split(|b| *b == b'\n').next().unwrap_or_default();
        let reference = String::from_utf8_lossy(line);
        Image::of(reference.trim().trim_matches(['"', '\''])).is_some()
    })
}

/// Whether a text is one that a template engine has yet to fill in.
pub(super) fn is_template(text: &[u8]) -> bool {
    [&b"{{"[..], b"{%", b"<%"].iter().any(|open| contains(text, open))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the catalogue knows them, for tests.
    fn is_directive(name: &[u8]) -> bool {
        const NAMES: [&str; 20] = [
            "port",
            "bind",
            "timeout",
            "maxmemory",
            "appendonly",
            "save",
            "maxmemory-policy",
            "user",
            "include",
            "dir",
            "requirepass",
            "loglevel",
            "logfile",
            "daemonize",
            "pidfile",
            "tcp-keepalive",
            "databases",
            "sentinel",
            "protected-mode",
            "maxclients",
        ];
        NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
    }

    fn kind(path: &str, text: &str) -> Option<Kind> {
        let name = Name::File(path.into());
        is_plausible(Path::new(path)).then(|| recognise(&name, text.as_bytes(), &is_directive)).flatten()
    }

    #[test]
    fn configurations_are_known_by_what_they_hold() {
        let conf = "# x\nport 6379\nmaxmemory 1gb\nappendonly yes\n";
        for path in ["redis.conf", "etc/cache.conf", "6379.conf", "redis.conf.j2", "redis.cfg", "valkey.conf.example"] {
            assert_eq!(kind(path, conf), Some(Kind::Conf), "{path}");
        }
        assert_eq!(kind("cache.txt", conf), None);
        assert_eq!(kind("redis.conf", "# all defaults\n"), Some(Kind::Conf));
        assert_eq!(kind("redis.conf", "maxmemory: 1gb\nappendonly=yes\n"), Some(Kind::Conf));
        assert_eq!(kind("redis.conf", "maxmemry 1gb\nappendonly yes\n"), Some(Kind::Conf));
        assert_eq!(kind("x.conf", "{% if a %}\nmaxmemory {{ max }}\n{% endif %}\n"), Some(Kind::Conf));
        assert_eq!(kind("sentinel.conf", "port 26379\nsentinel monitor m 127.0.0.1 6379 2\n"), Some(Kind::Sentinel));
        assert_eq!(kind("x.conf", "SENTINEL resolve-hostnames yes\n"), Some(Kind::Sentinel));
        assert_eq!(kind("users.acl", "user default off\nuser app on >x ~* +@all\n"), Some(Kind::Acl));
    }

    #[test]
    fn what_is_proven_no_later_line_takes_back() {
        let lines = "maxmemory 1gb\nappendonly yes\n".repeat(8);
        let foreign = "server { listen 80; }\n".repeat(40);
        assert_eq!(kind("cache.conf", &format!("{lines}{foreign}")), Some(Kind::Conf));
        assert_eq!(
            kind("cache.conf", &format!("{}{foreign}", &lines[..lines.len() - 15])),
            None,
            "fifteen are too few"
        );
        assert_eq!(kind("cache.conf", &format!("upstream {{\n{lines}{foreign}")), None, "one line was foreign");
    }

    #[test]
    fn what_others_call_conf_is_not_ours() {
        for (path, text) in [
            ("nginx.conf", "user www-data;\ninclude /etc/nginx/*.conf;\nhttp {\n  port 80;\n}\n"),
            ("redis.conf", "upstream redis {\n  server redis:6379;\n}\n"),
            ("redis.conf", "[program:redis]\ncommand=redis-server\nuser=redis\n"),
            ("redis.conf", "input { redis { port => 6379 } }\n"),
            ("haproxy.conf", "defaults\n  timeout client 5s\n  maxconn 100\nfrontend x\n  bind *:80\n"),
            ("tinyproxy.conf", "User tinyproxy\nPort 8888\nTimeout 600\nLogLevel Info\nLogFile /x\nPidFile /y\n"),
            ("mosquitto.conf", "port 1883\nuser mosquitto\npersistence true\n"),
            ("postgresql.conf", "port = 5432\nmax_connections = 100\n"),
            ("sentinel.conf", "csp.sentinel.dashboard.server=x:8080\nproject.name=y\n"),
            ("sentinel.conf", "sentinel flow rule\nname x\n"),
            ("rules.acl", "deny all\nallow user x\n"),
            ("my.cnf", "[mysqld]\nport 3306\n"),
        ] {
            assert_eq!(kind(path, text), None, "{path} {text}");
        }
    }

    #[test]
    fn other_texts_are_known_by_their_form() {
        for (path, text, said) in [
            ("compose.yaml", "services:\n  cache:\n    image: redis:7\n", Some(Kind::Compose)),
            ("compose.yaml", "services:\n  db:\n    image: postgres\n", None),
            ("a.yml", "apiVersion: v1\nkind: ConfigMap\ndata: {redis.conf: port 1}\n", Some(Kind::Kubernetes)),
            ("values.yaml", "redis:\n  commonConfiguration: |-\n    port 1\n", Some(Kind::HelmValues)),
            ("ci.yml", "jobs:\n  x:\n    services:\n      redis: redis:7\n", None),
            ("Dockerfile.prod", "FROM redis:7\n", Some(Kind::Dockerfile)),
            ("Dockerfile", "FROM python:3\n", None),
            ("redis.service", "[Service]\nExecStart=/usr/bin/redis-server\n", Some(Kind::Systemd)),
            ("x.service.d/a.conf", "[Service]\nExecStart=\nExecStart=valkey-server\n", Some(Kind::Systemd)),
            ("nginx.service", "[Service]\nExecStart=/usr/sbin/nginx\n", None),
            ("run.sh", "docker run -d redis:7\n", Some(Kind::DockerRun)),
            ("run.sh", "redis-cli ping\n", None),
            ("redisconf.toml", "schema = 1\n", Some(Kind::Project)),
            ("p.toml", "schema = 1\nname = \"x\"\n[settings]\n", Some(Kind::Profile)),
            ("Cargo.toml", "[package]\nname = \"redis\"\n", None),
        ] {
            assert_eq!(kind(path, text), said, "{path}");
        }
    }
}
