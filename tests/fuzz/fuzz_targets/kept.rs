//! Runs the bodies of `kept` on what libFuzzer makes up; nothing else. A body refuses by panicking.
#![no_main]

#[path = "../bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::run_one("kept", data));
