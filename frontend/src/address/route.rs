//! The route of a URL of this relay: the listener, and what is between it and the lab. Reads it from a URL and writes it.

use super::settings::Settings;
use crate::site;
use observation::{Routes, SessionId};
use std::fmt;
use web_sys::Url;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub listener: Listener,
    pub through: Through,
}

/// Where a connection enters the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Whether it is `wss:`.
    pub secure: bool,
    /// Empty for the scheme's default port.
    pub port: String,
}

/// What a connection passes through after the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Through {
    /// Directly to the session's lab; or through a middlebox in front of TLS, which only the port reveals.
    Direct,
    Middlebox(Via),
    /// The relay itself, to another server.
    Relay,
}

/// A middlebox with its settings, as in a path: `idle-cut,after=5s`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Via {
    pub name: String,
    pub settings: Settings,
}

impl Route {
    /// The route of a URL; `None` if it does not lead to this session at this relay. Any port of the same host counts, since
    /// only this relay knows the session's name.
    pub fn of(url: &Url, session: &SessionId) -> Option<Self> {
        let here = leptos::prelude::window().location().hostname().ok()?;
        let through = Through::of_path(&url.pathname(), session).filter(|_| url.hostname() == here)?;
        Some(Self { listener: Listener { secure: url.protocol() == "wss:", port: url.port() }, through })
    }

    pub fn url(&self, session: &SessionId, settings: &Settings) -> String {
        settings.in_url(&format!("{}{}", self.listener, self.through.path(session)))
    }

    /// The middlebox in front of TLS on the port of this route. `tunnels` are ports and names: `8444 idle-cut`.
    pub fn tunnel<'a>(&self, tunnels: &'a [String]) -> Option<&'a str> {
        let is_there = |tunnel: &'a String| {
            let (port, name) = tunnel.split_once(' ')?;
            (port == self.listener.port).then_some(name)
        };
        tunnels.iter().find_map(is_there).filter(|_| self.listener.secure && self.through == Through::Direct)
    }

    /// The route in a few words. `to` is the target of a relayed connection.
    pub fn summary(&self, tunnels: &[String], to: Option<String>) -> String {
        let scheme = if self.listener.secure { "wss" } else { "ws" };
        match (&self.through, self.tunnel(tunnels)) {
            (Through::Relay, _) => {
                format!("To {}", to.filter(|to| !to.is_empty()).unwrap_or_else(|| "no server yet".into()))
            }
            (Through::Middlebox(via), _) => format!("Through {} · {scheme}", via.name),
            (Through::Direct, Some(name)) => format!("Through {name} · wss"),
            (Through::Direct, None) => format!("Direct · {scheme}"),
        }
    }
}

/// The middleboxes in front of TLS, in the form that `tunnel` expects.
pub fn tunnels(routes: &Routes) -> Vec<String> {
    routes.boxes.iter().filter_map(|offer| Some(format!("{} {}", offer.tunnel_port?, offer.name))).collect()
}

impl Through {
    fn of_path(path: &str, session: &SessionId) -> Option<Self> {
        match site::own(path)?.strip_prefix('/')?.split('/').collect::<Vec<_>>()[..] {
            ["lab", id] if id == session.as_str() => Some(Self::Direct),
            ["relay", id] if id == session.as_str() => Some(Self::Relay),
            ["via", via, "lab", id] if id == session.as_str() => Some(Self::Middlebox(Via::of_segment(via))),
            _ => None,
        }
    }

    fn path(&self, session: &SessionId) -> String {
        site::path(&match self {
            Self::Direct => format!("/lab/{session}"),
            Self::Relay => format!("/relay/{session}"),
            Self::Middlebox(via) => format!("/via/{via}/lab/{session}"),
        })
    }
}

impl Via {
    pub fn of_segment(segment: &str) -> Self {
        let (name, settings) = segment.split_once(',').unwrap_or((segment, ""));
        Self { name: name.to_owned(), settings: Settings::of_query(&settings.replace(',', "&")) }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings.to_string().replace('&', ",");
        f.write_str(&self.name)?;
        if settings.is_empty() { Ok(()) } else { write!(f, ",{settings}") }
    }
}

impl Listener {
    /// The listener that served this page.
    pub fn here() -> Self {
        let location = leptos::prelude::window().location();
        Self { secure: page_is_secure(), port: location.port().unwrap_or_default() }
    }

