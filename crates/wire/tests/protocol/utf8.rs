//! RFC 6455 §8.1: text is checked as it arrives.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::hex;
use wire::utf8::{NotUtf8, Utf8Check};

/// Feeds `bytes` in two parts, then ends the message. Returns how many bytes were consumed before the check failed, and the offset
/// of the error.
fn in_two_parts(bytes: &[u8], cut: usize) -> Result<(), NotUtf8> {
    let mut check = Utf8Check::default();
    check.push(&bytes[..cut])?;
    check.push(&bytes[cut..])?;
    check.finish()
}

/// The first byte at which `bytes` fail when they arrive one by one: its index, and the reported offset. The index is `bytes.len()`
/// if only the end fails.
fn byte_by_byte(bytes: &[u8]) -> Option<(usize, u64)> {
    let mut check = Utf8Check::default();
    for (at, byte) in bytes.iter().enumerate() {
        if let Err(NotUtf8 { offset }) = check.push(&[*byte]) {
            return Some((at, offset));
        }
    }
    check.finish().err().map(|NotUtf8 { offset }| (bytes.len(), offset))
}

#[test]
fn valid_text_is_valid_for_any_split() {
    for text in [
        "",
        "Hello",
        "\u{ba}\u{3bc}\u{20ac}\u{1f600}",
        "\0\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}",
    ] {
        assert_eq!(byte_by_byte(text.as_bytes()), None, "{text}");
        for cut in 0..=text.len() {
            assert_eq!(in_two_parts(text.as_bytes(), cut), Ok(()), "{text} cut at {cut}");
        }
    }
}

/// The check must fail at the first byte after which no text can be valid. Table 3-7 of the Unicode Standard.
#[test]
fn invalid_text_fails_at_the_earliest_byte() {
    #[track_caller]
    fn check(bytes: &str, fails_at: usize, offset: u64) {
        let bytes = hex(bytes);
        assert_eq!(byte_by_byte(&bytes), Some((fails_at, offset)));
        for cut in 0..=bytes.len() {
            assert_eq!(in_two_parts(&bytes, cut), Err(NotUtf8 { offset }), "cut at {cut}");
        }
        assert_eq!(std::str::from_utf8(&bytes).map_err(|error| error.valid_up_to() as u64), Err(offset));
    }
    check("80", 0, 0); // a continuation byte without a beginning
    check("bf", 0, 0);
    check("c0", 0, 0); // begins overlong forms only
    check("c1 81", 0, 0);
    check("f5", 0, 0); // begins what is past U+10FFFF
    check("ff", 0, 0);
    check("c3 28", 1, 0);
    check("e0 9f bf", 1, 0); // overlong
    check("ed a0 80", 1, 0); // U+D800, a surrogate
    check("ed bf bf", 1, 0);
    check("f0 8f bf bf", 1, 0); // overlong
    check("f4 90 80 80", 1, 0); // U+110000
    check("e2 82 41", 2, 0);
    check("f0 9f 98 41", 3, 0);
    check("41 42 c0 41", 2, 2);
    check("41 e2 82 ac ed a0 80 41", 5, 4);
    check("ceba e1bdb9 cf83 cebc ceb5 f4908080", 12, 11);
    // Only the end shows that these are incomplete.
    check("c3", 1, 0);
    check("e2 82", 2, 0);
    check("f0 9f 98", 3, 0);
    check("41 f4 8f", 3, 1);
}

#[test]
fn a_check_does_not_forget_across_empty_pieces() {
    let mut check = Utf8Check::default();
    for piece in [&[][..], &[0xe2], &[], &[0x82], &[], &[]] {
        check.push(piece).unwrap();
    }
    assert_eq!(check.finish(), Err(NotUtf8 { offset: 0 }));
    check.push(&[0xac]).unwrap();
    assert_eq!(check.finish(), Ok(()));
    check.push(&[0x41]).unwrap();
    assert_eq!(check.push(&[0x80]), Err(NotUtf8 { offset: 4 }));
}
