#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| framescope_fuzz::decoding::message(bytes));
