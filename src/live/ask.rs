//! The fixed list of what can be sent to a server.

use std::fmt;

/// Who logs in, and with what. Debug output and errors hold the name at most.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The ACL user; `default` where only a password is set.
    pub user: String,
    /// The password in clear.
    pub password: Vec<u8>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).field("password", &"***").finish()
    }
}

/// Which part of INFO is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Version, build and process.
    Server,
    /// What a plain INFO gives.
    Usual,
    /// All there is, also what modules add.
    Everything,
}

/// Names for one CONFIG GET, as they are sent: made once for any number of servers.
#[derive(Debug)]
pub(super) struct Names {
    count: usize,
    packed: Vec<u8>,
}

impl Names {
    pub(super) fn new(names: &[&str]) -> Self {
        let mut packed = Vec::new();
        for name in names {
            pack_word(name.as_bytes(), &mut packed);
        }
        Self { count: names.len(), packed }
    }
}

/// Everything that can be sent. There is no way to send other words.
#[derive(Clone, Copy)]
pub(super) enum Ask<'a> {
    Ping,
    Auth(&'a Login),
    ConfigGet(&'a str),
    /// Many names at once, which servers take from 7.0 on.
    ConfigGetAll(&'a Names),
    Info(Section),
    // which nodes belong together
    ClusterNodes,
    ClusterShards,
    SentinelMasters,
    /// Of the primary with this name.
    SentinelReplicas(&'a str),
    /// A setting of the Sentinel itself.
    SentinelConfigGet(&'a str),
    // the rest is for servers that were started here, and for `apply`
    /// Name and value, and again.
    ConfigSet(&'a [(&'a str, &'a [u8])]),
    ConfigRewrite,
    SlowlogGet,
    Shutdown,
    // what `apply` needs beside CONFIG SET
    /// Names this connection, which is seen by everybody who lists clients.
    SetName(&'a str),
    ClientList,
    /// Closes one connection, by its number.
    ClientKill(&'a str),
    /// A rule for the default user: a password beside the old one, or one less.
    DefaultUser(&'a [u8]),
    // users, where some are declared
    AclList,
    // what a diagnosis rests on; all of it reads, and the numbers bound what comes back
    SlowlogLen,
    SlowlogLatest(u32),
    LatencyLatest,
    LargeRequests(u32),
    LargeReplies(u32),
    MemoryStats,
    ModuleList,
    AclLog(u32),
    ClusterInfo,
    // a sample of the keys, where it was asked for; none of these touches a key or sends its value
    /// The database, by its number.
    Select(u32),
    /// From that cursor on, about so many names.
    Scan(&'a [u8], u32),
    KeyType(&'a [u8]),
    KeyTtl(&'a [u8]),
    KeyEncoding(&'a [u8]),
    /// Of a key with many parts a few are measured.
    KeyMemory(&'a [u8]),
}

impl Ask<'_> {
    /// The command word that is looked up among the renamed ones.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Ping => "PING",
            Self::Auth(_) => "AUTH",
            Self::ConfigGet(_) | Self::ConfigGetAll(_) | Self::ConfigSet(_) | Self::ConfigRewrite => "CONFIG",
            Self::Info(_) => "INFO",
            Self::ClusterNodes | Self::ClusterShards | Self::ClusterInfo => "CLUSTER",
            Self::SentinelMasters | Self::SentinelReplicas(_) | Self::SentinelConfigGet(_) => "SENTINEL",
            Self::SlowlogGet | Self::SlowlogLen | Self::SlowlogLatest(_) => "SLOWLOG",
            Self::Shutdown => "SHUTDOWN",
            Self::SetName(_) | Self::ClientList | Self::ClientKill(_) => "CLIENT",
            Self::AclList | Self::AclLog(_) | Self::DefaultUser(_) => "ACL",
            Self::LatencyLatest => "LATENCY",
            Self::LargeRequests(_) | Self::LargeReplies(_) => "COMMANDLOG",
            Self::MemoryStats | Self::KeyMemory(_) => "MEMORY",
            Self::Select(_) => "SELECT",
            Self::Scan(..) => "SCAN",
            Self::KeyType(_) => "TYPE",
            Self::KeyTtl(_) => "TTL",
            Self::KeyEncoding(_) => "OBJECT",
            Self::ModuleList => "MODULE",
        }
    }

    /// Adds what is sent, the command under that word.
    pub(super) fn pack(self, word: &[u8], packed: &mut Vec<u8>) {
        let count: String;
        let mut words: Vec<&[u8]> = vec![word];
        let mut after = None;
        match self {
            Self::Ping | Self::Info(Section::Usual) => {}
            Self::Auth(login) => words.extend([login.user.as_bytes(), &login.password]),
            Self::ConfigGet(pattern) => words.extend([b"GET", pattern.as_bytes()]),
            Self::ConfigGetAll(names) => {
                words.push(b"GET");
                after = Some(names);
            }
            Self::ConfigSet(pairs) => {
                words.push(b"SET");
                words.extend(pairs.iter().flat_map(|(name, value)| [name.as_bytes(), value]));
            }
            Self::ClusterNodes => words.push(b"NODES"),
            Self::ClusterShards => words.push(b"SHARDS"),
            Self::SentinelMasters => words.push(b"MASTERS"),
            Self::SentinelReplicas(name) => words.extend([b"REPLICAS", name.as_bytes()]),
            Self::SentinelConfigGet(name) => words.extend([b"CONFIG".as_slice(), b"GET", name.as_bytes()]),
            Self::ConfigRewrite => words.push(b"REWRITE"),
            Self::SlowlogGet => words.extend([b"GET".as_slice(), b"4096"]),
            Self::Info(Section::Server) => words.push(b"server"),
            Self::Shutdown => words.push(b"NOSAVE"),
            Self::SetName(name) => words.extend([b"SETNAME", name.as_bytes()]),
            Self::ClientKill(id) => words.extend([b"KILL".as_slice(), b"ID", id.as_bytes()]),
            Self::ClientList | Self::AclList | Self::ModuleList => words.push(b"LIST"),
            Self::DefaultUser(rule) => words.extend([b"SETUSER".as_slice(), b"default", rule]),
            Self::SlowlogLen => words.push(b"LEN"),
            Self::SlowlogLatest(most) => {
                count = most.to_string();
                words.extend([b"GET", count.as_bytes()]);
            }
            Self::LatencyLatest => words.push(b"LATEST"),
            Self::LargeRequests(most) => {
                count = most.to_string();
                words.extend([b"GET", count.as_bytes(), b"large-request"]);
            }
            Self::LargeReplies(most) => {
                count = most.to_string();
                words.extend([b"GET", count.as_bytes(), b"large-reply"]);
            }
            Self::MemoryStats => words.push(b"STATS"),
            Self::AclLog(most) => {
                count = most.to_string();
                words.extend([b"LOG", count.as_bytes()]);
            }
            Self::ClusterInfo => words.push(b"INFO"),
            Self::Select(database) => {
                count = database.to_string();
                words.push(count.as_bytes());
            }
            Self::Scan(cursor, most) => {
                count = most.to_string();
                words.extend([cursor, b"COUNT", count.as_bytes()]);
            }
            Self::KeyType(key) | Self::KeyTtl(key) => words.push(key),
            Self::KeyEncoding(key) => words.extend([b"ENCODING", key]),
            Self::KeyMemory(key) => words.extend([b"USAGE", key, b"SAMPLES", b"5"]),
            Self::Info(Section::Everything) => words.push(b"everything"),
        }
        let (count, names) = after.map_or((0, &[][..]), |names| (names.count, &names.packed));
        packed.reserve(words.iter().map(|word| word.len() + 8).sum::<usize>() + names.len());
        header(b'*', words.len() + count, packed);
        for word in words {
            pack_word(word, packed);
        }
        packed.extend_from_slice(names);
    }
}

fn pack_word(word: &[u8], packed: &mut Vec<u8>) {
    header(b'$', word.len(), packed);
    packed.extend_from_slice(word);
    packed.extend_from_slice(b"\r\n");
}

/// How many of something come.
fn header(kind: u8, count: usize, packed: &mut Vec<u8>) {
    packed.push(kind);
    packed.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
    packed.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_command_is_called_by_its_new_name_and_a_password_is_never_shown() {
        let login = Login { user: "ops".into(), password: b"hunter2".to_vec() };
        let packed = |ask: Ask<'_>, word: &[u8]| {
            let mut packed = Vec::new();
            ask.pack(word, &mut packed);
            packed
        };
        assert_eq!(packed(Ask::Auth(&login), b"letmein"), b"*3\r\n$7\r\nletmein\r\n$3\r\nops\r\n$7\r\nhunter2\r\n");
        assert_eq!(packed(Ask::Info(Section::Server), b"INFO"), b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n");
        let names = Names::new(&["hz", "save"]);
        let wire = b"*4\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$2\r\nhz\r\n$4\r\nsave\r\n";
        assert_eq!(packed(Ask::ConfigGetAll(&names), b"CONFIG"), wire);
        assert!(!format!("{login:?}").contains("hunter2"));
    }
}
