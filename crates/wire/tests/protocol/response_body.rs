//! Where the body of a response ends. RFC 9112 §6.3, §7.1.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use wire::handshake::body::{BodyError, Framing, content};
use wire::handshake::head::ResponseHead;

fn framing(status: u16, lines: &str) -> Result<Framing, BodyError> {
    let text = format!("HTTP/1.1 {status} Status\r\n{lines}\r\n");
    let head = ResponseHead::parse(text.as_bytes()).expect("a head").expect("a whole head");
    Framing::of(text.as_bytes(), &head)
}

#[test]
fn each_way_to_end_a_body() {
    #[track_caller]
    fn check(status: u16, lines: &str, expect: Framing) {
        assert_eq!(framing(status, lines), Ok(expect), "{status} {lines}");
    }
    for status in [101, 103, 204, 304] {
        check(status, "Content-Length: 5\r\n", Framing::None);
        check(status, "Transfer-Encoding: chunked\r\n", Framing::None);
    }
    check(403, "", Framing::UntilClose);
    check(403, "Content-Length: 0\r\n", Framing::Length(0));
    check(403, "content-length: 12, 12\r\nContent-Length: 12\r\n", Framing::Length(12));
    check(403, "Transfer-Encoding: chunked\r\n", Framing::Chunked);
    check(403, "Transfer-Encoding: gzip\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n", Framing::Chunked);
    check(403, "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n", Framing::UntilClose);
    for wrong in ["-1", "+1", "a", "1, 2", "", "99999999999999999999", "1 2"] {
        let refused = framing(403, &format!("Content-Length: {wrong}\r\n"));
        // An empty value is like no value.
        let expect = if wrong.is_empty() { Ok(Framing::UntilClose) } else { Err(BodyError::Length(wrong.into())) };
        assert_eq!(refused, expect, "{wrong:?}");
    }
}

#[test]
fn chunks_are_joined_wherever_they_are_cut() {
    let wire = b"4;name=value\r\nWiki\r\n006\r\npedia \r\n1\r\n.\r\n0\r\nTrailer: x\r\n\r\nmore";
    let end = wire.len() - 4;
    for cut in 0..end {
        let body = Framing::Chunked.read(&wire[..cut]).unwrap();
        assert!(!body.complete && b"Wikipedia .".starts_with(&body.content), "{cut}");
        assert_eq!(body.len, cut);
    }
    for all in end..=wire.len() {
        let body = Framing::Chunked.read(&wire[..all]).unwrap();
        assert_eq!((&*body.content, body.len, body.complete), (&b"Wikipedia ."[..], end, true));
    }
}

#[test]
fn an_invalid_chunk_ends_the_reading() {
    for wrong in ["x\r\n", "-1\r\n", "3\r\nabcd\r\n", "3\r\nabc\rx", "11111111111111111\r\n", "0\r\nno trailer\r\n\r\n"]
    {
        assert_eq!(Framing::Chunked.read(wrong.as_bytes()), Err(BodyError::Chunk), "{wrong:?}");
    }
    // A huge chunk is valid and not there yet.
    let huge = Framing::Chunked.read(b"ffffffffffffffff\r\nabc").unwrap();
    assert_eq!((&*huge.content, huge.complete), (&b"abc"[..], false));
}

#[test]
fn a_length_counts_the_bytes() {
    let body = Framing::Length(3).read(b"ab").unwrap();
    assert_eq!((&*body.content, body.complete), (&b"ab"[..], false));
    let body = Framing::Length(3).read(b"abcd").unwrap();
    assert_eq!((&*body.content, body.len, body.complete), (&b"abc"[..], 3, true));
    assert!(Framing::None.read(b"abc").unwrap().content.is_empty());
    assert!(!Framing::UntilClose.read(b"abc").unwrap().complete);
}

#[test]
fn the_content_is_what_a_reader_sees() {
    let text = b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n";
    let head = ResponseHead::parse(text).unwrap().unwrap();
    assert_eq!(&*content(text, &head), b"no");
    let text = b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk";
    let head = ResponseHead::parse(text).unwrap().unwrap();
    assert_eq!(&*content(text, &head), b"not a chunk");
}
