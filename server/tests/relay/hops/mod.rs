//! Routes with a hop: through middleboxes, in front of TLS or not, and to other servers.

mod boxes;
mod commands;
pub(crate) mod endings;
mod half_closed;
mod interference;
mod left_early;
mod python;
mod relay;
mod routes;
mod tunnels;
pub(crate) mod upstream;
mod upstream_refusals;
mod upstream_responses;
pub(crate) mod upstream_tls;

use crate::support::{Feed, Lab, Raw, handshake};
use observation::event::{Closed, Frame, Opening, Refusal};
use observation::{Act, Asked, ConnectionNumber, Event, Intermediary, Leg};
use std::collections::BTreeMap;

/// A raw connection through a middlebox, after the opening handshake.
pub(crate) async fn open_via(lab: &Lab, middlebox: &str, query: &str) -> Raw {
    Raw::open(lab.address(), &via(lab, middlebox, query)).await
}

pub(crate) fn via(lab: &Lab, middlebox: &str, query: &str) -> String {
    format!("/via/{middlebox}{}{query}", lab.path())
}

/// The relay's path to `url`.
pub(crate) fn relay_path(lab: &Lab, url: &str) -> String {
    format!("/relay/{}?to={url}", lab.id)
}

/// Requests a WebSocket. Returns the status of the response, and all of its text.
pub(crate) async fn ask(lab: &Lab, path: &str, more: &str) -> (u16, String) {
    let mut raw = lab.raw().await;
    raw.send(handshake(path, more).as_bytes()).await;
    let head = raw.head().await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    assert_ne!(status, 101, "{head}");
    let body = raw.rest().await;
    (status, head + &String::from_utf8_lossy(&body))
}

/// The observations of each connection.
pub(crate) struct Legs(pub(crate) BTreeMap<ConnectionNumber, Vec<Event>>);

impl Legs {
    /// Reads until `count` connections have ended or were refused.
    pub(crate) async fn over(feed: &mut Feed, count: usize) -> Self {
        let mut legs: BTreeMap<_, Vec<Event>> = BTreeMap::new();
        let mut over = 0;
        while over < count {
            let seen = feed.next().await;
            let events = legs.entry(seen.connection).or_default();
            assert!(!events.iter().any(is_end), "nothing follows the end: {:?}", seen.event);
            over += usize::from(is_end(&seen.event));
            events.push(seen.event);
        }
        Self(legs)
    }

    /// The near and the far leg. Checks that they name each other.
    pub(crate) fn pair(self, middle: &Intermediary) -> (Seen, Seen) {
        let all: Vec<_> = self.0.into_iter().map(|(number, events)| Seen { number, events }).collect();
        let Ok([one, other]) = <[Seen; 2]>::try_from(all) else { panic!("two legs") };
        let (near, far) = if one.leg() == Leg::Near { (one, other) } else { (other, one) };
        assert_eq!((near.leg(), far.leg()), (Leg::Near, Leg::Far));
        for seen in [&near, &far] {
            assert_eq!(seen.hop().middle, *middle);
        }
        assert_eq!((near.hop().other, far.hop().other), (None, Some(near.number)));
        (near, far)
    }

    pub(crate) fn over_box(self, name: &str) -> (Seen, Seen) {
        self.pair(&Intermediary::Box(name.to_owned()))
    }
}

fn is_end(event: &Event) -> bool {
    matches!(event, Event::Closed(_) | Event::Refusal(_))
}

/// One leg.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) number: ConnectionNumber,
    pub(crate) events: Vec<Event>,
}

impl Seen {
    fn hop(&self) -> &observation::Hop {
        let hop = self.events.iter().find_map(|event| match event {
            Event::Asked(asked) => asked.route.hop.as_ref(),
            Event::Opening(opening) => opening.route.hop.as_ref(),
            Event::Refusal(refusal) => refusal.route.hop.as_ref(),
            Event::Tunnel(tunnel) => Some(&tunnel.hop),
            _ => None,
        });
        hop.unwrap_or_else(|| panic!("a leg, not {:?}", self.events))
    }

    pub(crate) fn leg(&self) -> Leg {
        self.hop().leg
    }

    pub(crate) fn asked(&self) -> &Asked {
        match &self.events[0] {
            Event::Asked(asked) => asked,
            other => panic!("a request, not {other:?}"),
        }
    }

    pub(crate) fn opening(&self) -> &Opening {
        let opening = self.events.iter().find_map(|event| if let Event::Opening(it) = event { Some(it) } else { None });
        opening.unwrap_or_else(|| panic!("an opening among {:?}", self.events))
    }

    pub(crate) fn refusal(&self) -> &Refusal {
        match self.events.last() {
            Some(Event::Refusal(refusal)) => refusal,
            other => panic!("a refusal, not {other:?}"),
        }
    }

    pub(crate) fn closed(&self) -> &Closed {
        match self.events.last() {
            Some(Event::Closed(closed)) => closed,
            other => panic!("the end, not {other:?}"),
        }
    }

    pub(crate) fn frames(&self) -> Vec<&Frame> {
        self.events
            .iter()
            .filter_map(|event| if let Event::Frame(frame) = event { Some(frame) } else { None })
            .collect()
    }

    pub(crate) fn acts(&self) -> Vec<&Act> {
        self.events.iter().filter_map(|event| if let Event::Act(act) = event { Some(act) } else { None }).collect()
    }
}

/// The fields of a head, names in lower case.
pub(crate) fn fields(head: &[u8]) -> Vec<(String, String)> {
    let head = std::str::from_utf8(head).unwrap();
    let line = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    head.lines().skip(1).filter_map(line).collect()
}

pub(crate) fn field(head: &[u8], name: &str) -> Option<String> {
    let found: Vec<_> = fields(head).into_iter().filter(|(other, _)| other == name).map(|(_, value)| value).collect();
    assert!(found.len() < 2, "{name} stands there once: {found:?}");
    found.into_iter().next()
}
