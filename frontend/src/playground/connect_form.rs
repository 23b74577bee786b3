//! The state of the connect bar, for every view that reads or changes it.

use crate::address::catalogue::Catalogue;
use crate::address::route::{self, Route};
use crate::address::settings::Settings;
use crate::address::setup::{Destination, Setup};
use crate::address::target::{self, Target};
use crate::lab::store::{ConnectError, connect};
use crate::lab::{Lab, Session};
use crate::net::loaded::Loaded;
use leptos::prelude::*;
use observation::Routes;

/// The part of a sheet that is loaded later, when the sheet opens.
#[derive(Clone, Copy)]
pub struct Choosing {
    /// Loads what there is to choose from the relay.
    pub learn: fn(ConnectForm),
    pub panel: fn() -> AnyView,
}

/// The fields of the connect bar.
#[derive(Clone, Copy)]
pub struct ConnectForm {
    pub url: RwSignal<String>,
    pub protocols: RwSignal<String>,
    pub error: RwSignal<Option<ConnectError>>,
    /// The server behaviors that the relay offers.
    pub catalogue: RwSignal<Loaded<Catalogue>>,
    /// The routes that the relay offers.
    pub routes: RwSignal<Loaded<Routes>>,
    /// The middleboxes in front of TLS, each as port and name, such as `8444 idle-cut`. Empty until `routes` is loaded.
    pub tunnels: Memo<Vec<String>>,
}

impl ConnectForm {
    pub fn new(lab: Lab, setup: &Setup) -> Self {
        let url = match (lab.session.get_untracked(), &setup.destination) {
            (Session::Ready(id), _) => setup.url(&id),
            (_, Destination::Elsewhere(url)) => url.clone(),
            _ => String::new(),
        };
        let routes = RwSignal::new(Loaded::NotRequested);
        Self {
            url: RwSignal::new(url),
            protocols: RwSignal::new(setup.subprotocols.clone()),
            error: RwSignal::new(None),
            catalogue: RwSignal::new(Loaded::NotRequested),
            routes,
            tunnels: Memo::new(move |_| {
                routes.with(|routes| routes.ready().map(|routes| route::tunnels(routes)).unwrap_or_default())
            }),
        }
    }

    /// The settings in the URL.
    pub fn settings(self) -> Settings {
        self.url.with(|url| Settings::of_url(url))
    }

    /// Changes the settings in the URL.
    pub fn ask(self, change: impl FnOnce(Settings) -> Settings) {
        self.url.update(|url| *url = change(Settings::of_url(url)).in_url(url));
        self.error.set(None);
    }

    /// Where the URL leads.
    pub fn target(self, lab: Lab) -> Result<Target, String> {
        self.url.with(|url| target::judge(url, lab.session_id().as_ref()))
    }

    /// The URL that the browser connects to, if it is another text than the one that was typed.
    pub fn resolved(self) -> Option<String> {
        self.url.with(|url| target::resolve(url).ok().filter(|resolved| resolved != url.trim()))
    }

    /// The route of the URL, if it leads to this relay.
    pub fn route(self, lab: Lab) -> Option<Route> {
        self.url.with(|url| target::route(url, lab.session_id().as_ref()))
    }

    /// Whether the URL allows compression.
    pub fn compresses(self, lab: Lab) -> bool {
        matches!(self.target(lab), Ok(Target::Lab(_))) && self.settings().compress()
    }

    pub fn connect(self, lab: Lab) {
        // Shows what the browser makes of a relative URL or of http://.
        if let Ok(resolved) = target::resolve(&self.url.get_untracked()) {
            self.url.set(resolved);
        }
        let outcome = connect(lab, &self.url.get_untracked(), &self.protocols.get_untracked());
        self.error.set(outcome.err());
    }
}
