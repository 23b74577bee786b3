//! The rows of whole connections for any merge of the two streams.
//!
//! Each test has the two streams and the final rows of every merge.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::rows::check_all_merges;
use crate::streams::{CLIENT, SERVER, Streams};
use wire::opcode::Opcode;

fn whole_life() -> Streams {
    let mut streams = Streams::default();
    streams.constructed(1).open(1).sent(1, "a").sent(1, "b").sent(1, "c");
    streams.received(1, "a").received(1, "b").received(1, "c").close_called(1).closed(1, 1000);
    streams
        .opening(1, true)
        .text(1, CLIENT, "a")
        .text(1, SERVER, "a")
        .frame(1, CLIENT, false, Opcode::Text, "b1")
        .frame(1, SERVER, true, Opcode::Ping, "ping")
        .frame(1, CLIENT, true, Opcode::Pong, "pong")
        .frame(1, CLIENT, true, Opcode::Continuation, "b2")
        .text(1, CLIENT, "c")
        .frame(1, SERVER, false, Opcode::Text, "b3")
        .frame(1, SERVER, false, Opcode::Continuation, "b4")
        .frame(1, SERVER, true, Opcode::Ping, "again")
        .frame(1, SERVER, true, Opcode::Continuation, "b5")
        .text(1, SERVER, "c")
        .close(1, CLIENT)
        .close(1, SERVER)
        .end(1);
    streams
}

#[test]
fn a_whole_life() {
    check_all_merges(
        100,
        whole_life,
        &[
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("client a", "1 send a"),
            ("server a", "1 message a"),
            ("client b1", "1 send b"),
            ("server ping", "(nothing)"),
            ("client pong", "(nothing)"),
            ("client b2", "(nothing)"),
            ("client c", "1 send c"),
            ("server b3", "(fragment)"),
            ("server b4", "(fragment)"),
            ("server again", "(nothing)"),
            ("server b5", "1 message b"),
            ("server c", "1 message c"),
            ("client \u{3}*", "1 close()"),
            ("server \u{3}*", "(nothing)"),
            ("end", "1 close 1000"),
        ],
    );
}

#[test]
fn rows_beyond_the_capacity_are_dropped_with_their_events() {
    check_all_merges(
        5,
        whole_life,
        &[
            ("server b5", "1 message b"),
            ("server c", "1 message c"),
            ("client \u{3}*", "1 close()"),
            ("server \u{3}*", "(nothing)"),
            ("end", "1 close 1000"),
        ],
    );
}

#[test]
fn a_refusal() {
    let life = || {
        let mut streams = Streams::default();
        streams.constructed(1).error(1).closed(1, 1006).refusal(1);
        streams
    };
    check_all_merges(100, life, &[("request", "1 new"), ("response", "1 error, 1 close 1006")]);
}

#[test]
fn a_close_from_the_server() {
    let life = || {
        let mut streams = Streams::default();
        streams.constructed(1).open(1).closed(1, 1001);
        streams.opening(1, true).close(1, SERVER).close(1, CLIENT).end(1);
        streams
    };
    check_all_merges(
        100,
        life,
        &[
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("server \u{3}*", "(nothing)"),
            ("client \u{3}*", "(nothing)"),
            ("end", "1 close 1001"),
        ],
    );
}

#[test]
fn a_connection_that_breaks() {
    let life = || {
        let mut streams = Streams::default();
        streams.constructed(1).open(1).error(1).closed(1, 1006).opening(1, true).end(1);
        streams
    };
    check_all_merges(
        100,
        life,
        &[("request", "1 new"), ("response", "1 open"), ("opened", "(nothing)"), ("end", "1 error, 1 close 1006")],
    );
}

#[test]
fn events_that_never_reached_the_wire_follow_the_end() {
    let life = || {
        let mut streams = Streams::default();
        // The server has already closed: the page's close() is too late, and its send() is discarded.
        streams.constructed(1).open(1).sent(1, "a").sent(1, "late").close_called(1).closed(1, 1001);
        streams.opening(1, true).text(1, CLIENT, "a").end(1);
        streams
    };
    check_all_merges(
        100,
        life,
        &[
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("client a", "1 send a"),
            ("end", "1 close 1001"),
            ("-", "1 send late"),
            ("-", "1 close()"),
        ],
    );
}

#[test]
fn a_message_that_the_page_never_received() {
    let life = || {
        let mut streams = Streams::default();
        // After close(), the page receives no more messages.
        streams.constructed(1).open(1).received(1, "a").close_called(1).closed(1, 1000);
        streams.opening(1, true).text(1, SERVER, "a").text(1, SERVER, "b").close(1, CLIENT).close(1, SERVER).end(1);
        streams
    };
    check_all_merges(
        100,
        life,
        &[
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("server a", "1 message a"),
            ("server b", "(nothing)"),
            ("client \u{3}*", "1 close()"),
            ("server \u{3}*", "(nothing)"),
            ("end", "1 close 1000"),
        ],
    );
}

