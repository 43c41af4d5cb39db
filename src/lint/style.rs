//! Rules about spelling, order and superfluous lines; most are off unless asked for.
