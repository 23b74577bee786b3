//! RFC 7692 §5 and §7.1 for every list of offers.

use wire::deflate::negotiation::{CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER};
use wire::deflate::negotiation::{SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER};
use wire::deflate::{Agreed, Decline, Policy, Verdict, negotiate};
use wire::extension::{self, Extension};

/// Reads a policy from the start of `bytes`. The rest is the client's offers.
pub fn deflate_negotiation(bytes: &[u8]) {
    let Some((&[flags, windows], list)) = bytes.split_first_chunk::<2>() else { return };
    let policy = Policy {
        enabled: flags & 1 == 0,
        server_no_context_takeover: flags & 2 != 0,
        client_no_context_takeover: flags & 4 != 0,
        server_max_window_bits: 15 - windows % 7,
        client_max_window_bits: 15 - windows / 7 % 8,
    };
    let list = String::from_utf8_lossy(list);
    let Some(offers) = extension::parse(&list) else { return };
    let verdicts = negotiate(&offers, &policy);
    assert_eq!(verdicts.len(), offers.len());
    let taken = verdicts.iter().position(|verdict| matches!(verdict, Verdict::Accepted(_)));
    for (at, (offer, verdict)) in offers.iter().zip(verdicts).enumerate() {
        let alone = negotiate(std::slice::from_ref(offer), &policy).remove(0);
        match &verdict {
            Verdict::Accepted(agreed) => {
                assert_eq!(taken, Some(at), "one at the most");
                answers(offer, agreed, &policy);
            }
            Verdict::Declined(Decline::Late) => {
                assert!(taken.is_some_and(|taken| taken < at), "one before it was taken");
                assert!(matches!(alone, Verdict::Accepted(_)), "or else it would have been");
                continue;
            }
            Verdict::Declined(reason) => assert!(!reason.to_string().is_empty()),
        }
        assert_eq!(verdict, alone, "each offer is judged by itself");
    }
}

/// Checks that `agreed` is an answer that a server may give to `offer`.
fn answers(offer: &Extension<'_>, agreed: &Agreed, policy: &Policy) {
    assert!(policy.enabled);
    let text = agreed.to_string();
    let [answer] = &extension::parse(&text).expect("an extension list")[..] else { panic!("{text}") };
    assert_eq!(answer.name, "permessage-deflate");
    let find = |extension: &Extension<'_>, wanted| {
        let mut named = extension.parameters.iter().filter(|(name, _)| *name == wanted);
        let found = named.next().map(|(_, value)| value.as_ref().map(ToString::to_string));
        assert_eq!(named.next(), None, "{wanted} stands there once");
        found
    };
    let (offered, answered) = (|name| find(offer, name), |name| find(answer, name));
    let bits = |value: Option<String>| value.map(|value| value.parse::<u8>().expect("a number"));

    let flags = [
        (SERVER_NO_CONTEXT_TAKEOVER, agreed.server_no_context_takeover, policy.server_no_context_takeover),
        (CLIENT_NO_CONTEXT_TAKEOVER, agreed.client_no_context_takeover, policy.client_no_context_takeover),
    ];
    for (name, agreed, wanted) in flags {
        assert_eq!(answered(name), agreed.then_some(None), "{name} takes no value");
        assert_eq!(agreed, wanted || offered(name).is_some());
    }
    // §7.1.2.1: not larger than requested.
    let server = answered(SERVER_MAX_WINDOW_BITS).map(|value| bits(value).expect("a value"));
    assert_eq!(agreed.server_max_window_bits, server.unwrap_or(15));
    assert!((9..=15).contains(&agreed.server_max_window_bits));
    assert!(agreed.server_max_window_bits <= policy.server_max_window_bits);
    if let Some(asked) = offered(SERVER_MAX_WINDOW_BITS) {
        assert!(server.is_some_and(|server| Some(server) <= bits(asked)));
    }
    // §7.1.2.2: only if the client supports it.
    let client = answered(CLIENT_MAX_WINDOW_BITS).map(|value| bits(value).expect("a value"));
    assert_eq!(agreed.client_max_window_bits, client.unwrap_or(15));
    assert!((8..=15).contains(&agreed.client_max_window_bits));
    assert!(agreed.client_max_window_bits <= policy.client_max_window_bits);
    match offered(CLIENT_MAX_WINDOW_BITS) {
        None => assert_eq!(client, None),
        Some(hint) => assert!(agreed.client_max_window_bits <= bits(hint).unwrap_or(15)),
    }
    for (name, _) in offer.parameters.iter().chain(&answer.parameters) {
        let known = flags.map(|(name, ..)| name).into_iter().chain([SERVER_MAX_WINDOW_BITS, CLIENT_MAX_WINDOW_BITS]);
        assert!(known.into_iter().any(|known| known == *name), "{name} is none of the four");
    }
}
