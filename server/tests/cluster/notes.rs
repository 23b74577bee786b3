//! Notes about what relays that share a session have recorded.

use crate::cluster::Cluster;
use crate::support::{http, with_body};
use observation::{Event, Note};

#[tokio::test]
async fn a_note_about_another_relays_connection_reaches_all_observers() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    let (mut near, mut far) = (site.feed(0).await, site.feed(1).await);
    let _open = site.open(0).await;
    let about = near.next().await;
    assert_eq!(far.next().await, about);
    let path = format!("/api/sessions/{}/notes/{}", site.id, about.seq);
    assert_eq!(http(site.address(1), "PUT", &path, &with_body("the first")).await.status, 204);
    for feed in [&mut near, &mut far] {
        let next = feed.next().await;
        assert_eq!(next.connection, about.connection);
        assert_eq!(next.event, Event::Note(Note { about: about.seq, text: "the first".to_owned() }));
    }
}
