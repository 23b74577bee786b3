//! The two ends of a connection, in words.

use crate::lab::Record;
use observation::{Hop, Intermediary, Leg, Party};

/// Their names, such as `browser` and `relay`, or `old-proxy` for a middlebox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    pub client: String,
    pub server: String,
    pub leg: Option<Leg>,
    /// The half of the sequence that its arrows use; none for TLS that passes through a middlebox.
    pub half: Option<Leg>,
}

impl Ends {
    /// The ends of a connection at `hop`. `client` is the name of the client.
    pub fn of(hop: Option<&Hop>, client: &str) -> Self {
        let middle = hop.map_or("relay", |hop| hop.middle.name().unwrap_or("relay"));
        let leg = hop.map(|hop| hop.leg);
        // In a tunnel, the client's own TLS ends at the server side.
        let through = leg == Some(Leg::Far) && hop.is_some_and(|hop| matches!(hop.middle, Intermediary::Tunnel(_)));
        let (client, server) = match leg {
            _ if through => (client, "relay"),
            None | Some(Leg::Near) => (client, middle),
            Some(Leg::Far) => (middle, hop.map_or("relay", beyond)),
        };
        Self { client: client.to_owned(), server: server.to_owned(), leg, half: leg.filter(|_| !through) }
    }

    /// The ends of a connection in a record.
    pub fn in_record(record: &Record, hop: Option<&Hop>, client: &str) -> Self {
        if record.imported {
            return Self { client: "client".to_owned(), server: "server".to_owned(), leg: None, half: None };
        }
        Self::of(hop, client)
    }

    /// `the browser`, or a name without an article.
    pub fn the(&self, party: Party) -> String {
        let name = if party == Party::Client { &self.client } else { &self.server };
        let article = if matches!(name.as_str(), "browser" | "client" | "relay" | "server") { "the " } else { "" };
        format!("{article}{name}")
    }

    /// The same at the start of a sentence.
    pub fn the_first(&self, party: Party) -> String {
        let words = self.the(party);
        words.strip_prefix("the ").map_or(words.clone(), |name| format!("The {name}"))
    }

    /// `browser → relay`
    pub fn arrow(&self, from: Party) -> String {
        let Self { client, server, .. } = self;
        if from == Party::Client { format!("{client} → {server}") } else { format!("{server} → {client}") }
    }

    /// The same in a sentence. Without a hop, only the server is named.
    pub fn direction(&self, from: Party) -> String {
        let (client, server) = (self.the(Party::Client), self.the(Party::Server));
        match (self.leg, from) {
            (None, Party::Client) => format!("To {server}: "),
            (None, Party::Server) => format!("From {server}: "),
            (Some(_), Party::Client) => format!("From {client} to {server}: "),
            (Some(_), Party::Server) => format!("From {server} to {client}: "),
        }
    }

    /// The ends of this side of the hop; empty without a hop.
    pub fn between(&self) -> String {
        self.leg.map_or(String::new(), |_| format!(" ({} – {})", self.client, self.server))
    }
}

/// The name of the server beyond the middle: the relay's lab, or the requested server.
fn beyond(hop: &Hop) -> &str {
    match (&hop.middle, &hop.server) {
        (Intermediary::Relay, Some(server)) => server.split(' ').next().unwrap_or(server),
        (Intermediary::Relay, None) => "server",
        _ => "relay",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(leg: Leg, middle: Intermediary, server: Option<&str>) -> Ends {
        Ends::of(Some(&Hop { leg, middle, other: None, server: server.map(str::to_owned), address: None }), "client")
    }

    #[test]
    fn each_leg_has_its_own_two_ends() {
        let direct = Ends::of(None, "browser");
        assert_eq!((direct.direction(Party::Client), direct.between()), ("To the relay: ".into(), String::new()));
        let near = ends(Leg::Near, Intermediary::Box("old-proxy".into()), None);
        assert_eq!(near.direction(Party::Client), "From the client to old-proxy: ");
        assert_eq!(near.direction(Party::Server), "From old-proxy to the client: ");
        let far = ends(Leg::Far, Intermediary::Box("old-proxy".into()), None);
        assert_eq!((far.arrow(Party::Client), far.half), ("old-proxy → relay".into(), Some(Leg::Far)));
        assert_eq!(far.between(), " (old-proxy – relay)");
        let through = ends(Leg::Far, Intermediary::Tunnel("old-proxy".into()), None);
        assert_eq!((through.arrow(Party::Client), through.half), ("client → relay".into(), None));
        let beyond = ends(Leg::Far, Intermediary::Relay, Some("echo.example:443 (192.0.2.1)"));
        assert_eq!(beyond.direction(Party::Server), "From echo.example:443 to the relay: ");
    }
}
