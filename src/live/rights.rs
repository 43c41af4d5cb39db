//! What a user of a server must be allowed, for each thing that is done here.
//!
//! A trial on servers proves the lists: with exactly these rights all works, and nothing is refused.

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Hold servers against what is declared, once or again and again.
    Diff,
    /// Change servers, or take that back.
    Apply,
    /// Keep what a server says.
    Snapshot,
    /// Look for what is wrong with a server.
    Doctor,
    /// The same, with a sample of its keys.
    DoctorKeys,
}

/// What a diagnosis asks.
const DIAGNOSIS: &[&str] = &[
    "-@all",
    "+info",
    "+config|get",
    "+slowlog|get",
    "+slowlog|len",
    "+latency|latest",
    "+client|list",
    "+memory|stats",
    "+module|list",
    "+acl|list",
    "+acl|log",
    "+cluster|info",
];

/// What a sample of the keys asks beside.
const SAMPLE: &[&str] = &["+scan", "+type", "+ttl", "+object|encoding", "+memory|usage", "+select", "~*"];

impl Purpose {
    /// The rules for commands, as ACL SETUSER takes them in every version; the least that is enough.
    ///
    /// AUTH needs no right. There is no CLIENT SETINFO and no HELLO here, for none is sent.
    #[must_use]
    pub fn rules(self) -> Vec<&'static str> {
        match self {
            Self::Diff => vec!["-@all", "+info", "+config|get", "+acl|list"],
            Self::Apply => {
                vec!["-@all", "+info", "+config|get", "+config|set", "+client|setname", "+client|list", "+client|kill"]
            }
            Self::Snapshot => vec!["-@all", "+info", "+config|get"],
            Self::Doctor => DIAGNOSIS.to_vec(),
            Self::DoctorKeys => [DIAGNOSIS, SAMPLE].concat(),
        }
    }

    /// What whoever holds these rights can do beside, for those who hand them out.
    #[must_use]
    pub fn dangers(self) -> &'static [&'static str] {
        const READS: &str = "CONFIG GET cannot be narrowed: whoever holds it reads `requirepass` and `masterauth` in clear, \
            and is an administrator while one of them is set. Move the passwords to users (`aclfile`, `user`): then it \
            sees none";
        const LISTS: &str = "ACL LIST shows the rules and the hashes of the passwords of all users. It is sent only where \
            users are declared; else leave out `+acl|list`";
        const SETS: &str = "CONFIG SET can set everything, such as `requirepass`, `dir` and `dbfilename`: whoever holds it \
            is an administrator";
        const TELLS: &str = "SLOWLOG, CLIENT LIST and ACL show arguments of commands, addresses, and names and hashes of users. \
            Each may be left out: then what rests on it is not judged. Valkey from 8.1 on has `+commandlog|get`, too";
        const KILLS: &str = "CLIENT KILL is sent only to earlier connections of the same run, so that nothing that was lost on \
            the way comes late. Without `+client|kill` the next connection waits until the server has seen them end";
        const WRITES: &str = "with --rewrite it takes `+config|rewrite`, too; to change a password of several nodes, `+acl|setuser`, \
             which can make anybody anything";
        const NAMES: &str = "SCAN shows the names of all keys; no right to read their values is among these. `~*` is needed for \
            TYPE, TTL, OBJECT ENCODING and MEMORY USAGE";
        match self {
            Self::Diff => &[READS, LISTS],
            Self::Apply => &[READS, SETS, KILLS, WRITES],
            Self::Snapshot => &[READS],
            Self::Doctor => &[READS, TELLS],
            Self::DoctorKeys => &[READS, TELLS, NAMES],
        }
    }
}
