//! Booting, asking and ending each server.

use std::fs;
use std::path::Path;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use redisconf::live::{
    BootError, Booted, InspectError, Login, LoginError, Modules, Place, Program, Refusal, Start, boot,
};

use crate::found::Found;

type Run = fn(&Program) -> Result<(), Failed>;

const CONCERNS: [(&str, Run); 15] = [
    ("it boots and tells who it is", identity),
    ("its defaults and hidden names are read", defaults),
    ("nothing remains", nothing_remains),
    ("a refused line is found", refused_line),
    ("a refused option is found", refused_option),
    ("a refused line in an included file is found", refused_include),
    ("an unknown name is found", unknown_name),
    ("a hungry last option does not open a port", hungry_option),
    ("users that cannot be loaded are told", refused_users),
    ("what reaches outside is overridden", outside),
    ("a cluster node stays silent", cluster),
    ("a login is asked for and used", login),
    ("renamed commands are called by their new names", renamed),
    ("modules are not loaded unasked", modules),
    ("a crash is told from a refusal", crash),
];

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let concerns = |found: &Found| CONCERNS.map(|(name, run)| found.trial(name, run));
    servers.iter().flat_map(concerns).collect()
}

fn with_conf(conf: &str) -> Start {
    Start { conf: Some(conf.as_bytes().to_vec()), ..Start::default() }
}

fn with_options(words: &[&str]) -> Start {
    Start { argv: words.iter().map(|word| word.as_bytes().to_vec()).collect(), ..Start::default() }
}

fn boots(program: &Program, start: &Start) -> Result<Booted, Failed> {
    boot(program, start).map_err(|error| format!("{error}\n{error:?}").into())
}

fn refuses(program: &Program, start: &Start) -> Result<Refusal, Failed> {
    match boot(program, start) {
        Err(BootError::Refused(refusal)) => Ok(*refusal),
        Err(other) => Err(format!("not refused but: {other}").into()),
        Ok(mut booted) => Err(format!("not refused:\n{}", booted.log()).into()),
    }
}

fn values(booted: &mut Booted, expected: &[(&str, &str)]) -> Result<(), Failed> {
    let snapshot = booted.inspect(&[]).map_err(|error| error.to_string())?;
    for (name, value) in expected {
        assert_eq!(snapshot.value(name).map(String::from_utf8_lossy).as_deref(), Some(*value), "{name}");
    }
    Ok(())
}

/// What the process listens on or is connected to, but for unix sockets; on Linux only.
fn network(pid: u32) -> Vec<String> {
    let sockets = |kind: &str| fs::read_to_string(format!("/proc/{pid}/net/{kind}")).unwrap_or_default();
    let tables: String = ["tcp", "tcp6", "udp", "udp6"].map(sockets).concat();
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let inodes: Vec<String> =
        links.filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect();
    let ours = |line: &&str| line.split_whitespace().nth(9).is_some_and(|inode| inodes.iter().any(|own| own == inode));
    tables.lines().filter(ours).map(str::to_owned).collect()
}

fn gone(pid: u32, dir: &Path) {
    assert!(!dir.exists(), "{} remains", dir.display());
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} remains");
}

fn identity(program: &Program) -> Result<(), Failed> {
    let mut booted = boots(program, &Start::default())?;
    let snapshot = booted.inspect(&[]).map_err(|error| error.to_string())?;
    assert_eq!(snapshot.server, program.server);
    assert!(snapshot.server.patch.is_some());
    assert_eq!(network(booted.pid()), [""; 0]);
    Ok(())
}

fn defaults(program: &Program) -> Result<(), Failed> {
    let mut booted = boots(program, &Start::default())?;
    let hidden = ["io-threads-do-reads", "key-load-delay", "no-such-name"];
    let snapshot = booted.inspect(&hidden).map_err(|error| error.to_string())?;
    assert_eq!(snapshot.value("maxmemory"), Some(b"0".as_slice()));
    assert_eq!(snapshot.value("key-load-delay"), Some(b"0".as_slice()));
    assert_eq!(snapshot.value("no-such-name"), None);
    assert!(snapshot.config().iter().len() > 140, "{}", snapshot.config().iter().len());
    assert_eq!(booted.overridden(), ["dir", "port", "unixsocket", "unixsocketperm"]);
    Ok(())
}

fn nothing_remains(program: &Program) -> Result<(), Failed> {
    for end in [Booted::end, drop] {
        let booted = boots(program, &Start::default())?;
        let (pid, dir) = (booted.pid(), booted.dir().to_owned());
        assert!(dir.exists());
        end(booted);
        gone(pid, &dir);
    }
    let unwound = std::panic::catch_unwind(|| {
        let booted = boot(program, &Start::default()).unwrap();
        let estate = (booted.pid(), booted.dir().to_owned());
        std::panic::resume_unwind(Box::new(estate));
    });
    let estate = unwound.unwrap_err().downcast::<(u32, std::path::PathBuf)>().unwrap();
    gone(estate.0, &estate.1);
    Ok(())
}

