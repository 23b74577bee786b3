//! RFC 6455 §5.5.1 and §7.4: close codes and the payload of a close frame.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::support::hex;
use wire::close::{CloseCode, ClosePayload, MAX_REASON, payload};
use wire::violation::Violation;

/// §7.4.1, §7.4.2, and 1012 to 1014 of the IANA registry.
#[test]
fn valid_close_codes() {
    #[track_caller]
    fn check(codes: std::ops::RangeInclusive<u16>, endpoint: bool, browser: bool) {
        for code in codes {
            assert_eq!(CloseCode(code).may_be_sent(), endpoint, "{code} by an endpoint");
            assert_eq!(CloseCode(code).browser_may_send(), browser, "{code} by a page");
        }
    }
    check(0..=999, false, false);
    check(1000..=1000, true, true);
    check(1001..=1003, true, false);
    check(1004..=1006, false, false);
    check(1007..=1014, true, false);
    check(1015..=2999, false, false);
    check(3000..=4999, true, true);
    check(5000..=65535, false, false);
}

#[test]
fn meanings() {
    #[track_caller]
    fn check(codes: &[u16], expect: &str) {
        for &code in codes {
            assert_eq!(CloseCode(code).meaning(), expect, "{code}");
        }
    }
    check(&[0, 999, 5000, 65535], "not a valid close code");
    check(&[1000], "normal closure");
    check(&[1002], "protocol error");
    check(&[1004], "reserved");
    check(&[1006], "abnormal closure (never sent on the wire)");
    check(&[1012], "service restart");
    check(&[1013], "try again later");
    check(&[1014], "bad gateway");
    check(&[1015], "TLS handshake failed (never sent on the wire)");
    check(&[1016, 2999], "reserved for future versions of the protocol");
    check(&[3000], "unauthorized");
    check(&[3003], "forbidden");
    check(&[3008], "timeout");
    check(&[3001, 3002, 3004, 3007, 3009, 3999], "for libraries and frameworks, not registered");
    check(&[4000, 4999], "for private use by the application");
    assert_eq!(CloseCode::GOING_AWAY.to_string(), "1001");
}

#[test]
fn close_payloads_are_parsed() {
    #[track_caller]
    fn check(bytes: &str, code: Option<u16>, reason: &str, violation: Option<Violation>) {
        let expect = ClosePayload { code: code.map(CloseCode), reason: reason.to_owned() };
        assert_eq!(ClosePayload::parse(&hex(bytes)), (expect, violation), "{bytes}");
    }
    check("", None, "", None);
    check("03", None, "", Some(Violation::ClosePayloadOneByte));
    check("03e8", Some(1000), "", None);
    check("03e8 627965", Some(1000), "bye", None);
    check("0fa0 e282ac", Some(4000), "\u{20ac}", None);
    check("0000", Some(0), "", Some(Violation::CloseCodeNotAllowed(CloseCode(0))));
    check("03ed", Some(1005), "", Some(Violation::CloseCodeNotAllowed(CloseCode::NO_STATUS)));
    check("ffff", Some(65535), "", Some(Violation::CloseCodeNotAllowed(CloseCode(65535))));
    check("03e8 ff", Some(1000), "\u{fffd}", Some(Violation::CloseReasonNotUtf8));
    check("03e8 61e282", Some(1000), "a\u{fffd}", Some(Violation::CloseReasonNotUtf8));
    // The first error is the code.
    check("03ed ff", Some(1005), "\u{fffd}", Some(Violation::CloseCodeNotAllowed(CloseCode::NO_STATUS)));
}

#[test]
fn close_payloads_fit_a_control_frame_and_parse_back() {
    #[track_caller]
    fn check(reason: &str, expect: &str) {
        let bytes = payload(CloseCode::NORMAL, reason);
        assert!(bytes.len() <= 125);
        assert_eq!(bytes[..2], [0x03, 0xe8]);
        let read = ClosePayload { code: Some(CloseCode::NORMAL), reason: expect.to_owned() };
        assert_eq!(ClosePayload::parse(&bytes), (read, None));
    }
    let full = "x".repeat(MAX_REASON);
    check("", "");
    check("bye", "bye");
    check(&full, &full);
    check(&(full.clone() + "x"), &full);
    // A long reason is truncated between characters, never inside one: 123 = 41 * 3 = 30 * 4 + 3 = 61 * 2 + 1.
    check(&"\u{20ac}".repeat(42), &"\u{20ac}".repeat(41));
    check(&"\u{1f600}".repeat(31), &"\u{1f600}".repeat(30));
    check(&"\u{e9}".repeat(62), &"\u{e9}".repeat(61));
}
