//! Any bytes as the text of a scan.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| stocksync_fuzz::text::check(data));
