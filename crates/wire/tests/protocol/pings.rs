//! RFC 6455 §5.5.2 and §5.5.3: which ping a pong answers.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use wire::ping::{Answered, Pings};

/// Pings are numbered from 1 in the order of `sent`. Returns what each pong answers, with a `?` if that is uncertain.
fn answered(capacity: usize, sent: &[&str], pongs: &[&str]) -> Vec<String> {
    let mut pings = Pings::new(capacity);
    for (number, payload) in (1..).zip(sent) {
        pings.sent(payload.as_bytes(), number);
    }
    pongs.iter().map(|payload| said(pings.pong(payload.as_bytes()))).collect()
}

fn said(answered: Option<Answered<u32>>) -> String {
    match answered {
        None => "-".to_owned(),
        Some(Answered { ping, is_uncertain }) => format!("{ping}{}", if is_uncertain { "?" } else { "" }),
    }
}

#[test]
fn a_payload_proves_its_ping() {
    assert_eq!(answered(9, &["a", "b", ""], &["a", "b", ""]), ["1", "2", "3"]);
    assert_eq!(answered(9, &["a"], &["b", "", "a", "a"]), ["-", "-", "1", "-"]);
}

/// §5.5.3: an endpoint may answer only the latest of several pings.
#[test]
fn a_pong_ends_the_wait_for_earlier_pings() {
    assert_eq!(answered(9, &["a", "b", "c"], &["b", "a", "c"]), ["2", "-", "3"]);
}

#[test]
fn of_equal_pings_a_pong_answers_the_oldest() {
    assert_eq!(answered(9, &["x", "x", "x"], &["x", "x", "x", "x"]), ["1?", "2?", "3?", "-"]);
    assert_eq!(answered(9, &["x", "y", "x"], &["x", "y", "x"]), ["1?", "2", "3?"]);
    assert_eq!(answered(9, &["x", "y"], &["x", "y"]), ["1", "2"], "only equal pings are uncertain");
}

#[test]
fn the_doubt_ends_with_the_pings_that_it_is_about() {
    let mut pings = Pings::new(9);
    pings.sent(b"x", 1);
    pings.sent(b"x", 2);
    assert_eq!([pings.pong(b"x"), pings.pong(b"x")].map(said), ["1?", "2?"]);
    pings.sent(b"x", 3);
    assert_eq!(said(pings.pong(b"x")), "3");
    pings.sent(b"x", 4);
    pings.clear();
    assert_eq!((said(pings.pong(b"x")), pings.iter().count()), ("-".to_owned(), 0));
}

/// A pong may answer the ping that was dropped.
#[test]
fn the_oldest_is_dropped_and_leaves_a_doubt() {
    assert_eq!(answered(2, &["x", "a", "x"], &["a", "x"]), ["2", "3?"]);
    assert_eq!(answered(2, &["a", "b", "c"], &["a", "b", "c"]), ["-", "2", "3"]);
    assert_eq!(answered(0, &["a", "b"], &["a", "b"]), ["-", "2"], "one is the least");
}
