//! redisconf.

pub mod catalog;
pub mod config;
pub mod facts;
pub mod finding;
pub mod lint;
pub mod server;
pub mod source;
pub mod syntax;
