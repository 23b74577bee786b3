//! Notes change what is said about observations, and nothing else.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::rows::check_all_merges;
use crate::streams::{SERVER, Streams};
use observation::{Event, Note, Seq, Transcript};
use std::rc::Rc;

/// Three notes about the second observation, the last of which removes the one before, and one about the third.
fn noted() -> Streams {
    let note = |about, text: &str| Event::Note(Note { about: Seq(about), text: text.to_owned() });
    let mut streams = Streams::default();
    streams.constructed(1).open(1).received(1, "a").received(1, "b").opening(1, true).text(1, SERVER, "a");
    streams.event(1, note(2, "first")).event(1, note(2, "second")).text(1, SERVER, "b").end(1);
    streams.event(1, note(2, "")).event(1, note(5, "late"));
    streams
}

fn fold(capacity: usize, count: usize) -> Transcript {
    let mut transcript = Transcript::new(capacity);
    for (_, observation) in noted().observations.iter().take(count) {
        transcript.observe(Rc::new(observation.clone()));
    }
    transcript
}

#[test]
fn the_newest_note_about_an_observation_is_in_force() {
    let about = |count| {
        let transcript = fold(100, count);
        (transcript.note(Seq(2)).map(str::to_owned), transcript.note_number(Seq(2)), transcript.newest_note())
    };
    assert_eq!(about(2), (None, None, None));
    assert_eq!(about(3), (Some("first".to_owned()), Some(Seq(3)), Some(Seq(3))));
    assert_eq!(about(4), (Some("second".to_owned()), Some(Seq(4)), Some(Seq(4))));
    assert_eq!(about(7), (None, None, Some(Seq(7))));
    assert_eq!(fold(100, 8).note(Seq(5)), Some("late"));
    assert_eq!(fold(100, 8).note(Seq(1)), None);
}

#[test]
fn a_note_is_dropped_with_its_observation() {
    // Of eight, the last two are kept: the note about the fifth is one of them.
    assert_eq!(fold(2, 8).note(Seq(5)), Some("late"));
    assert_eq!(fold(2, 6).note(Seq(2)), None);
    assert_eq!(fold(3, 6).note(Seq(2)), Some("second"));
}

#[test]
fn notes_have_no_rows() {
    check_all_merges(
        100,
        noted,
        &[
            ("request", "1 new"),
            ("response", "1 open"),
            ("opened", "(nothing)"),
            ("server a", "1 message a"),
            ("server b", "1 message b"),
            ("end", "(nothing)"),
        ],
    );
}
