//! Tests of stages against data and against each other; no server is needed.

mod catalogue;
mod frames;
mod layers;
mod profiles;
mod vectors;
