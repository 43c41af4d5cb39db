//! Rules about how files are written: what is set twice, in vain, or not as it looks.
