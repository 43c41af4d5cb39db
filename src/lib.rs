//! redisconf.

pub mod catalog;
pub mod config;
pub mod facts;
pub mod finding;
pub mod live;
pub mod plan;
pub mod server;
pub mod snapshot;
pub mod source;
pub mod syntax;
