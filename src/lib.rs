//! redisconf.

pub mod catalog;
#[cfg(unix)] // real servers are started and asked over unix sockets; everything else works without
pub mod live;
pub mod server;
pub mod snapshot;
