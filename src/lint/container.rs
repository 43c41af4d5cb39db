//! Rules about containers and what runs them.
