//! RFC 7692 §5 and §7.1: the offers that a server accepts, and its responses.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use wire::deflate::negotiation::{CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER};
use wire::deflate::negotiation::{SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER};
use wire::deflate::{Agreed, Decline, Policy, Verdict, negotiate};
use wire::extension;

/// One verdict for each offer in `list`: the response, or the reason for declining it.
fn verdicts(list: &str, policy: &Policy) -> Vec<Result<Agreed, Decline>> {
    let offers = extension::parse(list).expect("an extension list");
    let verdicts = negotiate(&offers, policy).into_iter().map(|verdict| match verdict {
        Verdict::Accepted(agreed) => Ok(agreed),
        Verdict::Declined(reason) => Err(reason),
    });
    verdicts.collect()
}

/// Checks the verdict on the offer `permessage-deflate` with `parameters`.
#[track_caller]
fn check(parameters: &str, policy: &Policy, expect: Result<&str, Decline>) {
    let verdicts = verdicts(&format!("permessage-deflate{parameters}"), policy);
    let [verdict] = &verdicts[..] else { panic!("{verdicts:?}") };
    let answer = verdict.as_ref().map(ToString::to_string).map_err(Clone::clone);
    assert_eq!(answer, expect.map(|parameters| format!("permessage-deflate{parameters}")));
}

// §7.1.1 and §7.1.2

#[test]
fn each_parameter_has_the_required_response() {
    #[track_caller]
    fn on(parameters: &str, answer: &str) {
        check(parameters, &Policy::ON, Ok(answer));
    }
    on("", "");
    on("; server_no_context_takeover", "; server_no_context_takeover");
    on("; client_no_context_takeover", "; client_no_context_takeover");
    for bits in 9..=15 {
        // If the client requests a window, the response has one, even the largest.
        let asked = format!("; server_max_window_bits={bits}");
        on(&asked, &asked);
    }
    for bits in 8..=14 {
        let asked = format!("; client_max_window_bits={bits}");
        on(&asked, &asked);
    }
    on("; client_max_window_bits=15", "");
    // Without a value, it only means that the client supports the parameter. Chromium offers this.
    on("; client_max_window_bits", "");
    on(
        "; client_max_window_bits=9; server_max_window_bits=10; client_no_context_takeover; server_no_context_takeover",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9",
    );
    // RFC 6455 §9.1: a quoted value means the token inside.
    on("; server_max_window_bits=\"10\"", "; server_max_window_bits=10");
    on("; client_max_window_bits = \"1\\0\"", "; client_max_window_bits=10");
}

#[test]
fn an_agreement_matches_its_response() {
    #[track_caller]
    fn check(parameters: &str, expect: (bool, bool, u8, u8)) {
        let agreed = crate::support::offers::agreed(parameters);
        let Agreed {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
            ..
        } = agreed;
        let says =
            (server_no_context_takeover, client_no_context_takeover, server_max_window_bits, client_max_window_bits);
        assert_eq!(says, expect);
    }
    check("", (false, false, 15, 15));
    check("; server_no_context_takeover", (true, false, 15, 15));
    check("; client_no_context_takeover", (false, true, 15, 15));
    check("; server_max_window_bits=9", (false, false, 9, 15));
    check("; client_max_window_bits=8", (false, false, 15, 8));
    check("; client_max_window_bits", (false, false, 15, 15));
}

