//! Any bytes as a camera frame.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| stocksync_fuzz::frame::check(data));
