//! Rules about cluster mode.
