//! What refused lines become when they are mended, and that they are then accepted.

use crate::config::resolve;
use crate::facts::Facts;
use crate::finding::{self, Safety};
use crate::lint::{Case, Chosen, inspect};
use crate::server::Server;
use crate::source::Name;
use crate::syntax::lower::Lowering;
use crate::syntax::{Mode, conf};

/// A text after all fixes of its refusals up to a safety, again and again; and how many refusals are left.
fn mended(server: &str, text: &str, most: Safety) -> (String, usize) {
    let server: Server = server.parse().unwrap();
    let mut text = text.as_bytes().to_vec();
    loop {
        let reading = conf::read_alone(Name::Stdin, &text, server);
        let config = resolve(&reading, Mode::Server);
        let facts = Facts::default();
        let fatal = Chosen::by(|rule| rule.severity == finding::Severity::Fatal);
        let found = inspect(&Case::new(&reading, &config, &facts, Mode::Server), &fatal);
        let lowering = Lowering::of(&reading);
        let fixes = found.findings.iter().filter_map(|finding| finding.fix.as_ref());
        let edits: Vec<_> = fixes.filter(|fix| fix.safety <= most).filter_map(|fix| lowering.lower(fix)).collect();
        let (next, _) = finding::apply(&text, &edits);
        if next == text {
            return (String::from_utf8(text).unwrap(), config.refusals().len());
        }
        text = next;
    }
}

