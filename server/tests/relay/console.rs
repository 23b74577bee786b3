//! Commands of observers: what each sends, what is recorded, and which are refused.

mod asked;
mod refused;
mod stuck;

use crate::support::{Feed, Lab, Raw};
use observation::Act;
use observation::{Deliberate, Event, Origin};

/// A connection and its observer, after the opening handshake.
async fn open_observed(lab: &Lab, query: &str) -> (Raw, Feed) {
    let mut feed = lab.feed_after(u64::MAX).await;
    let raw = crate::behaviours::open(lab, query).await;
    feed.opening().await;
    (raw, feed)
}

/// The next observation, which must be an act.
async fn act(feed: &mut Feed) -> Act {
    match feed.next().await.event {
        Event::Act(act) => act,
        other => panic!("an act, not {other:?}"),
    }
}

fn by_hand(deliberate: &Deliberate) -> (&str, Option<&str>) {
    assert_eq!(deliberate.by, Origin::Console);
    (deliberate.what.as_ref(), deliberate.rule.as_ref().map(|rule| rule.section.as_ref()))
}
