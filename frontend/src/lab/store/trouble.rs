//! What keeps new observations from the page, or soon will.

use super::{FeedState, Lab};
use leptos::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The feed is disconnected; the page tries again, less and less often.
    Lost,
    /// The session has ended.
    Expired,
    /// The relay speaks another version of the feed.
    Unreadable(String),
    /// The relay is about to stop.
    Draining,
    /// The relay cannot record now.
    Interrupted,
}

impl Trouble {
    /// What [`Trouble::Interrupted`] means, after a headline that says so.
    pub const MEANWHILE: &str =
        "Connections and echoes continue, but what happens now may be missing here. Recording resumes automatically.";
}

impl Lab {
    /// The most urgent trouble, if there is any.
    pub fn trouble(self) -> Option<Trouble> {
        match self.feed.get() {
            FeedState::Lost => Some(Trouble::Lost),
            FeedState::Expired => Some(Trouble::Expired),
            FeedState::Unreadable(why) => Some(Trouble::Unreadable(why)),
            FeedState::Live if self.draining.get() => Some(Trouble::Draining),
            FeedState::Live if self.interrupted.get() => Some(Trouble::Interrupted),
            FeedState::Connecting | FeedState::Live => None,
        }
    }

    /// Whether several relays share the session, so it survives the end of any of them.
    pub fn is_shared(self) -> bool {
        self.hello.with(|hello| hello.as_ref().is_some_and(|hello| hello.shared))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::feed::FeedEvent;
    use observation::{Draining, FeedMessage, Hello, Recording, Seq, SessionId};

    fn hello(shared: bool) -> FeedEvent {
        FeedEvent::Message(FeedMessage::Hello(Hello {
            session: SessionId::from_random([1; 16]),
            watch: SessionId::watch_only([2; 16]),
            next: Seq(1),
            now_us: 0,
            payload_cap: 1,
            max_frame: 1,
            max_message: 1,
            shared,
        }))
    }

    fn recording(interrupted: bool) -> FeedEvent {
        FeedEvent::Message(FeedMessage::Recording(Recording { interrupted }))
    }

    fn draining() -> FeedEvent {
        FeedEvent::Message(FeedMessage::Draining(Draining { left_ms: 1 }))
    }

    /// The trouble after each event.
    #[track_caller]
    fn check(steps: impl IntoIterator<Item = (FeedEvent, Option<Trouble>)>) {
        Owner::new().with(|| {
            let lab = Lab::new(None);
            for (index, (event, expect)) in steps.into_iter().enumerate() {
                lab.feed_event(event);
                assert_eq!(untrack(|| lab.trouble()), expect, "after event {index}");
            }
        });
    }

    #[test]
    fn an_interruption_ends_when_recording_continues() {
        check([
            (hello(true), None),
            (recording(true), Some(Trouble::Interrupted)),
            (recording(false), None),
            (recording(true), Some(Trouble::Interrupted)),
        ]);
    }

    #[test]
    fn an_interruption_is_of_one_relay() {
        check([
            (hello(true), None),
            (recording(true), Some(Trouble::Interrupted)),
            (FeedEvent::Lost, Some(Trouble::Lost)),
            // Another relay can record.
            (hello(true), None),
            (recording(true), Some(Trouble::Interrupted)),
            (draining(), Some(Trouble::Draining)),
            (recording(false), Some(Trouble::Draining)),
            (FeedEvent::Lost, Some(Trouble::Lost)),
            // This one cannot, and says so right after its hello.
            (hello(true), None),
            (recording(true), Some(Trouble::Interrupted)),
            (FeedEvent::Expired, Some(Trouble::Expired)),
        ]);
    }

    #[test]
    fn a_session_is_shared_if_the_relay_says_so() {
        Owner::new().with(|| {
            let lab = Lab::new(None);
            assert!(!untrack(|| lab.is_shared()));
            lab.feed_event(hello(true));
            lab.feed_event(FeedEvent::Lost);
            assert!(untrack(|| lab.is_shared()), "the page knows it while the feed is lost");
            lab.feed_event(hello(false));
            assert!(!untrack(|| lab.is_shared()));
        });
    }
}