fn refused_line(program: &Program) -> Result<(), Failed> {
    let refusal = refuses(program, &with_conf("# a comment\r\ndir /data\r\n  maxmemory 1tb  \r\nappendonly yes\r\n"))?;
    assert_eq!(refusal.place, Place::Conf { line: 3 });
    assert_eq!(refusal.text, "maxmemory 1tb");
    assert_eq!(refusal.reason, "argument must be a memory value");
    let refusal = refuses(program, &with_conf("replicaof host 65536"))?;
    assert!(refusal.reason.starts_with("Invalid "), "{}", refusal.reason);
    let refusal = refuses(program, &with_conf("dir /data extra"))?;
    assert_eq!((refusal.place, refusal.text.as_str()), (Place::Conf { line: 1 }, "dir /data extra"));
    Ok(())
}

fn refused_option(program: &Program) -> Result<(), Failed> {
    let mut start = with_options(&["--appendonly", "yes", "--dir", "/data", "--maxmemory", "1tb", "--save", ""]);
    for conf in [None, Some(b"port 1".to_vec()), Some(b"port 1\n\n".to_vec())] {
        start.conf = conf;
        let refusal = refuses(program, &start)?;
        assert_eq!(refusal.place, Place::Option { number: 3 }, "{:?}", refusal.output);
        assert_eq!(refusal.reason, "argument must be a memory value");
    }
    Ok(())
}

fn refused_include(program: &Program) -> Result<(), Failed> {
    let mut start = with_conf("port 1\ninclude /etc/common.conf\ninclude more.conf\n");
    start.files = vec![
        ("/etc/common.conf".into(), b"appendonly no\ndir /nowhere\n".to_vec()),
        ("more.conf".into(), b"\n\nmaxmemory 1tb\n".to_vec()),
    ];
    let refusal = refuses(program, &start)?;
    assert_eq!(refusal.place, Place::File { name: "more.conf".into(), line: 3 });
    start.files.pop();
    let refusal = refuses(program, &start)?;
    assert_eq!(refusal.place, Place::Conf { line: 3 });
    assert_eq!(refusal.reason, "Fatal error, can't open config file 'more.conf': No such file or directory");
    Ok(())
}

fn unknown_name(program: &Program) -> Result<(), Failed> {
    let refusal = refuses(program, &with_conf("port 1\nfrobnicate 'a b'\n"))?;
    assert_eq!(refusal.place, Place::Conf { line: 2 });
    assert_eq!(refusal.text, "frobnicate 'a b'");
    Ok(())
}