/// Each text becomes the other, and nothing is refused any more.
fn are_mended(server: &str, most: Safety, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, wanted) in cases {
        let (got, left) = mended(server, text, most);
        if (got.as_str(), left) != (*wanted, 0) {
            wrong.push(format!("{text:?} became {got:?}, {left} refusals left"));
        }
        if most == Safety::Unsafe && mended(server, text, Safety::Safe).0 == *wanted {
            wrong.push(format!("{text:?} was mended unasked"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn spelling_that_leaves_no_doubt_is_mended() {
    are_mended(
        "redis-7.4",
        Safety::Safe,
        &[
            ("port 1   # a \"b\" c\n", "# a \"b\" c\nport 1\n"),
            ("  maxmemory  1gb # don't\r\nport 1\r\n", "  # don't\r\n  maxmemory  1gb\r\nport 1\r\n"),
            ("hz 10 ; ten\n", "# ten\nhz 10\n"),
            ("hz 10 #\n", "hz 10\n"),
            ("user a on nopass ~* +@all # x\n", "# x\nuser a on nopass ~* +@all\n"),
            ("\u{feff}# it's\nport 1\n", "# it's\nport 1\n"),
            ("maxmemory\u{a0}1gb\u{200b}\n", "maxmemory 1gb\n"),
            ("maxmemory=1gb\n", "maxmemory 1gb\n"),
            ("maxmemory: 1gb\n", "maxmemory 1gb\n"),
            ("maxmemory  =  1gb\n", "maxmemory 1gb\n"),
            ("maxmemory =1gb\n", "maxmemory 1gb\n"),
            ("requirepass=\"a b\"\n", "requirepass \"a b\"\n"),
            ("--port 1\n", "port 1\n"),
            (";port 1\n// no\n//hz 2\n", "#port 1\n# no\n#hz 2\n"),
            ("save 900 1 \\\n  300 10\n", "save 900 1 300 10\n"),
            ("hz 10 \\\nport 1\n", "hz 10\nport 1\n"),
            ("hz 10\\\nport 1\n", "hz 10\nport 1\n"),
            ("loadmodule /a.so x \\\n  300\n", "loadmodule /a.so x 300\n"),
            ("appendonly TRUE\nactiverehashing 0\n", "appendonly yes\nactiverehashing no\n"),
            ("appendonly yes;\nhz 10,\n", "appendonly yes\nhz 10\n"),
            ("maxmemory 8Gi\n", "maxmemory 8gb\n"),
            ("maxmemory 8.5GB\n", "maxmemory 8704mb\n"),
            ("maxmemory 1,073,741,824\n", "maxmemory 1gb\n"),
            ("timeout 5m\nrepl-timeout 1h\n", "timeout 300\nrepl-timeout 3600\n"),
            ("slowlog-log-slower-than 10ms\n", "slowlog-log-slower-than 10000\n"),
            ("maxclients 10_000\n", "maxclients 10000\n"),
            ("unixsocketperm 0o770\n", "unixsocketperm 770\n"),
            ("maxmemory-policy ALLKEYS_LRU\n", "maxmemory-policy allkeys-lru\n"),
            ("save 15m 1, 300 10\n", "save 900 1 300 10\n"),
            ("client-output-buffer-limit pubsub 32MiB 8mb 1m\n", "client-output-buffer-limit pubsub 32mb 8mb 60\n"),
            ("gopher-enabled yes\nport 1\n", "port 1\n"),
            ("primaryauth x\n", "masterauth x\n"),
        ],
    );
    let groups = "client-output-buffer-limit normal 0 0 0 pubsub 32mb 8mb 60 slave 1mb 1mb 1\n";
    let lines = "client-output-buffer-limit normal 0 0 0\nclient-output-buffer-limit pubsub 32mb 8mb 60\n\
                 client-output-buffer-limit slave 1mb 1mb 1\n";
    are_mended("redis-6.2", Safety::Safe, &[(groups, lines)]);
}

#[test]
fn guesses_wait_to_be_asked_for() {
    are_mended(
        "redis-7.4",
        Safety::Unsafe,
        &[
            ("maxmemry 1gb\n", "maxmemory 1gb\n"),
            ("maxmemory8gb\n", "maxmemory 8gb\n"),
            ("MaxMemory-Policyallkeys-lru\n", "maxmemory-policy allkeys-lru\n"),
            ("tcp-keepalive?60\n", "tcp-keepalive 60\n"),
            ("requirepass a # b\n", "# b\nrequirepass a\n"),
            ("masterauth it's # b\n", "# b\nmasterauth \"it's\"\n"),
            ("syslog-ident it's-me\n", "syslog-ident \"it's-me\"\n"),
            ("masterauth \"a\"b\n", "masterauth ab\n"),
            ("maxmemory \u{201c}1gb\u{201d}\n", "maxmemory 1gb\n"),
            ("maxmemory\u{2011}policy noeviction\n", "maxmemory-policy noeviction\n"),
            ("requirepass a\u{a0}b c\n", "requirepass \"a b c\"\n"),
            ("maxmemory 8 gb\n", "maxmemory 8gb\n"),
            ("maxmemory 1.5g\n", "maxmemory 1536mb\n"),
            ("logfile /var/log/my redis.log\n", "logfile \"/var/log/my redis.log\"\n"),
            ("include a.conf b.conf\n", "include a.conf\ninclude b.conf\n"),
            ("replicaof 10.0.0.1:6379\n", "replicaof 10.0.0.1 6379\n"),
            ("hz\nport 1\n", "port 1\n"),
            ("loglevel info\n", "loglevel notice\n"),
            ("appendfsync every-sec\n", "appendfsync everysec\n"),
            ("notify-keyspace-events kEx\n", "notify-keyspace-events KEx\n"),
            ("notify-keyspace-events KEAo\n", "notify-keyspace-events KEA\n"),
            ("notify-keyspace-events \"k E, x, a\"\n", "notify-keyspace-events KExA\n"),
            ("client-output-buffer-limit master 1 2 3\n", "client-output-buffer-limit replica 1 2 3\n"),
            ("lua-time-limit 5m\n", "lua-time-limit 300000\n"),
            ("dbfilename /data/dump.rdb\n", "dbfilename dump.rdb\ndir /data\n"),
            ("dbfilename ..\n", "dbfilename dump.rdb\n"),
            ("import-mode yes\nport 1\n", "port 1\n"),
            ("cluster-enabled yes\nreplicaof h 1\n", "cluster-enabled yes\n"),
            ("user a on nopass +get\nuser a ~*\nuser a -@all\n", "user a on nopass +get ~* -@all\n"),
            ("user a on nopass +@red\n", "user a on nopass +@read\n"),
            ("rename-command FLUSHAL \"\"\n", "rename-command FLUSHALL \"\"\n"),
        ],
    );
}

#[test]
fn what_nobody_can_know_is_left_alone() {
    for text in [
        "maxmemory # most\n",
        "maxmemry\n",
        "directory\n",
        "requirepass1234\n",
        "maxmemory 1,5gb\n",
        "maxmemory 50%\n",
        "port 70000\n",
        "timeout 1500ms\n",
        "save 900\n",
        "requirepass \"abc\n",
        "requirepass\n",
        "maxmemory-policy lru\n",
        "nonsense here\n",
        "rename-command CONFIG GET\n",
        "dir /a\nappendfilename b/c.aof\n",
    ] {
        let (after, left) = mended("redis-7.4", text, Safety::Unsafe);
        assert!(after == text && left > 0, "{text:?} became {after:?}");
    }
}

#[test]
fn fixes_of_secret_lines_say_so() {
    let server: Server = "redis-7.4".parse().unwrap();
    for text in
        ["requirepass=x\n", "masterauth x # y\n", "requirepas x\n", "masterauth \"a\"b\n", "user a on >x +@red\n"]
    {
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), server);
        let config = resolve(&reading, Mode::Server);
        let facts = Facts::default();
        let found = inspect(&Case::new(&reading, &config, &facts, Mode::Server), &Chosen::all());
        let fix = found.findings[0].fix.as_ref().unwrap();
        assert!(fix.secret, "{text}");
    }
}
