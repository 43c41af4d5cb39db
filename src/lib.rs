//! redisconf.

pub mod catalog;
pub mod config;
pub mod facts;
pub mod finding;
#[cfg(unix)] // real servers are started and asked over unix sockets; everything else works without
pub mod live;
pub mod plan;
pub mod server;
pub mod snapshot;
pub mod source;
pub mod syntax;
