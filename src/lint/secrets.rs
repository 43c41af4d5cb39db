//! Rules about passwords in files.
