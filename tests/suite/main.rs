//! Tests that need no server: what the crate says, held against what servers said once.

mod catalogue;
