//! redisconf.

pub mod catalog;
pub mod config;
pub mod facts;
pub mod finding;
pub mod render;
pub mod server;
pub mod source;
pub mod syntax;
