//! Cases that the examples of the rules do not show.
