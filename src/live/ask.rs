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

/// Everything that can be sent. There is no way to send other words.
#[derive(Clone, Copy)]
pub(super) enum Ask<'a> {
    Ping,
    Auth(&'a Login),
    ConfigGet(&'a str),
    /// Many names at once, which servers take from 7.0 on.
    ConfigGetAll(&'a [&'a str]),
    Info(Section),
    // which nodes belong together
    ClusterNodes,
    ClusterShards,
    SentinelMasters,
    /// Of the primary with this name.
    SentinelReplicas(&'a str),
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
            Self::SentinelMasters | Self::SentinelReplicas(_) => "SENTINEL",
            Self::SlowlogGet | Self::SlowlogLen | Self::SlowlogLatest(_) => "SLOWLOG",
            Self::Shutdown => "SHUTDOWN",
            Self::SetName(_) | Self::ClientList | Self::ClientKill(_) => "CLIENT",
            Self::AclList | Self::AclLog(_) => "ACL",
            Self::LatencyLatest => "LATENCY",
            Self::LargeRequests(_) | Self::LargeReplies(_) => "COMMANDLOG",
            Self::MemoryStats => "MEMORY",
            Self::ModuleList => "MODULE",
        }
    }

    pub(super) fn pack(self, word: &[u8]) -> Vec<u8> {
        let mut packed = redis::Cmd::new();
        packed.arg(word);
        match self {
            Self::Ping | Self::Info(Section::Usual) => &mut packed,
            Self::Auth(login) => packed.arg(&login.user).arg(&login.password),
            Self::ConfigGet(pattern) => packed.arg("GET").arg(pattern),
            Self::ConfigGetAll(names) => names.iter().fold(packed.arg("GET"), |get, name| get.arg(name)),
            Self::ConfigSet(pairs) => {
                pairs.iter().fold(packed.arg("SET"), |set, (name, value)| set.arg(name).arg(value))
            }
            Self::ClusterNodes => packed.arg("NODES"),
            Self::ClusterShards => packed.arg("SHARDS"),
            Self::SentinelMasters => packed.arg("MASTERS"),
            Self::SentinelReplicas(name) => packed.arg("REPLICAS").arg(name),
            Self::ConfigRewrite => packed.arg("REWRITE"),
            Self::SlowlogGet => packed.arg("GET").arg(4096),
            Self::Info(Section::Server) => packed.arg("server"),
            Self::Shutdown => packed.arg("NOSAVE"),
            Self::SetName(name) => packed.arg("SETNAME").arg(name),
            Self::ClientKill(id) => packed.arg("KILL").arg("ID").arg(id),
            Self::ClientList | Self::AclList | Self::ModuleList => packed.arg("LIST"),
            Self::SlowlogLen => packed.arg("LEN"),
            Self::SlowlogLatest(count) => packed.arg("GET").arg(count),
            Self::LatencyLatest => packed.arg("LATEST"),
            Self::LargeRequests(count) => packed.arg("GET").arg(count).arg("large-request"),
            Self::LargeReplies(count) => packed.arg("GET").arg(count).arg("large-reply"),
            Self::MemoryStats => packed.arg("STATS"),
            Self::AclLog(count) => packed.arg("LOG").arg(count),
            Self::ClusterInfo => packed.arg("INFO"),
            Self::Info(Section::Everything) => packed.arg("everything"),
        };
        packed.get_packed_command()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_command_is_called_by_its_new_name_and_a_password_is_never_shown() {
        let login = Login { user: "ops".into(), password: b"hunter2".to_vec() };
        assert_eq!(Ask::Auth(&login).pack(b"letmein"), b"*3\r\n$7\r\nletmein\r\n$3\r\nops\r\n$7\r\nhunter2\r\n");
        assert_eq!(Ask::Info(Section::Server).pack(b"INFO"), b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n");
        assert!(!format!("{login:?}").contains("hunter2"));
    }
}
