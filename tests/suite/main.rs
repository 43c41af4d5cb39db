//! Tests of stages against data and against each other; no server is needed.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read the files they are about")]

mod agreement_page;
mod catalogue;
mod formats;
mod frames;
mod layers;
mod profiles;
mod read_back;
mod rendered;
mod rules;
mod rules_page;
mod vectors;
