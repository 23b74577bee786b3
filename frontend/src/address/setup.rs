//! A setup as a link: the URL, the server behavior and the messages, in the fragment of the page's address. The relay learns
//! nothing of it before the visitor connects.

use super::route::{Listener, Route, Through, Via};
use super::settings::{Settings, escaped, unescaped};
use super::target;
use observation::SessionId;

/// The start of a fragment with a setup.
const MARK: &str = "#play?";

/// The most messages in a link, as many as the relay writes into code, and the most bytes of each.
pub const MAX_MESSAGES: usize = 16;
pub const MAX_MESSAGE: usize = 2_000;
/// The most bytes of any other part.
const MAX_PART: usize = 4_000;
const RULES: &str = "rules";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    pub destination: Destination,
    /// The listener of the relay, if it is not the one that served the page.
    pub listener: Option<Listener>,
    /// The middlebox on the route to a lab.
    pub via: Option<Via>,
    /// Names separated by commas, as typed in the field.
    pub subprotocols: String,
    /// The rules of the session, as JSON; empty for none.
    pub rules: String,
    /// Texts to send one after another.
    pub messages: Vec<String>,
}

/// Where a setup leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// The lab with the default settings.
    #[default]
    Default,
    /// The lab of the visitor's session with these settings.
    Lab(Settings),
    /// Another server through the relay, with this query.
    Relayed(Settings),
    /// The URL of another server.
    Elsewhere(String),
}

impl Setup {
    /// Reads the fragment of an address, including its `#`. Returns the setup, empty if there is none, and a description of each
    /// part that cannot be used.
    pub fn of_fragment(fragment: &str) -> (Self, Vec<String>) {
        let mut setup = Self::default();
        let mut left_out = Vec::new();
        let Some(query) = fragment.strip_prefix(MARK) else { return (setup, left_out) };
        let mut too_many = 0;
        for item in query.split('&').filter(|item| !item.is_empty()) {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            let value = unescaped(value);
            let most = if name == "message" { MAX_MESSAGE } else { MAX_PART };
            match name {
                "lab" | "url" | "relay" | "at" | "via" | "subprotocols" | RULES | "message" if value.len() > most => {
                    left_out.push(format!("a {name} of {} bytes (the limit is {most})", value.len()));
                }
                "lab" => setup.destination = Destination::Lab(Settings::of_query(&value)),
                "url" => setup.destination = Destination::Elsewhere(value),
                "relay" => setup.destination = Destination::Relayed(Settings::of_query(&value)),
                "via" if !value.is_empty() && !value.contains('/') => setup.via = Some(Via::of_segment(&value)),
                "at" if Listener::of_short(&value).is_some() => setup.listener = Listener::of_short(&value),
                "subprotocols" if target::subprotocols(&value).is_err() => {
                    left_out.push(format!("“{}”, which is not a list of subprotocols", front(&value)));
                }
                "subprotocols" => setup.subprotocols = value,
                RULES => setup.rules = value,
                "message" if setup.messages.len() == MAX_MESSAGES => too_many += 1,
                "message" => setup.messages.push(value),
                other => left_out.push(format!("the unknown part “{}”", front(&unescaped(other)))),
            }
        }
        if too_many > 0 {
            left_out.push(format!("all messages after the first {MAX_MESSAGES}"));
        }
        (setup, left_out)
    }

    /// The setup of `url`, without the session, which stays private.
    pub fn of_url(url: &str, session: Option<&SessionId>) -> Self {
        let Some(Route { listener, through }) = target::route(url, session) else {
            return Self { destination: Destination::Elsewhere(url.to_owned()), ..Self::default() };
        };
        let listener = Some(listener).filter(|listener| *listener != Listener::here());
        let settings = Settings::of_url(url);
        let (destination, via) = match through {
            Through::Direct => (Destination::Lab(settings), None),
            Through::Middlebox(via) => (Destination::Lab(settings), Some(via)),
            Through::Relay => (Destination::Relayed(settings), None),
        };
        Self { destination, listener, via, ..Self::default() }
    }

    /// The URL of this setup for a visitor with `session`.
    pub fn url(&self, session: &SessionId) -> String {
        let listener = self.listener.clone().unwrap_or_else(Listener::here);
        let to = |through, settings: &Settings| Route { listener: listener.clone(), through }.url(session, settings);
        let through = || self.via.clone().map_or(Through::Direct, Through::Middlebox);
        match &self.destination {
            Destination::Lab(settings) => to(through(), settings),
            Destination::Relayed(settings) => to(Through::Relay, settings),
            Destination::Elsewhere(url) => url.clone(),
            // Without compression, so that a beginner can read the bytes.
            Destination::Default => to(through(), &Settings::default().with_compression(false)),
        }
    }

