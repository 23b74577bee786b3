//! An attempt at a challenge: its session, what counts of it, and how it is graded as it goes.

use super::Lab;
use curriculum::challenge::Challenge;
use curriculum::given::{self, fill};
use curriculum::grade::{self, Report};
use curriculum::told::Told;
use leptos::prelude::*;
use observation::{Seq, SessionId};
use std::collections::BTreeMap;

#[derive(Clone, Copy)]
pub struct Attempt {
    pub lab: Lab,
    pub challenge: StoredValue<Challenge>,
    pub session: StoredValue<SessionId>,
    /// Every value that this session gets its own of.
    given: StoredValue<BTreeMap<String, String>>,
    /// Those that the learner is shown; the others are to be found out.
    pub shown: StoredValue<BTreeMap<String, String>>,
    /// Only connections past this number count.
    since: RwSignal<Seq>,
    /// What the page saw of a run; `None` while what counts comes from elsewhere.
    pub told: RwSignal<Option<Told>>,
    pub report: Memo<Report>,
}

impl Attempt {
    pub fn new(challenge: Challenge, session: SessionId, since: Seq) -> Self {
        let lab = Lab::new(Some(session.clone()));
        let given = StoredValue::new(given::given(&challenge, &session));
        let shown = StoredValue::new(given::shown(&challenge, &session));
        let (challenge, session) = (StoredValue::new(challenge), StoredValue::new(session));
        let (since, told) = (RwSignal::new(since), RwSignal::new(None::<Told>));
        let report = Memo::new(move |_| {
            lab.record.with(|record| {
                told.with(|told| {
                    challenge.with_value(|challenge| {
                        session.with_value(|session| {
                            let transcript = &record.transcript;
                            let attempt =
                                grade::Attempt { session, transcript, since: since.get(), told: told.as_ref() };
                            grade::grade(challenge, attempt)
                        })
                    })
                })
            })
        });
        Self { lab, challenge, session, given, shown, since, told, report }
    }

    /// Begins anew: what was seen so far counts no more.
    pub fn start_over(self, told: Option<Told>) {
        let last = self.lab.record.with_untracked(|record| record.transcript.last());
        self.since.set(last);
        self.told.set(told);
        self.remember();
    }

    /// Notes something that the page saw; nothing while there is no run.
    pub fn tell(self, note: impl FnOnce(&mut Told)) {
        self.told.update(|told| {
            if let Some(told) = told {
                note(told);
            }
        });
    }

    /// What the reader pasted counts also without a run.
    pub fn paste(self, line: String) {
        self.told.update(|told| told.get_or_insert_with(Told::default).pasted = Some(line));
    }

    pub fn id(self) -> String {
        self.challenge.with_value(|challenge| challenge.summary.id.clone())
    }

    pub fn since(self) -> Seq {
        self.since.get_untracked()
    }

    /// Where this session's lab is for the challenge.
    pub fn url(self) -> String {
        let location = window().location();
        let scheme = if location.protocol().is_ok_and(|scheme| scheme == "https:") { "wss" } else { "ws" };
        let host = location.host().unwrap_or_default();
        let session = self.session.get_value();
        self.challenge.with_value(|challenge| {
            let via = challenge.via.as_ref().map(|via| format!("/via/{}", self.filled(via))).unwrap_or_default();
            let query = challenge.lab_query();
            let mark = if query.is_empty() { "" } else { "?" };
            format!("{scheme}://{host}{via}/lab/{session}{mark}{query}")
        })
    }

    /// `text` with the given values in it.
    pub fn filled(self, text: &str) -> String {
        self.given.with_value(|given| fill(text, given))
    }

    /// The same for HTML.
    pub fn filled_html(self, html: &str) -> String {
        let escape = |value: &String| value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let given = self.given.with_value(|given| {
            given.iter().map(|(name, value)| (name.clone(), escape(value))).collect::<BTreeMap<_, _>>()
        });
        fill(html, &given)
    }

    /// Keeps the session, so that it is there again after a reload.
    pub fn remember(self) {
        let value = format!("{} {}", self.session.get_value(), self.since());
        if let Some(storage) = storage() {
            // Without storage a reload begins with a new session.
            let _ = storage.set_item(&key(&self.id()), &value);
        }
    }
}

/// The session that this tab had for a challenge, and what counts of it.
pub fn remembered(challenge: &str) -> Option<(SessionId, Seq)> {
    let value = storage()?.get_item(&key(challenge)).ok()??;
    let (session, since) = value.split_once(' ')?;
    Some((SessionId::parse(session)?, Seq(since.parse().ok()?)))
}

fn key(challenge: &str) -> String {
    format!("framescope.challenge.{challenge}")
}

fn storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}
