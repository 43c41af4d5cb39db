#![no_main]

#[path = "../../tests/fuzz/readers/mod.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| readers::run("project", input));
