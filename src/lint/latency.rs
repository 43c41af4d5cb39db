//! Rules about threads, forks and what makes a server stall.
