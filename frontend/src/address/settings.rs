//! The settings in the query of a lab URL: read, changed and written back.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt;
use wire::deflate::negotiation::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER,
};

/// Accepts or declines an offer of permessage-deflate.
pub const DEFLATE: &str = "deflate";
/// Parameters of permessage-deflate. Each one turns it on.
const OF_DEFLATE: [&str; 4] =
    [SERVER_NO_CONTEXT_TAKEOVER, CLIENT_NO_CONTEXT_TAKEOVER, SERVER_MAX_WINDOW_BITS, CLIENT_MAX_WINDOW_BITS];

/// Settings in the order of the query. Errors in them are kept, since the relay reports them better.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(Vec<Setting>);

/// As written in the query, with escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    name: String,
    /// `None` if no `=` follows the name.
    value: Option<String>,
}

impl Settings {
    pub fn of_query(query: &str) -> Self {
        let setting = |item| {
            let (name, value) = str::split_once(item, '=').map_or((item, None), |(name, value)| (name, Some(value)));
            Setting { name: name.to_owned(), value: value.map(str::to_owned) }
        };
        Self(query.split('&').filter(|item| !item.is_empty()).map(setting).collect())
    }

    pub fn of_url(url: &str) -> Self {
        Self::of_query(parts(url).1)
    }

    /// `url` with its settings replaced by these.
    pub fn in_url(&self, url: &str) -> String {
        let place = parts(url).0;
        if self.0.is_empty() { place.to_owned() } else { format!("{place}?{self}") }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|setting| setting.name.as_str())
    }

    /// The value of a setting without escapes; empty for a bare name.
    pub fn value(&self, name: &str) -> Option<String> {
        let setting = self.0.iter().find(|setting| setting.name == name)?;
        Some(setting.value.as_deref().map(unescaped).unwrap_or_default())
    }

    /// Sets a value, in place if the setting exists. An empty value removes the setting.
    pub fn set(&mut self, name: &str, value: &str) {
        if value.is_empty() { self.remove(name) } else { self.put(name, Some(escaped(value))) }
    }

    /// Adds a setting without a value.
    pub fn set_bare(&mut self, name: &str) {
        self.put(name, None);
    }

    /// Replaces a setting by `others`.
    pub fn with_instead(&self, name: &str, others: &Self) -> Self {
        let own = |setting: &Setting| if setting.name == name { others.0.clone() } else { vec![setting.clone()] };
        Self(self.0.iter().flat_map(own).collect())
    }

    pub fn remove(&mut self, name: &str) {
        self.0.retain(|setting| setting.name != name);
    }

    fn put(&mut self, name: &str, value: Option<String>) {
        let setting = Setting { name: name.to_owned(), value };
        match self.0.iter().position(|known| known.name == name) {
            Some(place) => self.0[place] = setting,
            None => self.0.push(setting),
        }
    }

    /// Only the settings that `keep` accepts.
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|setting| keep(&setting.name)).cloned().collect())
    }

    /// Whether the relay may accept compression. It does unless a setting says otherwise.
    pub fn compress(&self) -> bool {
        self.value(DEFLATE).as_deref() != Some("off")
    }

    /// Turns compression on or off and keeps the other settings. Settings of compression are removed with it, because the relay
    /// refuses contradictions.
    pub fn with_compression(&self, on: bool) -> Self {
        let mut settings = Self::of_query(if on { "deflate=on" } else { "deflate=off" });
        settings.0.extend(self.only(|name| name != DEFLATE && (on || !OF_DEFLATE.contains(&name))).0);
        settings
    }

    /// Replaces these settings by `behaviour`. Compression stays unless `behaviour` sets it.
    pub fn with_behaviour(&self, behaviour: &Self) -> Self {
        let mut settings =
            if behaviour.names().any(of_compression) { Self::default() } else { self.only(of_compression) };
        settings.0.extend(behaviour.0.iter().cloned());
        settings
    }

    /// Whether these settings equal `behaviour` in any order. Compression counts only if `behaviour` sets it.
    pub fn ask_for(&self, behaviour: &Self) -> bool {
        let sorted = |settings: Self| {
            let value = |setting: &Setting| setting.value.as_deref().map(unescaped).unwrap_or_default();
            let mut said: Vec<_> = settings.0.iter().map(|setting| (setting.name.clone(), value(setting))).collect();
            said.sort_unstable();
            said
        };
        sorted(self.with_behaviour(behaviour)) == sorted(self.clone())
    }

    pub fn is_plain_echo(&self) -> bool {
        self.names().all(|name| name == DEFLATE)
    }

    /// How many settings there are, without the one of the compression switch.
    pub fn summary(&self) -> String {
        let settings = self.only(|name| name != DEFLATE);
        match settings.0.as_slice() {
            [] => "Echo".into(),
            [one] => one.value.as_ref().map_or(one.name.clone(), |value| format!("{}={}", one.name, unescaped(value))),
            several => format!("{} settings", several.len()),
        }
    }
}

fn of_compression(name: &str) -> bool {
    name == DEFLATE || OF_DEFLATE.contains(&name)
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Setting { name, value }) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { "&" } else { "" })?;
            f.write_str(name)?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

/// The part of a URL before the query, and the query.
fn parts(url: &str) -> (&str, &str) {
    url.trim().split_once('?').unwrap_or((url.trim(), ""))
}

/// A fault, and the number of the reply that it affects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFault {
    pub name: String,
    pub at: String,
}

/// Reads the value of `fault`: `rsv1@2,masked@1`.
pub fn faults(value: &str) -> Vec<PlannedFault> {
    let fault = |item: &str| {
        let (name, at) = item.split_once('@').unwrap_or((item, ""));
        PlannedFault { name: name.trim().to_owned(), at: at.trim().to_owned() }
    };
    value.split(',').filter(|item| !item.trim().is_empty()).map(fault).collect()
}