#[test]
fn connections_of_other_clients_have_no_page_events() {
    let life = || {
        let mut streams = Streams::default();
        streams.opening(1, false).text(1, CLIENT, "theirs");
        streams.constructed(1).open(1).sent(1, "ours").opening(2, true);
        streams.text(1, CLIENT, "theirs").text(2, CLIENT, "ours").text(1, SERVER, "theirs").end(1);
        streams
    };
    check_all_merges(
        100,
        life,
        &[
            ("request", "(elsewhere)"),
            ("response", "(elsewhere)"),
            ("opened", "(elsewhere)"),
            ("client theirs", "(elsewhere)"),
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("client theirs", "(elsewhere)"),
            ("client ours", "1 send ours"),
            ("server theirs", "(elsewhere)"),
            ("end", "(elsewhere)"),
        ],
    );
}

#[test]
fn two_sockets_one_after_the_other() {
    let life = || {
        let mut streams = Streams::default();
        for socket in [1, 2] {
            streams.constructed(socket).open(socket).sent(socket, "a").closed(socket, 1006);
            streams.opening(socket, true).text(socket, CLIENT, "a").end(socket);
        }
        // The relay's record of the first socket may arrive after the second was constructed, but not the other way around.
        streams
    };
    let one = |n| {
        [
            ("request".to_owned(), format!("{n} new")),
            ("response".to_owned(), format!("{n} open")),
            ("opened".to_owned(), "(nothing)".to_owned()),
            ("client a".to_owned(), format!("{n} send a")),
            ("end".to_owned(), format!("{n} close 1006")),
        ]
    };
    let expect = [one(1), one(2)].concat();
    check_all_merges(100, life, &expect.iter().map(|(wire, page)| (wire.as_str(), page.as_str())).collect::<Vec<_>>());
}

/// A page that reconnects in its close handler may do so before the relay's record of the first attempt arrives.
#[test]
fn a_refusal_and_then_a_connection() {
    let life = || {
        let mut streams = Streams::default();
        streams.constructed(1).error(1).closed(1, 1006).refusal(1);
        streams.constructed(2).open(2).opening(2, true);
        streams
    };
    check_all_merges(
        100,
        life,
        &[
            ("request", "1 new"),
            ("response", "1 error, 1 close 1006"),
            ("request", "2 new"),
            ("response", "2 open"),
            ("opened", "(nothing)"),
        ],
    );
}

#[test]
fn two_refusals_and_a_connection() {
    let life = || {
        let mut streams = Streams::default();
        for socket in [1, 2] {
            streams.constructed(socket).error(socket).closed(socket, 1006).refusal(socket);
        }
        streams.constructed(3).open(3).opening(3, true);
        streams
    };
    check_all_merges(
        100,
        life,
        &[
            ("request", "1 new"),
            ("response", "1 error, 1 close 1006"),
            ("request", "2 new"),
            ("response", "2 error, 2 close 1006"),
            ("request", "3 new"),
            ("response", "3 open"),
            ("opened", "(nothing)"),
        ],
    );
}

/// Nothing of the first socket reached the relay. This is known when the second one is recorded. The first one's rows stay in front.
#[test]
fn a_lost_socket_and_then_a_connection() {
    let life = || {
        let mut streams = Streams::default();
        streams.constructed(1).error(1).closed(1, 1006);
        streams.constructed(2).open(2).sent(2, "a").opening(1, true).text(1, CLIENT, "a").end(1).closed(2, 1006);
        streams
    };
    check_all_merges(
        100,
        life,
        &[
            ("-", "1 new"),
            ("-", "1 error"),
            ("-", "1 close 1006"),
            ("request", "2 new"),
            ("response", "2 open"),
            ("opened", "(nothing)"),
            ("client a", "2 send a"),
            ("end", "2 close 1006"),
        ],
    );
}

/// A socket that was closed before it opened, but that the relay had upgraded.
#[test]
fn a_connection_that_the_page_gave_up() {
    let life = || {
        let mut streams = Streams::default();
        streams.constructed(1).close_called(1).error(1).closed(1, 1006).opening(1, true).end(1);
        streams
    };
    check_all_merges(
        100,
        life,
        &[
            ("request", "1 new"),
            ("response", "1 error, 1 close 1006"),
            ("opened", "(nothing)"),
            ("end", "(nothing)"),
            ("-", "1 close()"),
        ],
    );
}

/// Only their order distinguishes concurrent sockets with the same address.
#[test]
fn two_sockets_side_by_side() {
    let life = || {
        let mut streams = Streams::default();
        streams.constructed(1).constructed(2).open(2).open(1).sent(2, "b").sent(1, "a");
        streams.opening(1, true).opening(2, true).text(2, CLIENT, "b").text(1, CLIENT, "a");
        streams
    };
    check_all_merges(
        100,
        life,
        &[
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("request", "2 new"),
            ("response", "2 open"),
            ("opened", "(nothing)"),
            ("client b", "2 send b"),
            ("client a", "1 send a"),
        ],
    );
}