#[test]
fn a_policy_adds_to_the_offer() {
    let policy = Policy::ON;
    let no_takeover = Policy { server_no_context_takeover: true, client_no_context_takeover: true, ..policy };
    let both = "; server_no_context_takeover; client_no_context_takeover";
    check("", &no_takeover, Ok(both));
    check(both, &no_takeover, Ok(both));
    // §7.1.2.1: a server may set a window without a request, but never one larger than requested.
    let small = Policy { server_max_window_bits: 11, ..policy };
    check("", &small, Ok("; server_max_window_bits=11"));
    check("; server_max_window_bits=15", &small, Ok("; server_max_window_bits=11"));
    check("; server_max_window_bits=11", &small, Ok("; server_max_window_bits=11"));
    check("; server_max_window_bits=10", &small, Ok("; server_max_window_bits=10"));
    // §7.1.2.2: a server may limit the client's window only if the client offers the parameter.
    for bits in [8, 12] {
        let small = Policy { client_max_window_bits: bits, ..policy };
        let answer = format!("; client_max_window_bits={bits}");
        check("; client_max_window_bits", &small, Ok(&answer));
        check("; client_max_window_bits=15", &small, Ok(&answer));
        check("; client_max_window_bits=8", &small, Ok("; client_max_window_bits=8"));
        check("", &small, Err(Decline::ClientWindowFixed));
        check("; server_max_window_bits=15", &small, Err(Decline::ClientWindowFixed));
    }
}

#[test]
fn invalid_offers_are_declined() {
    #[track_caller]
    fn on(parameters: &str, reason: Decline) {
        check(parameters, &Policy::ON, Err(reason));
    }
    let malformed = |name, found: &str| Decline::WindowMalformed { name, found: Some(found.to_owned()) };
    for name in [SERVER_MAX_WINDOW_BITS, CLIENT_MAX_WINDOW_BITS] {
        for value in
            ["7", "16", "0", "09", "010", "+9", "-9", "9.0", "9a", "a", "0x9", "1e1", "256", "9999999999", "१०"]
        {
            // A value that is not a token is not a valid extension list, so it never gets here.
            if extension::is_token(value) {
                on(&format!("; {name}={value}"), malformed(name, value));
                on(&format!("; {name}=\"{value}\""), malformed(name, value));
            }
        }
        assert_eq!(extension::parse(&format!("permessage-deflate; {name}=")), None);
        assert_eq!(extension::parse(&format!("permessage-deflate; {name}=\"\"")), None);
        on(&format!("; {name}=10; {name}=10"), Decline::Repeated(name));
        on(&format!("; {name}=10; {name}=11"), Decline::Repeated(name));
    }
    on("; server_max_window_bits", Decline::WindowMalformed { name: SERVER_MAX_WINDOW_BITS, found: None });
    for name in [SERVER_NO_CONTEXT_TAKEOVER, CLIENT_NO_CONTEXT_TAKEOVER] {
        on(&format!("; {name}=1"), Decline::UnexpectedValue(name));
        on(&format!("; {name}=true"), Decline::UnexpectedValue(name));
        on(&format!("; {name}; {name}"), Decline::Repeated(name));
    }
    on("; client_max_window_bits; client_max_window_bits=10", Decline::Repeated(CLIENT_MAX_WINDOW_BITS));
    for name in ["no_context_takeover", "server_max_window_bits_", "Server_no_context_takeover", "x"] {
        on(&format!("; {name}"), Decline::UnknownParameter(name.to_owned()));
        on(&format!("; server_no_context_takeover; {name}=1"), Decline::UnknownParameter(name.to_owned()));
    }
    // zlib does not support this window, and a larger one is not allowed.
    on("; server_max_window_bits=8", Decline::WindowTooSmall(8));
}

// §5: several offers

