//! Rules about ports and addresses.
