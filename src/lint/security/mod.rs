//! Rules about who may do what.

pub(super) mod commands;
pub(super) mod listener;
pub(super) mod order;
pub(super) mod passwords;
pub(super) mod users;

#[cfg(test)]
mod tests;
