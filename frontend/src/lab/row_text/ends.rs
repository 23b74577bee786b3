//! Who stands at the two ends of a connection's line, in words.

use observation::{Hop, Intermediary, Leg, Party};

/// By their names, such as `browser` and `relay`, or `old-proxy` where a box is one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    pub client: String,
    pub server: String,
    pub leg: Option<Leg>,
    /// Where its arrows lie: on one side of the middle, or, as what goes through a box in TLS, across.
    pub half: Option<Leg>,
}

impl Ends {
    /// Those of a connection that lies where `hop` says; `client` is who began it all.
    pub fn of(hop: Option<&Hop>, client: &str) -> Self {
        let middle = hop.map_or("relay", |hop| hop.middle.name().unwrap_or("relay"));
        let leg = hop.map(|hop| hop.leg);
        // Whose the far end of a tunnel is: the client's own TLS ends there.
        let through = leg == Some(Leg::Far) && hop.is_some_and(|hop| matches!(hop.middle, Intermediary::Tunnel(_)));
        let (client, server) = match leg {
            _ if through => (client, "relay"),
            None | Some(Leg::Near) => (client, middle),
            Some(Leg::Far) => (middle, hop.map_or("relay", beyond)),
        };
        Self { client: client.to_owned(), server: server.to_owned(), leg, half: leg.filter(|_| !through) }
    }

    /// `the browser`, or a name that takes no article.
    pub fn the(&self, party: Party) -> String {
        let name = if party == Party::Client { &self.client } else { &self.server };
        let article = if matches!(name.as_str(), "browser" | "client" | "relay") { "the " } else { "" };
        format!("{article}{name}")
    }

    /// The same where a sentence begins.
    pub fn the_first(&self, party: Party) -> String {
        let words = self.the(party);
        words.strip_prefix("the ").map_or(words.clone(), |name| format!("The {name}"))
    }

    /// `browser → relay`
    pub fn arrow(&self, from: Party) -> String {
        let Self { client, server, .. } = self;
        if from == Party::Client { format!("{client} → {server}") } else { format!("{server} → {client}") }
    }

    /// The same in a sentence. With no leg but one, who the client is goes without saying.
    pub fn direction(&self, from: Party) -> String {
        let (client, server) = (self.the(Party::Client), self.the(Party::Server));
        match (self.leg, from) {
            (None, Party::Client) => format!("To {server}: "),
            (None, Party::Server) => format!("From {server}: "),
            (Some(_), Party::Client) => format!("From {client} to {server}: "),
            (Some(_), Party::Server) => format!("From {server} to {client}: "),
        }
    }

    /// Which of two legs a band is of; nothing where there is but one.
    pub fn between(&self) -> String {
        self.leg.map_or(String::new(), |_| format!(" ({} – {})", self.client, self.server))
    }
}

/// What is beyond the middle: the relay's own lab, or another server, by the name that it was asked for.
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
        Ends::of(Some(&Hop { leg, middle, other: None, server: server.map(str::to_owned) }), "client")
    }

    #[test]
    fn each_leg_has_its_own_two_ends() {
        let straight = Ends::of(None, "browser");
        assert_eq!((straight.direction(Party::Client), straight.between()), ("To the relay: ".into(), String::new()));
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
