//! redisconf.

pub mod catalog;
pub mod server;
