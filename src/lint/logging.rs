//! Rules about logs and what can be observed.
