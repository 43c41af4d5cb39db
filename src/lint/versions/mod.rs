//! Rules about what versions and engines know, and about moving from one to another.