fn hungry_option(program: &Program) -> Result<(), Failed> {
    for last in [
        vec!["--bind"],
        vec!["--save"],
        vec!["--masterauth", "--bind"],
        vec!["--bind 127.0.0.1"],
        vec!["--bind", "--save"],
    ] {
        match boot(program, &with_options(&last)) {
            Ok(mut booted) => {
                assert_eq!(network(booted.pid()), [""; 0], "{last:?}");
                values(&mut booted, &[("port", "0")])?;
            }
            Err(BootError::Refused(refusal)) => {
                assert_eq!(refusal.place, Place::Option { number: 1 }, "{last:?}: {}", refusal.output);
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

fn refused_users(program: &Program) -> Result<(), Failed> {
    let refusal = refuses(program, &with_conf("port 1\nuser joe on >hunter2 +nosuch\n"))?;
    assert_eq!(refusal.place, Place::Conf { line: 2 }, "{}", refusal.output);
    assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
    let both = refuses(program, &with_conf("aclfile /etc/users.acl\nuser joe on nopass\n"))?;
    assert!(both.reason.starts_with("Configuring "), "{}", both.reason);
    let mut start = with_conf("aclfile users.acl\n");
    start.files = vec![("users.acl".into(), b"user joe on nosuchrule\n".to_vec())];
    let rule = refuses(program, &start)?;
    assert!(rule.reason.contains("users.acl:1:"), "{}", rule.reason);
    Ok(())
}

fn outside(program: &Program) -> Result<(), Failed> {
    let conf = "dir /nonexistent\nlogfile /nonexistent/x.log\npidfile /nonexistent/x.pid\ndaemonize yes\n\
        supervised systemd\nsyslog-enabled yes\nreplicaof 192.0.2.1 6379\nslaveof '192.0.2.1' 06379\nport 6379\nbind 127.0.0.1 192.0.2.1\n\
        protected-mode yes\nunixsocket /nonexistent/s\nunixsocketperm 777\ntcp-backlog 3\nappendonly yes\n\
        timeout 7\nloglevel verbose\naclfile /nonexistent/users.acl\nrequirepass x\n";
    let mut conf = conf.to_owned();
    let bare = boots(program, &Start::default())?.inspect(&[]).map_err(|error| error.to_string())?;
    let mut expected =
        vec!["aclfile", "daemonize", "dir", "logfile", "pidfile", "port", "replicaof", "slaveof", "supervised"];
    expected.extend(["syslog-enabled", "unixsocket", "unixsocketperm"]);
    for (name, value) in
        [("tls-port", "6380"), ("tls-replication", "yes"), ("unixsocketgroup", "nogroup-here"), ("rdma-port", "6379")]
    {
        if bare.value(name).is_some() {
            conf = format!("{conf}{name} {value}\n");
            expected.push(name);
        }
    }
    expected.sort_unstable();
    let mut booted = boots(program, &with_conf(&conf))?;
    assert_eq!(booted.overridden(), expected);
    std::thread::sleep(Duration::from_millis(50)); // a replica would connect at its first tick
    assert_eq!(network(booted.pid()), [""; 0]);
    assert!(!booted.log().contains("Connecting to"), "{}", booted.log());
    values(&mut booted, &[("bind", "127.0.0.1 192.0.2.1"), ("timeout", "7"), ("appendonly", "yes"), ("slaveof", "")])
}

fn cluster(program: &Program) -> Result<(), Failed> {
    let start = with_conf("cluster-enabled yes\ncluster-config-file /nonexistent/nodes.conf\nport 7000\n");
    let mut booted = boots(program, &start)?;
    assert_eq!(network(booted.pid()), [""; 0]);
    assert!(booted.overridden().iter().any(|name| name == "bind"));
    values(&mut booted, &[("cluster-enabled", "yes")])
}

fn login(program: &Program) -> Result<(), Failed> {
    let mut start = with_conf("port 1\nrequirepass hunter2\n");
    let refused = boots(program, &start)?.inspect(&[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the server accepted the configuration and now asks for a login (`requirepass` (line 2)): give a user and password"
    );
    start.login = Some(Login { user: "default".into(), password: b"wrong".to_vec() });
    let refused = boots(program, &start)?.inspect(&[]).unwrap_err();
    assert!(matches!(refused, InspectError::Login(LoginError::Refused { .. })), "{refused}");
    start.login = Some(Login { user: "default".into(), password: b"hunter2".to_vec() });
    values(&mut boots(program, &start)?, &[("requirepass", "hunter2")])?;

    let mut start = with_conf("user default off\nuser joe on >pw +@all ~*\nuser low on >pw +ping\n");
    let refused = boots(program, &start)?.inspect(&[]).unwrap_err();
    assert!(refused.to_string().contains("`user default` (line 1)"), "{refused}");
    start.login = Some(Login { user: "joe".into(), password: b"pw".to_vec() });
    boots(program, &start)?.inspect(&[]).map_err(|error| error.to_string())?;
    start.login = Some(Login { user: "low".into(), password: b"pw".to_vec() });
    let denied = boots(program, &start)?.inspect(&[]).unwrap_err();
    assert!(denied.to_string().contains("NOPERM"), "{denied}");
    Ok(())
}

fn renamed(program: &Program) -> Result<(), Failed> {
    let conf = "rename-command CONFIG a\nrename-command a \"b c\"\nrename-command ping \"\"\nrename-command AUTH letmein\nrename-command shutdown stop\n";
    let mut start = with_conf(&format!("{conf}requirepass x\n"));
    start.login = Some(Login { user: "default".into(), password: b"x".to_vec() });
    let mut booted = boots(program, &start)?;
    values(&mut booted, &[("requirepass", "x")])?;
    booted.end();
    let gone = boots(program, &with_conf("rename-command CONFIG ''\n"))?.inspect(&[]).unwrap_err();
    assert!(matches!(gone, InspectError::NoCommand { command: "CONFIG" }), "{gone}");
    Ok(())
}

fn modules(program: &Program) -> Result<(), Failed> {
    let hidden =
        ["loadmodule /nonexistent.so\n", "\"loadmod\\x75le\" x", "LoAd\0\nmodule x", "port 1\n\u{b}loadmodule x"];
    for conf in hidden {
        let refused = boot(program, &with_conf(conf)).map(drop).unwrap_err();
        assert!(refused.to_string().contains("loads a module"), "{conf:?}: {refused}");
    }
    let refused = boot(program, &with_options(&["--appendonly no\nloadmodule x"])).map(drop).unwrap_err();
    assert!(matches!(refused, BootError::Unsafe(_)), "{refused}");
    let mut start = with_conf("loadmodule /nonexistent.so\n");
    start.modules = Modules::Load;
    let refusal = refuses(program, &start)?;
    assert!(refusal.reason.contains("/nonexistent.so"), "{}", refusal.reason);
    Ok(())
}

fn crash(program: &Program) -> Result<(), Failed> {
    let mut start = with_conf("include self.conf\n");
    start.files = vec![("self.conf".into(), b"include self.conf\n".to_vec())];
    match boot(program, &start) {
        Err(BootError::Crashed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
        Ok(_) => Err("an include cycle was read".into()),
    }
}
