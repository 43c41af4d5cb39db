//! stub
use crate::server::Server;
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    AtTheLine,
    AtLoad,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclRefusal {
    pub argument: usize,
    pub when: When,
    pub reason: String,
}
pub fn judge(_: &[&[u8]], _: Server) -> Result<(), AclRefusal> {
    Ok(())
}
