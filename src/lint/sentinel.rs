//! Rules about Sentinel and its configuration.
