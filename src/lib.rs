//! redisconf.

pub mod catalog;
pub mod config;
pub mod finding;
pub mod server;
pub mod source;
pub mod syntax;