    /// The fragment that holds this setup.
    ///
    /// # Errors
    /// What does not fit into a link, and the limit.
    pub fn fragment(&self) -> Result<String, String> {
        let destination = match &self.destination {
            Destination::Default => None,
            Destination::Lab(settings) => Some(("lab", settings.to_string())),
            Destination::Relayed(settings) => Some(("relay", settings.to_string())),
            Destination::Elsewhere(url) => Some(("url", url.clone())),
        };
        let listener = self.listener.as_ref().map(|listener| ("at", listener.short()));
        let via = self.via.as_ref().map(|via| ("via", via.to_string()));
        let subprotocols = Some(self.subprotocols.trim()).filter(|list| !list.is_empty());
        let subprotocols = subprotocols.map(|list| ("subprotocols", list.to_owned()));
        let rules = Some((RULES, self.rules.clone())).filter(|(_, rules)| !rules.is_empty());
        let messages = self.messages.iter().map(|text| ("message", text.clone()));
        if self.messages.iter().any(|text| text.len() > MAX_MESSAGE) {
            return Err(format!("One of the messages is too long for a link. The limit is {MAX_MESSAGE} bytes."));
        }
        if self.messages.len() > MAX_MESSAGES {
            return Err(format!("A link can hold {MAX_MESSAGES} messages, but there are {}.", self.messages.len()));
        }
        let parts: Vec<_> = [destination, listener, via, subprotocols, rules].into_iter().flatten().collect();
        if let Some((name, _)) = parts.iter().find(|(_, value)| value.len() > MAX_PART) {
            if *name == RULES {
                let bytes = self.rules.len();
                return Err(format!(
                    "The rules are too long for a link: they have {bytes} bytes, and the limit is {MAX_PART}. Export the session as JSON to keep them."
                ));
            }
            return Err(format!("The {name} is too long for a link. The limit is {MAX_PART} bytes."));
        }
        let items = parts.into_iter().chain(messages).map(|(name, value)| format!("{name}={}", escaped(&value)));
        Ok(format!("{MARK}{}", items.collect::<Vec<_>>().join("&")))
    }
}

/// The start of what a visitor wrote, short enough for a message.
fn front(text: &str) -> String {
    crate::ui::format::one_line(text, 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_travels_in_a_link() {
        #[track_caller]
        fn check(setup: &Setup, expect: &str) {
            let fragment = setup.fragment().unwrap();
            assert_eq!(fragment, expect);
            assert_eq!(Setup::of_fragment(&fragment), (setup.clone(), vec![]));
        }
        check(&Setup::default(), "#play?");
        let lab = Setup {
            destination: Destination::Lab(Settings::of_query("deflate=off&greet=Hi+you")),
            subprotocols: "chat.v2, chat.v1".into(),
            messages: vec!["Hello & goodbye".into(), "zwei\nZeilen: 你好".into(), String::new()],
            ..Setup::default()
        };
        check(
            &lab,
            "#play?lab=deflate%3Doff%26greet%3DHi%2Byou&subprotocols=chat.v2,+chat.v1&message=Hello+%26+goodbye\
             &message=zwei%0AZeilen:+%E4%BD%A0%E5%A5%BD&message=",
        );
        let over = Setup {
            destination: Destination::Lab(Settings::of_query("ping-every=2s")),
            listener: Listener::of_short("wss:8443"),
            via: Some(Via::of_segment("idle-cut,after=5s")),
            ..Setup::default()
        };
        check(&over, "#play?lab=ping-every%3D2s&at=wss:8443&via=idle-cut,after%3D5s");
        let relayed =
            Setup { destination: Destination::Relayed(Settings::of_query("to=wss://h/x")), ..Setup::default() };
        check(&relayed, "#play?relay=to%3Dwss://h/x");
        let ruled = Setup { rules: r#"[{"then":"drop"}]"#.into(), ..Setup::default() };
        check(&ruled, "#play?rules=%5B%7B%22then%22:%22drop%22%7D%5D");
        let elsewhere = Setup { destination: Destination::Elsewhere("wss://h:1/p?q=1&r".into()), ..Setup::default() };
        check(&elsewhere, "#play?url=wss://h:1/p%3Fq%3D1%26r");
    }

    #[test]
    fn what_a_link_cannot_have_is_left_out_and_said() {
        #[track_caller]
        fn check(query: &str, says: &str) -> Setup {
            let (setup, left_out) = Setup::of_fragment(&format!("#play?{query}"));
            assert!(left_out.len() == 1 && left_out[0].contains(says), "{left_out:?}");
            setup
        }
        assert_eq!(check("message=a&spell=1&message=b", "“spell”").messages, ["a", "b"]);
        assert_eq!(check(&format!("message={}&message=b", "x".repeat(2_001)), "message of 2001 bytes").messages, ["b"]);
        assert_eq!(check(&"message=a&".repeat(30), "first 16").messages.len(), 16);
        assert_eq!(check("subprotocols=a+b&lab=", "“a b”").subprotocols, "");
        assert_eq!(check(&format!("lab={}", "x".repeat(5_000)), "a lab of 5000").destination, Destination::Default);
        assert_eq!(check("at=http:80&lab=", "“at”").listener, None);
        assert_eq!(check("via=a/b&lab=", "“via”").via, None);
        assert_eq!(Setup::of_fragment("#workspace"), Default::default());
        assert_eq!(Setup::of_fragment(""), Default::default());
    }

    #[test]
    fn what_is_too_long_for_a_link_is_said() {
        let long = Setup { messages: vec!["x".repeat(2_001)], ..Setup::default() };
        assert!(long.fragment().is_err_and(|said| said.contains("2000 bytes")));
        let many = Setup { messages: vec![String::new(); 17], ..Setup::default() };
        assert!(many.fragment().is_err_and(|said| said.contains("16 messages")));
        let long = Setup { subprotocols: "x".repeat(4_001), ..Setup::default() };
        assert!(long.fragment().is_err_and(|said| said.contains("subprotocols")));
        let long = Setup { rules: "x".repeat(4_001), ..Setup::default() };
        assert!(long.fragment().is_err_and(|said| said.contains("4001 bytes, and the limit is 4000")));
    }
}