/// Writes the value of `fault`.
pub fn faults_value(faults: &[PlannedFault]) -> String {
    let item = |fault: &PlannedFault| match fault.at.as_str() {
        "" => fault.name.clone(),
        at => format!("{}@{at}", fault.name),
    };
    faults.iter().map(item).collect::<Vec<_>>().join(",")
}

/// Characters that need no escape in a value. Form encoding escapes more, which is hard to read. WHATWG URL, §5.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b',')
    .remove(b':')
    .remove(b'/');

/// Escapes with `%` what a query cannot contain or would misread, and a space with `+`, as the relay expects it.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string().replace("%20", "+")
}

/// Resolves escapes. Text that only looks like one stays.
pub fn unescaped(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_and_written_as_it_stands() {
        for query in ["", "deflate=off", "fragments=3&fragment-pings&greet=Gr%C3%BC%C3%9Fe", "x=1=2&y=&x=3"] {
            let settings = Settings::of_query(query);
            assert_eq!(settings.to_string(), query);
            assert_eq!(
                settings.in_url(" ws://h/lab/a?z "),
                if query.is_empty() { "ws://h/lab/a".into() } else { format!("ws://h/lab/a?{query}") }
            );
        }
        assert_eq!(Settings::of_query("&a&&b=1&").to_string(), "a&b=1");
    }

    #[test]
    fn a_setting_is_changed_where_it_stands() {
        let mut settings = Settings::of_url("ws://h/lab/a?deflate=off&fragments=3&greet=x");
        settings.set("fragments", "4");
        settings.set("push", "a & b, 100%");
        settings.set_bare("fragment-pings");
        settings.set("greet", "");
        assert_eq!(settings.to_string(), "deflate=off&fragments=4&push=a+%26+b,+100%25&fragment-pings");
        assert_eq!(settings.value("push").as_deref(), Some("a & b, 100%"));
        assert_eq!(settings.value("fragment-pings").as_deref(), Some(""));
        assert_eq!(settings.value("greet"), None);
        assert_eq!(settings.summary(), "3 settings");
        assert_eq!(Settings::of_query("deflate=on&push=a+b").summary(), "push=a b");
        assert_eq!(Settings::of_query("deflate=on").summary(), "Echo");
    }

    #[test]
    fn compression_is_one_setting_among_others() {
        #[track_caller]
        fn check(query: &str, on: bool, expect: &str) {
            let settings = Settings::of_query(query).with_compression(on);
            assert_eq!(settings.to_string(), expect);
            assert_eq!(settings.compress(), on);
        }
        check("", true, "deflate=on");
        check("deflate=off", true, "deflate=on");
        check("x=1=2&deflate=on&&y", false, "deflate=off&x=1=2&y");
        let narrow = "deflate=on&server_no_context_takeover&client_max_window_bits=9&x";
        check(narrow, true, narrow);
        check(narrow, false, "deflate=off&x");
        for query in ["", "server_max_window_bits=9", "deflate=on&x"] {
            assert!(Settings::of_query(query).compress(), "{query}");
        }
    }

    #[test]
    fn a_behaviour_takes_the_place_of_another() {
        #[track_caller]
        fn check(query: &str, behaviour: &str, expect: &str) {
            let (settings, behaviour) = (Settings::of_query(query), Settings::of_query(behaviour));
            let changed = settings.with_behaviour(&behaviour);
            assert_eq!(changed.to_string(), expect);
            assert!(changed.ask_for(&behaviour));
        }
        check("deflate=off&fragments=3", "idle=5s&idle-end=drop", "deflate=off&idle=5s&idle-end=drop");
        check("fragments=3", "", "");
        check(
            "deflate=on&server_max_window_bits=9&x",
            "ping-every=1s",
            "deflate=on&server_max_window_bits=9&ping-every=1s",
        );
        check("deflate=off&x", "deflate=on&fault=broken-deflate@1", "deflate=on&fault=broken-deflate@1");
    }

    #[test]
    fn a_behaviour_is_known_in_any_order() {
        let ask_for = |query, behaviour| Settings::of_query(query).ask_for(&Settings::of_query(behaviour));
        assert!(ask_for("idle-end=drop&deflate=off&idle=5s", "idle=5s&idle-end=drop"));
        assert!(ask_for("greet=Hi%20you", "greet=Hi+you"));
        assert!(ask_for("deflate=on", ""));
        assert!(!ask_for("idle=5s", "idle=5s&idle-end=drop"));
        assert!(!ask_for("idle=5s&idle-end=drop&x", "idle=5s&idle-end=drop"));
        assert!(!ask_for("deflate=off&x", "deflate=on&x"));
    }

    #[test]
    fn faults_are_a_list() {
        let read = faults(" rsv1@2, masked@1,,cut-off");
        let names: Vec<_> = read.iter().map(|fault| (fault.name.as_str(), fault.at.as_str())).collect();
        assert_eq!(names, [("rsv1", "2"), ("masked", "1"), ("cut-off", "")]);
        assert_eq!(faults_value(&read), "rsv1@2,masked@1,cut-off");
        assert_eq!(faults(""), []);
    }

    #[test]
    fn escapes_are_read_as_they_are_written() {
        for text in ["", "plain", "a&b=c#d + e%f", "Grüße, 你好 🙂", "\u{0}\n"] {
            assert_eq!(unescaped(&escaped(text)), text);
            assert!(escaped(text).is_ascii());
        }
        assert_eq!(unescaped("100%, %zz, %4"), "100%, %zz, %4");
        assert_eq!(unescaped("%48%65"), "He");
    }
}
