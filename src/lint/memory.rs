//! Rules about memory and eviction.
