//! The route that the URL chooses, and the URL of another choice.

use crate::address::route::{Listener, Route, Through, Via};
use crate::address::settings::Settings;
use crate::lab::Lab;
use crate::playground::connect_form::ConnectForm;
use leptos::prelude::*;
use observation::Routes;
use std::sync::Arc;

/// What the relay offers, and what the URL chooses of it.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    pub(super) lab: Lab,
    pub(super) form: ConnectForm,
    pub(super) routes: StoredValue<Arc<Routes>>,
    pub(super) route: Memo<Option<Route>>,
}

impl Choice {
    /// The middlebox of the URL, without TLS or in front of it.
    pub(super) fn middlebox(self) -> Option<String> {
        let route = self.route.get()?;
        match &route.through {
            Through::Middlebox(via) => Some(via.name.clone()),
            Through::Relay => None,
            Through::Direct => self.form.tunnels.with(|tunnels| route.tunnel(tunnels).map(str::to_owned)),
        }
    }

    /// Whether that middlebox is in front of TLS.
    pub(super) fn in_front_of_tls(self) -> bool {
        self.route.get().is_some_and(|route| self.form.tunnels.with(|tunnels| route.tunnel(tunnels).is_some()))
    }

    pub(super) fn is_relayed(self) -> bool {
        self.route.get().is_some_and(|route| route.through == Through::Relay)
    }

    /// Chooses ws or wss for the same route.
    pub(super) fn enter(self, secure: bool) {
        match untrack(|| self.middlebox()) {
            Some(name) => self.go_through(Some(&name), secure),
            None if untrack(|| self.is_relayed()) => self.go(secure, Through::Relay, self.form.settings()),
            None => self.go_through(None, secure),
        }
    }

    /// Whether the URL starts with wss.
    pub(super) fn secure(self) -> bool {
        self.form.url.with_untracked(|url| url.trim_start().starts_with("wss:"))
    }

    /// Chooses a middlebox, or none. One in front of TLS has its own port.
    pub(super) fn go_through(self, name: Option<&str>, secure: bool) {
        let to_lab = untrack(|| self.route.get()).is_some_and(|route| route.through != Through::Relay);
        let settings =
            if to_lab { untrack(|| self.form.settings()) } else { Settings::default().with_compression(false) };
        let tunnel =
            self.routes.with_value(|routes| routes.boxes.iter().find(|it| Some(&*it.name) == name)?.tunnel_port);
        match (name, tunnel) {
            (Some(_), Some(port)) if secure => {
                let listener = Listener { secure, port: port.to_string() };
                self.set(Route { listener, through: Through::Direct }, &settings);
            }
            (Some(name), _) => {
                let known = match untrack(|| self.route.get()).map(|route| route.through) {
                    Some(Through::Middlebox(via)) if via.name == name => Some(via),
                    _ => None,
                };
                let via = known.unwrap_or_else(|| Via::of_segment(name));
                self.go(secure, Through::Middlebox(via), settings);
            }
            (None, _) => self.go(secure, Through::Direct, settings),
        }
    }

    pub(super) fn go(self, secure: bool, through: Through, settings: Settings) {
        let Some(listener) = self.routes.with_value(|routes| Listener::of_scheme(secure, routes)) else { return };
        self.set(Route { listener, through }, &settings);
    }

    fn set(self, route: Route, settings: &Settings) {
        let Some(session) = untrack(|| self.lab.session_id()) else { return };
        self.form.url.set(route.url(&session, settings));
        self.form.error.set(None);
    }

    /// Changes a setting of the middlebox in the URL's path.
    pub(super) fn set_middlebox(self, name: &str, value: &str) {
        if let Some(Route { listener, through: Through::Middlebox(mut via) }) = untrack(|| self.route.get()) {
            via.settings.set(name, value);
            self.set(Route { listener, through: Through::Middlebox(via) }, &untrack(|| self.form.settings()));
        }
    }
}
