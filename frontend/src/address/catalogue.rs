//! The catalogue of server behaviors: all settings, faults and presets of the relay, with its descriptions.

use super::settings::Settings;
use crate::net::loaded::Loaded;
use serde::Deserialize;

/// The JSON of `/api/behaviours`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Catalogue {
    pub settings: Vec<Known>,
    pub faults: Vec<KnownFault>,
    pub presets: Vec<Preset>,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Known {
    pub name: String,
    pub group: String,
    /// A placeholder for its value; `None` if it has no value or one of `choices`.
    pub value: Option<String>,
    pub choices: Option<Vec<String>>,
    /// As written in a query.
    pub example: String,
    pub what: String,
    /// Whether it may change while a connection is open.
    pub while_open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct KnownFault {
    pub name: String,
    pub what: String,
    pub rfc: u16,
    pub section: String,
    /// Whether it only looks invalid.
    pub legal: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Preset {
    pub name: String,
    pub title: String,
    pub query: String,
    pub what: String,
}

/// The setting that names a preset.
pub const PRESET: &str = "preset";
/// The setting that lists faults.
pub const FAULT: &str = "fault";

impl Loaded<Catalogue> {
    /// The behavior in a few words.
    pub fn summary(&self, settings: &Settings) -> String {
        let preset = self.ready().and_then(|catalogue| catalogue.preset(settings).map(|preset| preset.title.clone()));
        preset.unwrap_or_else(|| settings.summary())
    }
}

impl Catalogue {
    /// The preset that `settings` name, or whose settings they equal.
    pub fn preset(&self, settings: &Settings) -> Option<&Preset> {
        self.presets.iter().find(|preset| settings.ask_for(&preset.settings()) || settings.ask_for(&preset.by_name()))
    }

    /// The first setting that the relay does not know.
    pub fn unknown<'a>(&self, settings: &'a Settings) -> Option<&'a str> {
        settings.names().find(|&name| !self.settings.iter().any(|known| known.name == name))
    }

    /// The settings by group, in the catalogue's order, without presets.
    pub fn groups(&self) -> Vec<(&str, Vec<&Known>)> {
        let mut groups: Vec<(&str, Vec<&Known>)> = Vec::new();
        for known in self.settings.iter().filter(|known| known.name != PRESET) {
            match groups.iter_mut().find(|(group, _)| *group == known.group) {
                Some((_, settings)) => settings.push(known),
                None => groups.push((&known.group, vec![known])),
            }
        }
        groups
    }

    /// Those of `settings` that may change while a connection is open, and the names of the others.
    pub fn while_open(&self, settings: &Settings) -> (Settings, Vec<String>) {
        let settings = self.spelt_out(settings);
        let may = |name: &str| !self.settings.iter().any(|known| known.name == name && !known.while_open);
        let others = settings.names().filter(|name| !may(name)).map(str::to_owned).collect();
        (settings.only(may), others)
    }

    /// Replaces a preset's name by its settings.
    pub fn spelt_out(&self, settings: &Settings) -> Settings {
        let name = settings.value(PRESET);
        let Some(preset) = self.presets.iter().find(|preset| Some(&preset.name) == name.as_ref()) else {
            return settings.clone();
        };
        settings.with_instead(PRESET, &preset.settings())
    }
}

impl Preset {
    pub fn settings(&self) -> Settings {
        Settings::of_query(&self.query)
    }

    fn by_name(&self) -> Settings {
        let mut settings = Settings::default();
        settings.set(PRESET, &self.name);
        settings
    }
}

impl Known {
    /// The value in its example.
    pub fn example_value(&self) -> String {
        Settings::of_query(&self.example).value(&self.name).unwrap_or_default()
    }

    /// Another setting that it needs, according to its example.
    pub fn needs(&self) -> Option<String> {
        Settings::of_query(&self.example).names().find(|&name| name != self.name).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// A shortened catalogue.
    const SAID: &str = r#"{
        "settings": [
            {"name": "refuse", "group": "opening", "value": "STATUS", "choices": null, "example": "refuse=503",
             "what": "The request is refused.", "while_open": false},
            {"name": "body", "group": "opening", "value": "TEXT", "choices": null, "example": "refuse=503&body=Back+at+noon",
             "what": "What a refusal says.", "while_open": false},
            {"name": "idle", "group": "heartbeat", "value": "TIME", "choices": null, "example": "idle=10s",
             "what": "Ends a silence.", "while_open": true},
            {"name": "idle-end", "group": "heartbeat", "value": null, "choices": ["close", "drop", "reset"],
             "example": "idle=10s&idle-end=drop", "what": "How.", "while_open": true},
            {"name": "deflate", "group": "compression", "value": null, "choices": ["on", "off"], "example": "deflate=on",
             "what": "Compression.", "while_open": false},
            {"name": "preset", "group": "messages", "value": "NAME", "choices": null, "example": "preset=idle-cut",
             "what": "A preset.", "while_open": true}
        ],
        "faults": [{"name": "rsv1", "what": "RSV1 is set", "rfc": 6455, "section": "5.2", "legal": false}],
        "presets": [{"name": "idle-cut", "title": "An idle cut", "query": "idle=5s&idle-end=drop", "what": "It is cut."}]
    }"#;

    fn catalogue() -> Catalogue {
        serde_json::from_str(SAID).unwrap()
    }

    #[test]
    fn a_preset_is_known_by_its_name_and_by_what_it_does() {
        let said = Loaded::Ready(Arc::new(catalogue()));
        for query in ["preset=idle-cut", "deflate=off&idle-end=drop&idle=5s", "deflate=on&preset=idle-cut"] {
            assert_eq!(said.summary(&Settings::of_query(query)), "An idle cut", "{query}");
        }
        assert_eq!(said.summary(&Settings::of_query("idle=6s&idle-end=drop")), "2 settings");
        assert_eq!(Loaded::NotRequested.summary(&Settings::of_query("preset=idle-cut")), "preset=idle-cut");
    }

    #[test]
    fn what_belongs_to_the_handshake_is_not_for_an_open_connection() {
        let (sent, left_out) = catalogue().while_open(&Settings::of_query("deflate=off&preset=idle-cut&refuse=503&x"));
        assert_eq!(sent.to_string(), "idle=5s&idle-end=drop&x");
        assert_eq!(left_out, ["deflate", "refuse"]);
    }

    #[test]
    fn a_form_is_made_of_groups() {
        let catalogue = catalogue();
        let groups: Vec<_> = catalogue.groups().into_iter().map(|(group, settings)| (group, settings.len())).collect();
        assert_eq!(groups, [("opening", 2), ("heartbeat", 2), ("compression", 1)]);
        let body = &catalogue.settings[1];
        assert_eq!((body.example_value(), body.needs()), ("Back at noon".into(), Some("refuse".into())));
        assert_eq!(catalogue.settings[2].needs(), None);
        assert_eq!(catalogue.unknown(&Settings::of_query("idle=5s&idel=6s")), Some("idel"));
    }
}
