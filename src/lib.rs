//! Configuration as code for Redis and Valkey.
//!
//! # The house
//!
//! The data flows one way, through rooms that each own one thing. A stage takes values and returns values; only the rooms
//! at the edge touch files, sockets, the clock or the terminal.
//!
//! ```text
//!  redis.conf ────┐  survey        read(&Server)      resolve         ┌─ lint ────► findings
//!  command line ──┼─► facts, ────► statements ──────► Config, Setup ──┼─ render ──► artefacts
//!  profile.toml ──┘   server                                          └─ report ──► text, JSON
//! ```
//!
//! The rooms in reading order; each imports only rooms above it, as `tests/suite/layers.rs` spells out and checks.
//!
//! | room | owns |
//! |---|---|
//! | [`source`] | bytes, spans, positions; where files come from |
//! | [`finding`] | judgements about a text, as data |
//! | [`server`] | engines, the version tree, reading habits of each version |
//! | [`catalog`] | which directives exist in which version, and what they take |
//! | [`facts`] | what is true of a deployment, with where it is said |
//! | [`syntax`] | readers: redis.conf, command lines, profiles; quoting |
//! | [`config`] | values, resolving, refusals, layers; what may be shown |
//! | [`lint`] | rules |
//! | [`report`] | how results look, for people and as JSON |
//! | [`cli`] | the front end: reads, calls, prints; no knowledge |
//!
//! Two things to know before reading on. *Refusals* are recorded in the server's own order, so the first is what the
//! server itself would say; and *every word is hidden* until [`config::Visible`] says that it may be shown.

pub mod catalog;
pub mod cli;
pub mod config;
pub mod facts;
pub mod finding;
pub mod lint;
pub mod report;
pub mod server;
pub mod source;
pub mod syntax;
