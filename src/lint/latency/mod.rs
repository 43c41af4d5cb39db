//! Rules about threads, forks and what makes a server stall.

pub(super) mod forks;
pub(super) mod pauses;
pub(super) mod threads;