    /// The listener for ws or wss; `None` if visitors cannot reach one, as far as the relay knows.
    pub fn of_scheme(secure: bool, routes: &Routes) -> Option<Self> {
        if secure == page_is_secure() {
            return Some(Self::here());
        }
        // Behind a proxy that the relay does not know, its own ports say nothing about those of the proxy.
        if routes.arrived.front.is_none() && came_through_tls_proxy(routes) {
            return None;
        }
        let (port, usual) = if secure { (routes.tls_port?, 443) } else { (routes.port?, 80) };
        Some(Self { secure, port: if port == usual { String::new() } else { port.to_string() } })
    }

    /// The port, also if the URL leaves it out.
    pub fn port_number(&self) -> &str {
        match (&*self.port, self.secure) {
            ("", true) => "443",
            ("", false) => "80",
            (port, _) => port,
        }
    }

    /// The form in a link: `wss:8443`.
    pub fn short(&self) -> String {
        format!("{}:{}", if self.secure { "wss" } else { "ws" }, self.port)
    }

    pub fn of_short(text: &str) -> Option<Self> {
        let (scheme, port) = text.split_once(':')?;
        let right = matches!(scheme, "ws" | "wss") && (port.is_empty() || port.parse::<u16>().is_ok());
        right.then(|| Self { secure: scheme == "wss", port: port.to_owned() })
    }
}

/// Writes the part of a URL before the path.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = leptos::prelude::window().location().hostname().unwrap_or_default();
        let colon = if self.port.is_empty() { "" } else { ":" };
        write!(f, "{}://{host}{colon}{}", if self.secure { "wss" } else { "ws" }, self.port)
    }
}

/// Whether this page was loaded over https.
pub fn page_is_secure() -> bool {
    leptos::prelude::window().location().protocol().is_ok_and(|scheme| scheme == "https:")
}

/// Whether a proxy ended TLS in front of the relay: this page was loaded over https, and its request reached the relay without TLS.
pub fn came_through_tls_proxy(routes: &Routes) -> bool {
    page_is_secure() && routes.arrived.tls.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionId {
        SessionId::from_random([0; 16])
    }

    #[test]
    fn a_path_says_what_it_goes_over() {
        let id = session();
        for path in ["/lab/ID", "/relay/ID", "/via/old-proxy/lab/ID", "/via/slow,rate=1000,latency=50ms/lab/ID"] {
            let path = path.replace("ID", id.as_str());
            assert_eq!(Through::of_path(&path, &id).map(|through| through.path(&id)), Some(path));
        }
        for path in
            ["", "/", "/echo", "/lab", "/lab/x", "/lab/ID/", "/via/lab/ID", "/via/a/b/lab/ID", "/via/a/relay/ID"]
        {
            assert_eq!(Through::of_path(&path.replace("ID", id.as_str()), &id), None, "{path}");
        }
    }

    #[test]
    fn a_boxs_settings_stand_behind_its_name() {
        let mut via = Via::of_segment("idle-cut");
        assert_eq!((via.name.as_str(), via.to_string()), ("idle-cut", "idle-cut".into()));
        via.settings.set("after", "5s");
        assert_eq!(via.to_string(), "idle-cut,after=5s");
        assert_eq!(Via::of_segment("idle-cut,after=5s"), via);
    }

    #[test]
    fn an_entrance_is_short_in_a_link() {
        for short in ["wss:8443", "ws:", "ws:80"] {
            assert_eq!(Listener::of_short(short).map(|listener| listener.short()).as_deref(), Some(short));
        }
        for wrong in ["", "wss", "http:80", "wss:x", "wss:70000"] {
            assert_eq!(Listener::of_short(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_port_tells_a_box_in_front_of_tls() {
        let summary = |secure, port: &str, through| {
            let route = Route { listener: Listener { secure, port: port.into() }, through };
            (route.summary(&["8444 idle-cut".into()], None), route.summary(&[], Some("wss://h".into())))
        };
        let both = |words: &str| (words.to_owned(), words.to_owned());
        assert_eq!(summary(true, "8443", Through::Direct), both("Direct · wss"));
        assert_eq!(summary(true, "8444", Through::Direct), ("Through idle-cut · wss".into(), "Direct · wss".into()));
        assert_eq!(summary(false, "8444", Through::Direct), both("Direct · ws"));
        assert_eq!(summary(false, "", Through::Middlebox(Via::of_segment("slow,rate=1"))), both("Through slow · ws"));
        assert_eq!(summary(false, "", Through::Relay), ("To no server yet".into(), "To wss://h".into()));
    }
}