#[test]
fn the_first_valid_offer_is_accepted() {
    #[track_caller]
    fn check(list: &str, policy: &Policy, expect: &[Result<&str, Decline>]) {
        let verdicts: Vec<_> =
            verdicts(list, policy).into_iter().map(|verdict| verdict.map(|agreed| agreed.to_string())).collect();
        let expect: Vec<_> = expect.iter().cloned().map(|verdict| verdict.map(str::to_owned)).collect();
        assert_eq!(verdicts, expect, "{list}");
    }
    let other = |name: &str| Err(Decline::OtherExtension(name.to_owned()));
    let on = &Policy::ON;
    check("", on, &[]);
    check(
        "x-webkit-deflate-frame, bbf-usp-protocol; a=b",
        on,
        &[other("x-webkit-deflate-frame"), other("bbf-usp-protocol")],
    );
    // Extension names are case-sensitive.
    check("Permessage-Deflate", on, &[other("Permessage-Deflate")]);
    check(
        "permessage-deflate, permessage-deflate; server_max_window_bits=10",
        on,
        &[Ok("permessage-deflate"), Err(Decline::Late)],
    );
    check(
        "permessage-deflate; server_max_window_bits=10, permessage-deflate",
        on,
        &[Ok("permessage-deflate; server_max_window_bits=10"), Err(Decline::Late)],
    );
    // Each declined offer has its reason, even if another offer was accepted.
    check(
        "x, permessage-deflate; server_max_window_bits=8, permessage-deflate; y, permessage-deflate; \
         server_no_context_takeover, permessage-deflate; server_max_window_bits=7, permessage-deflate",
        on,
        &[
            other("x"),
            Err(Decline::WindowTooSmall(8)),
            Err(Decline::UnknownParameter("y".to_owned())),
            Ok("permessage-deflate; server_no_context_takeover"),
            Err(Decline::WindowMalformed { name: SERVER_MAX_WINDOW_BITS, found: Some("7".to_owned()) }),
            Err(Decline::Late),
        ],
    );
    let small = &Policy { client_max_window_bits: 10, ..Policy::ON };
    check(
        "permessage-deflate, permessage-deflate; client_max_window_bits",
        small,
        &[Err(Decline::ClientWindowFixed), Ok("permessage-deflate; client_max_window_bits=10")],
    );
}

#[test]
fn a_disabled_policy_accepts_nothing() {
    let off = |list| verdicts(list, &Policy::OFF).into_iter().map(Result::unwrap_err).collect::<Vec<_>>();
    assert_eq!(off("permessage-deflate, permessage-deflate; client_max_window_bits"), [Decline::Off, Decline::Off]);
    // Other errors in the offer are reported first.
    assert_eq!(
        off("x, permessage-deflate; y"),
        [Decline::OtherExtension("x".to_owned()), Decline::UnknownParameter("y".to_owned())]
    );
}

#[test]
fn reasons_have_no_capital_and_no_period() {
    let of_window = |found: Option<&str>| Decline::WindowMalformed {
        name: SERVER_MAX_WINDOW_BITS,
        found: found.map(str::to_owned),
    };
    for (reason, says) in [
        (Decline::Off, "switched off"),
        (Decline::Late, "an earlier offer"),
        (Decline::OtherExtension("x".to_owned()), "`x`"),
        (Decline::UnknownParameter("y".to_owned()), "`y`"),
        (Decline::Repeated(CLIENT_MAX_WINDOW_BITS), "`client_max_window_bits` appears twice"),
        (Decline::UnexpectedValue(SERVER_NO_CONTEXT_TAKEOVER), "`server_no_context_takeover` must not have a value"),
        (of_window(Some("07")), "not `07`"),
        (of_window(None), "no value"),
        (Decline::WindowTooSmall(8), "2^8"),
        (Decline::ClientWindowFixed, "without `client_max_window_bits`"),
        (Decline::TooMany, "as many compressed connections"),
    ] {
        let text = reason.to_string();
        assert!(text.contains(says) && !text.ends_with('.'), "{text}");
        assert!(text.starts_with(|first: char| !first.is_uppercase()), "{text}");
        // This match is exhaustive, so a new reason needs a line in this test.
        match reason {
            Decline::Off | Decline::Late | Decline::OtherExtension(_) | Decline::UnknownParameter(_) => {}
            Decline::Repeated(_) | Decline::UnexpectedValue(_) | Decline::WindowMalformed { .. } => {}
            Decline::WindowTooSmall(_) | Decline::ClientWindowFixed | Decline::TooMany => {}
        }
    }
}
