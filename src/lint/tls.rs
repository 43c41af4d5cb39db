//! Rules about encrypted connections.
