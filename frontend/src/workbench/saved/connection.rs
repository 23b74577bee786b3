//! Saved connections and setups: the connect bar, and what the session does with its connections.

use crate::address::settings::{Settings, escaped};
use crate::address::setup::{Destination, Setup};
use credentials::tokens;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The fields of the connect bar, without the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connection {
    /// As in a link to a setup: `#play?lab=…`. Its URL and its subprotocols can have variables.
    pub(super) setup: String,
}

/// A connection, with the rules and the script of the session, and the texts that are sent next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedSetup {
    pub(super) connection: Connection,
    /// As `PUT /api/sessions/ID/rules` takes them; `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<Value>,
    /// As `PUT /api/sessions/ID/script` takes it; `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) script: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) messages: Vec<String>,
}

impl Connection {
    pub(super) fn bytes(&self) -> usize {
        self.setup.len()
    }

    /// The setup with the values of its variables.
    ///
    /// # Errors
    /// Of `fill`, which gives a text its values.
    pub(super) fn filled(
        &self,
        fill: impl Fn(&str, fn(&str) -> String) -> Result<String, String>,
    ) -> Result<Setup, String> {
        let (setup, _) = Setup::of_fragment(&self.setup);
        let plain: fn(&str) -> String = str::to_owned;
        let destination = match &setup.destination {
            Destination::Default => Destination::Default,
            Destination::Elsewhere(url) => Destination::Elsewhere(fill(url, escaped)?),
            Destination::Lab(settings) => Destination::Lab(changed(settings, |value| fill(value, plain))?),
            Destination::Relayed(settings) => Destination::Relayed(changed(settings, |value| fill(value, escaped))?),
        };
        let subprotocols = fill(&setup.subprotocols, plain)?;
        Ok(Setup { destination, subprotocols, ..setup })
    }

    /// Without tokens in the URL and in the subprotocols.
    pub(super) fn without_tokens(&self) -> Self {
        let (setup, _) = Setup::of_fragment(&self.setup);
        let settings =
            |settings: &Settings| Settings::of_url(&concealed(&settings.in_url("ws://relay/"), tokens::conceal_url));
        let destination = match &setup.destination {
            Destination::Default => Destination::Default,
            Destination::Elsewhere(url) => Destination::Elsewhere(concealed(url, tokens::conceal_url)),
            Destination::Lab(of) => Destination::Lab(settings(of)),
            Destination::Relayed(of) => Destination::Relayed(settings(of)),
        };
        let subprotocols = concealed(&setup.subprotocols, tokens::conceal_subprotocols);
        // It is not longer than it was.
        let setup = Setup { destination, subprotocols, ..setup }.fragment().unwrap_or_default();
        Self { setup }
    }
}

impl SavedSetup {
    pub(super) fn bytes(&self) -> usize {
        let json = |value: &Option<Value>| value.as_ref().map_or(0, |value| value.to_string().len());
        let messages: usize = self.messages.iter().map(String::len).sum();
        self.connection.bytes() + json(&self.rules) + json(&self.script) + messages
    }

    pub(super) fn without_tokens(&self) -> Self {
        Self { connection: self.connection.without_tokens(), ..self.clone() }
    }
}

/// The settings with other values.
fn changed(settings: &Settings, change: impl Fn(&str) -> Result<String, String>) -> Result<Settings, String> {
    let mut new = settings.clone();
    for name in settings.names() {
        let value = settings.value(name).unwrap_or_default();
        let changed = change(&value)?;
        if changed != value {
            new.set(name, &changed);
        }
    }
    Ok(new)
}

/// The text without tokens, but with its variables, which are none.
fn concealed(text: &str, conceal: fn(&str) -> String) -> String {
    let concealed = conceal(text);
    // Asterisks replace bytes, so every place stays where it was.
    if concealed.len() != text.len() {
        return concealed;
    }
    let mut bytes = concealed.into_bytes();
    for (open, close) in [("{{", "}}"), ("%7B%7B", "%7D%7D")] {
        let mut from = 0;
        while let Some(begin) = text[from..].find(open).map(|at| from + at) {
            let Some(end) = text[begin..].find(close).map(|at| begin + at + close.len()) else { break };
            let name = &text.as_bytes()[begin + open.len()..end - close.len()];
            if name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
                bytes[begin..end].copy_from_slice(&text.as_bytes()[begin..end]);
                from = end;
            } else {
                from = begin + open.len();
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(destination: Destination, subprotocols: &str) -> Connection {
        let setup = Setup { destination, subprotocols: subprotocols.to_owned(), ..Setup::default() };
        Connection { setup: setup.fragment().expect("short") }
    }

    fn relayed(to: &str) -> Destination {
        let mut settings = Settings::default();
        settings.set("to", to);
        Destination::Relayed(settings)
    }

    #[test]
    fn variables_of_a_connection_get_their_values() {
        let fill = |text: &str, escape: fn(&str) -> String| Ok(text.replace("{{token}}", &escape("a&b")));
        let elsewhere = connection(Destination::Elsewhere("wss://h/?t={{token}}".into()), "x, {{token}}");
        let filled = elsewhere.filled(fill).expect("filled");
        assert_eq!(filled.destination, Destination::Elsewhere("wss://h/?t=a%26b".into()));
        assert_eq!(filled.subprotocols, "");
        let to = connection(relayed("wss://h/?t={{token}}"), "").filled(fill).expect("filled");
        assert_eq!(to.destination, relayed("wss://h/?t=a%26b"));
        let greet = connection(Destination::Lab(Settings::of_query("greet=%7B%7Btoken%7D%7D&deflate")), "");
        let greeted = greet.filled(fill).expect("filled");
        assert_eq!(greeted.destination, Destination::Lab(Settings::of_query("greet=a%26b&deflate")));
        assert_eq!(greet.filled(|_, _| Err("no value".into())), Err("no value".into()));
    }

    #[test]
    fn tokens_are_concealed_and_variables_stay() {
        #[track_caller]
        fn check(destination: Destination, expect: Destination) {
            assert_eq!(connection(destination, "").without_tokens(), connection(expect, ""));
        }
        let elsewhere = |url: &str| Destination::Elsewhere(url.into());
        check(elsewhere("wss://h/?token=abc&room=1"), elsewhere("wss://h/?token=***&room=1"));
        check(elsewhere("wss://h/?token={{token}}&room=1"), elsewhere("wss://h/?token={{token}}&room=1"));
        check(elsewhere("wss://h/?token={{a-b}}"), elsewhere("wss://h/?token=*******"));
        for (to, expect) in [("?token=abc", "?token=***"), ("?token={{token}}&room=1", "?token={{token}}&room=1")] {
            let without = connection(relayed(&format!("wss://h/{to}")), "").without_tokens();
            let Destination::Relayed(settings) = Setup::of_fragment(&without.setup).0.destination else {
                panic!("still relayed: {without:?}")
            };
            assert_eq!(settings.value("to"), Some(format!("wss://h/{expect}")));
        }
        assert_eq!(
            connection(Destination::Default, "bearer, abc").without_tokens(),
            connection(Destination::Default, "bearer, ***")
        );
    }
}
