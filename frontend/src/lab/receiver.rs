//! Which connection the relay sends on, and what its other end is.

use crate::lab::store::open_connections::OpenConnection;
use crate::lab::{Ends, Lab, Record};
use leptos::prelude::*;
use observation::{ConnectionNumber, Hop, Intermediary, Leg, Party};
use wire::Sender;

/// An open connection on which the relay can send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    pub line: OpenConnection,
    /// The role in which the relay sends on it.
    pub role: Sender,
    /// What receives, such as `the browser`.
    pub end: String,
    /// The whole name, such as `the browser, client side of slow, connection 1`.
    pub name: String,
    /// Whether it carries TLS that the relay cannot read here, so that only its TCP connection can be acted on.
    pub sealed: bool,
}

impl Receiver {
    /// `own` is the connection of this page's current socket.
    pub fn of(record: &Record, line: OpenConnection, own: Option<ConnectionNumber>) -> Self {
        let number = line.number;
        let is_own = own == Some(number);
        let hop = record.transcript.connection(number).and_then(|connection| connection.hop.as_ref());
        let ends = Ends::of(hop, if is_own || record.sequence.owner(number).is_some() { "browser" } else { "client" });
        let is_client = hop.is_some_and(Hop::leads_to_a_server);
        let role = if is_client { Sender::Client } else { Sender::Server };
        let end = ends.the(if is_client { Party::Server } else { Party::Client });
        let side = match hop.map(|hop| (hop.leg, hop.middle.name().unwrap_or("the relay"))) {
            None => String::new(),
            Some((Leg::Near, middle)) => format!("client side of {middle}, "),
            Some((Leg::Far, middle)) => format!("server side of {middle}, "),
        };
        let whose = match hop {
            None if is_own => "this page’s browser, ".to_owned(),
            None => String::new(),
            Some(_) => format!("{end}, "),
        };
        let sealed = hop.is_some_and(|hop| hop.leg == Leg::Near && matches!(hop.middle, Intermediary::Tunnel(_)));
        Self { line, role, end, name: format!("{whose}{side}connection {}", number.0), sealed }
    }

    /// The number of its connection.
    pub fn number(&self) -> ConnectionNumber {
        self.line.number
    }
}

/// This page's connection: in the lab, or the client side of a hop.
pub fn own(lab: Lab) -> Option<ConnectionNumber> {
    let socket = lab.socket.with(|socket| socket.as_ref().map(|socket| socket.number))?;
    lab.record.with(|record| record.in_lab(socket).or_else(|| record.sequence.connection(socket)))
}

/// All open connections, sorted by number.
pub fn all_open(lab: Lab) -> Vec<Receiver> {
    let own = own(lab);
    lab.record.with(|record| {
        let mut all: Vec<_> = record.lines.iter().map(|line| Receiver::of(record, line, own)).collect();
        all.sort_unstable_by_key(Receiver::number);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::{Event, Observation, Opening, Route, Seq};
    use std::rc::Rc;

    fn receiver(leg: Leg, middle: Intermediary, is_own: bool) -> Receiver {
        let mut record = Record::default();
        let server = (leg == Leg::Far).then(|| "echo.example:443 (192.0.2.1)".to_owned());
        let hop = Some(Hop { leg, middle, other: None, server, address: None });
        let event = Event::Opening(Opening { route: Route { hop, ..Route::default() }, ..Opening::default() });
        let number = ConnectionNumber(3);
        record.transcript.observe(Rc::new(Observation { seq: Seq(1), at_us: 1, connection: number, event }));
        Receiver::of(&record, OpenConnection { number, paused: false }, is_own.then_some(number))
    }

    #[test]
    fn each_side_of_a_hop_says_who_receives() {
        let near = receiver(Leg::Near, Intermediary::Relay, true);
        assert_eq!((&*near.name, near.role), ("the browser, client side of the relay, connection 3", Sender::Server));
        let far = receiver(Leg::Far, Intermediary::Relay, false);
        assert_eq!(
            (&*far.name, far.role),
            ("echo.example:443, server side of the relay, connection 3", Sender::Client)
        );
        let near = receiver(Leg::Near, Intermediary::Box("slow".into()), false);
        assert_eq!((&*near.name, near.sealed), ("the client, client side of slow, connection 3", false));
        let lab = receiver(Leg::Far, Intermediary::Box("slow".into()), false);
        assert_eq!((&*lab.name, lab.role), ("slow, server side of slow, connection 3", Sender::Server));
        assert!(receiver(Leg::Near, Intermediary::Tunnel("slow".into()), true).sealed);
        let line = OpenConnection { number: ConnectionNumber(1), paused: false };
        let direct = Receiver::of(&Record::default(), line, Some(line.number));
        assert_eq!((&*direct.name, direct.role), ("this page’s browser, connection 1", Sender::Server));
    }
}
