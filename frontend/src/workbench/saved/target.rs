//! In which direction a saved message is sent, and by whom: by this page, or by the relay to either end of an open connection.

use crate::lab::Lab;
use crate::lab::receiver::{Receiver, all_open};
use crate::lab::store::ReadyState;
use leptos::prelude::*;
use observation::ConnectionNumber;
use wire::Sender;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The page's own socket.
    Page,
    /// The relay, in this role.
    Relay(ConnectionNumber, Sender),
}

/// The chosen target, and what there is to choose.
#[derive(Clone, Copy)]
pub(super) struct Targets {
    pub(super) all: Memo<Vec<(Target, String)>>,
    wanted: RwSignal<Option<Target>>,
    /// The chosen one while it is open, or else the first.
    pub(super) chosen: Memo<Option<Target>>,
}

impl Targets {
    pub(super) fn new(lab: Lab) -> Self {
        let all = Memo::new(move |_| targets(lab));
        let wanted = RwSignal::new(None::<Target>);
        let chosen = Memo::new(move |_| {
            let wanted = wanted.get();
            all.with(|all| {
                let is_wanted = |target: &&(Target, String)| Some(target.0) == wanted;
                all.iter().find(is_wanted).or(all.first()).map(|(target, _)| *target)
            })
        });
        Self { all, wanted, chosen }
    }

    /// Chooses by the place in `all`.
    pub(super) fn choose(self, at: usize) {
        self.wanted.set(self.all.with_untracked(|all| Some(all.get(at)?.0)));
    }
}

/// The targets that there are now, each with its name.
fn targets(lab: Lab) -> Vec<(Target, String)> {
    let is_open = lab.socket.with(|socket| socket.as_ref().is_some_and(|socket| socket.ready == ReadyState::Open));
    let page = is_open.then(|| (Target::Page, "Client → server, sent by this page".to_owned()));
    let relay = |receiver: Receiver| {
        let direction = if receiver.role == Sender::Client { "Client → server" } else { "Server → client" };
        let words = format!("{direction}, sent by the relay to {}", receiver.name);
        (Target::Relay(receiver.number(), receiver.role), words)
    };
    // Into TLS that passes through a middlebox, nothing can be added.
    let open = all_open(lab).into_iter().filter(|receiver| !receiver.sealed).map(relay);
    page.into_iter().chain(open).collect()
}
