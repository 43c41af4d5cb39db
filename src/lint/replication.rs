//! Rules about replication.
