//! Rules about snapshots and append-only files.
