//! What statements come to under one server version.

pub mod acl;
