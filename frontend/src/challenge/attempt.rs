//! An attempt at a challenge: its session, what counts toward it, and its current grading.

use crate::lab::{FeedState, Lab, Record};
use crate::site;
use curriculum::challenge::Challenge;
use curriculum::check::{Check, Condition};
use curriculum::grade::{self, Report};
use curriculum::page_run::PageRun;
use curriculum::values::fill;
use leptos::prelude::*;
use observation::page::{PageAct, PageEvent, PagePayload};
use observation::transcript::Connection;
use observation::{ConnectionNumber, Event, MessageKind, Observation, Seq, SessionId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy)]
pub struct Attempt {
    pub lab: Lab,
    pub challenge: StoredValue<Challenge>,
    pub session: StoredValue<SessionId>,
    /// The values of this session that are not hidden.
    values: StoredValue<BTreeMap<String, String>>,
    /// The values that the page shows. The learner has to find out the others.
    pub shown: StoredValue<BTreeMap<String, String>>,
    /// The last observation known when the attempt started.
    begun: RwSignal<Seq>,
    /// Only connections after this observation count.
    since: Memo<Seq>,
    /// What the page saw of a run; `None` if only other clients count.
    pub run: RwSignal<Option<PageRun>>,
    /// What the relay found last, for the checks that only the relay can decide.
    pub by_relay: RwSignal<Option<RelayReport>>,
    pub report: Memo<Report>,
}

impl Attempt {
    pub fn new(challenge: Challenge, session: SessionId, since: Seq) -> Self {
        let lab = Lab::new(Some(session.clone()));
        let values = StoredValue::new(challenge.open_values(&session));
        let shown = StoredValue::new(challenge.shown_values(&session));
        let (challenge, session) = (StoredValue::new(challenge), StoredValue::new(session));
        let (begun, run) = (RwSignal::new(since), RwSignal::new(None::<PageRun>));
        let since = Memo::new(move |_| {
            lab.record.with(|record| run.with(|run| past_older_runs(record, begun.get(), run.as_ref())))
        });
        let by_relay = RwSignal::new(None::<RelayReport>);
        let report = Memo::new(move |_| {
            lab.record.with(|record| {
                run.with(|run| {
                    challenge.with_value(|challenge| {
                        values.with_value(|values| {
                            let transcript = &record.transcript;
                            let since = since.get();
                            let report = grade::grade(
                                challenge,
                                grade::Attempt { values, transcript, since, run: run.as_ref() },
                            );
                            by_relay.with(|by_relay| {
                                decided(report, challenge, by_relay.as_ref().filter(|found| found.since == since))
                            })
                        })
                    })
                })
            })
        });
        Self { lab, challenge, session, values, shown, begun, since, run, by_relay, report }
    }

    /// Starts over, with a run in the page or another client. Earlier observations no longer count. A pasted line stays.
    pub fn start_over(self, in_page: bool) {
        let last = self.lab.record.with_untracked(|record| record.transcript.last());
        self.begun.set(last);
        self.run.update(|run| {
            let pasted = run.take().and_then(|run| run.pasted);
            *run = (in_page || pasted.is_some()).then(|| PageRun { pasted, ..PageRun::default() });
        });
        self.remember();
    }

    /// Records something that the page saw. Does nothing without a run.
    pub fn record(self, note: impl FnOnce(&mut PageRun)) {
        self.run.update(|run| {
            if let Some(run) = run {
                note(run);
            }
        });
    }

    /// Records a pasted line, which counts even without a run.
    pub fn paste(self, line: String) {
        self.run.update(|run| run.get_or_insert_with(PageRun::default).pasted = Some(line));
    }

    pub fn id(self) -> String {
        self.challenge.with_value(|challenge| challenge.summary.id.clone())
    }

    pub fn since(self) -> Seq {
        self.since.get_untracked()
    }

    /// Whether the page knows everything about its connections: the relay has seen as many as the run opened, and all of the
    /// page's own have ended. Also true if the feed is not live, because nothing more can arrive, unless another relay continues.
    pub fn has_settled(self) -> bool {
        let over = |record: &Record| {
            let made = record.transcript.after(self.since.get()).map(|observation| observation.connection);
            let made: BTreeSet<_> = made.collect();
            let recorded = self.run.with(|run| run.as_ref().map_or(0, |run| watched(record, run)));
            let mut own = made.iter().filter(|&&number| record.sequence.owner(number).is_some());
            made.len() >= recorded && own.all(|&number| record.transcript.connection(number).is_none_or(is_over))
        };
        let can_continue = match self.lab.feed.get() {
            FeedState::Live => true,
            FeedState::Lost => self.lab.is_shared(),
            FeedState::Connecting | FeedState::Expired | FeedState::Unreadable(_) => false,
        };
        !can_continue || self.lab.record.with(over)
    }

    /// Whether any check can be decided only by the relay.
    pub fn needs_relay(self) -> bool {
        self.challenge.with_value(|challenge| challenge.checks.iter().any(|check| challenge.needs_relay(check)))
    }

    /// Whether the relay has decided, if it must, and has seen everything that the page knows.
    pub fn is_decided(self) -> bool {
        let last = self.lab.record.with(|record| record.transcript.last());
        let since = self.since.get();
        let is_current = |found: &RelayReport| (found.since, found.last) == (since, last);
        !self.needs_relay() || self.by_relay.with(|found| found.as_ref().is_some_and(is_current))
    }

    /// The part of a run that the page reports to the relay for a receipt.
    pub fn page_report(self) -> Option<PageRun> {
        self.challenge.with_value(|challenge| {
            self.run.with_untracked(|run| run.as_ref().map(|run| needed_by_checks(run, &challenge.checks)))
        })
    }

    /// The URL of the challenge's lab in this session.
    pub fn url(self) -> String {
        let relay = relay();
        let session = self.session.get_value();
        self.challenge.with_value(|challenge| {
            let via = challenge.via.as_ref().map(|via| format!("/via/{}", self.filled(via))).unwrap_or_default();
            let query = challenge.lab_query();
            let mark = if query.is_empty() { "" } else { "?" };
            format!("{relay}{via}/lab/{session}{mark}{query}")
        })
    }

    /// Beginnings of the URLs that the code may connect to: the labs of this relay, and what a check asks for.
    pub fn allowed_urls(self) -> Vec<String> {
        self.challenge.with_value(|challenge| {
            let labs = if challenge.via.is_some() { "via" } else { "lab" };
            let wanted = challenge.wanted_url().map(|url| self.filled(url));
            [format!("{}/{labs}/", relay())].into_iter().chain(wanted).collect()
        })
    }

    /// `text` with its placeholders filled in.
    pub fn filled(self, text: &str) -> String {
        self.values.with_value(|values| fill(text, values))
    }

    /// The same for HTML.
    pub fn filled_html(self, html: &str) -> String {
        let escape = |value: &String| value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let values = self.values.with_value(|values| {
            values.iter().map(|(name, value)| (name.clone(), escape(value))).collect::<BTreeMap<_, _>>()
        });
        fill(html, &values)
    }

    /// Stores the session, so that a reload continues with it.
    pub fn remember(self) {
        let value = format!("{} {}", self.session.get_value(), self.since());
        if let Some(storage) = storage() {
            // Without storage, a reload starts a new session.
            let _ = storage.set_item(&key(&self.id()), &value);
        }
    }
}

/// The origin of the relay's WebSockets.
fn relay() -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|scheme| scheme == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}{}", location.host().unwrap_or_default(), site::base())
}

/// What the relay found in an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayReport {
    /// The last observation before the attempt.
    pub since: Seq,
    /// The last observation that the page knew when it asked.
    pub last: Seq,
    pub report: Report,
}

/// `report` with the relay's verdicts on the checks that only the relay can decide.
fn decided(mut report: Report, challenge: &Challenge, by_relay: Option<&RelayReport>) -> Report {
    let verdicts = by_relay.map(|found| found.report.verdicts.as_slice()).unwrap_or_default();
    for (check, (verdict, decided)) in challenge.checks.iter().zip(report.verdicts.iter_mut().zip(verdicts)) {
        if challenge.needs_relay(check) {
            *verdict = decided.clone();
        }
    }
    report
}

/// The session that this tab stored for a challenge, and the last observation that does not count.
pub fn remembered(challenge: &str) -> Option<(SessionId, Seq)> {
    let value = storage()?.get_item(&key(challenge)).ok()??;
    let (session, since) = value.split_once(' ')?;
    Some((SessionId::parse(session)?, Seq(since.parse().ok()?)))
}

fn is_over(connection: &Connection) -> bool {
    connection.closed.is_some() || connection.refusal.is_some()
}

/// How many sockets of a run connect to this relay.
fn watched(record: &Record, run: &PageRun) -> usize {
    let is_own = |event: &&PageEvent| {
        matches!(event.act, PageAct::Constructed { .. }) && record.sequence.is_watched(event.socket)
    };
    run.events.iter().filter(is_own).count()
}

/// The last observation that does not count for an attempt that started at `begun`. Sockets of an older run may have been
/// connecting at that time. If this page has made more connections since than this run has opened, the first ones belong to
/// the older run.
fn past_older_runs(record: &Record, begun: Seq, run: Option<&PageRun>) -> Seq {
    let connection = |number: ConnectionNumber| record.transcript.connection(number);
    let begins = |observation: &Observation| matches!(observation.event, Event::Opening(_) | Event::Refusal(_));
    let of_page: Vec<ConnectionNumber> = record
        .transcript
        .after(begun)
        .filter(|observation| begins(observation) && record.sequence.owner(observation.connection).is_some())
        .map(|observation| observation.connection)
        .collect();
    let own = run.map_or(0, |run| watched(record, run));
    let older = of_page.len().saturating_sub(own);
    let client_sides = of_page[..older].iter().filter_map(|&number| connection(number));
    let both_sides = client_sides.flat_map(|client| [Some(client), client.other.and_then(connection)]).flatten();
    both_sides.filter_map(|side| side.opening.or(side.refusal)).fold(begun, Seq::max)
}

/// The parts of `run` that a check can ask for. A whole run may be too large for a request.
fn needed_by_checks(run: &PageRun, checks: &[Check]) -> PageRun {
    const NO_PAYLOAD: PagePayload =
        PagePayload { kind: MessageKind::Text, bytes: 0, utf16_length: 0, preview: String::new() };
    let mut events: Vec<PageEvent> = Vec::new();
    for event in &run.events {
        let act = match &event.act {
            PageAct::Constructed { url, .. } => PageAct::Constructed { url: url.clone(), protocols: Vec::new() },
            PageAct::Open { .. } => PageAct::Open { protocol: String::new(), extensions: String::new() },
            PageAct::Closed { code, was_clean, .. } => {
                PageAct::Closed { code: *code, reason: String::new(), was_clean: *was_clean }
            }
            PageAct::Sent(_) => PageAct::Sent(NO_PAYLOAD),
            PageAct::Received(_) => PageAct::Received(NO_PAYLOAD),
            PageAct::CloseCalled { .. } => continue,
            PageAct::Error => PageAct::Error,
        };
        // The checks only ask whether such an event exists.
        if checks.iter().any(|check| asks_for(&check.condition, &act)) && events.iter().all(|known| known.act != act) {
            events.push(PageEvent { act, ..*event });
        }
    }
    PageRun { events, printed: Vec::new(), ..run.clone() }
}

fn asks_for(condition: &Condition, act: &PageAct) -> bool {
    match (condition, act) {
        (Condition::Tried(wanted), PageAct::Constructed { url, .. }) => url.starts_with(&wanted.url),
        (Condition::Event(wanted), PageAct::Closed { code, .. }) => wanted.code.is_none_or(|wanted| wanted == *code),
        (Condition::Event(_), PageAct::Open { .. } | PageAct::Received(_) | PageAct::Error) => true,
        (Condition::Buffered(_), PageAct::Sent(_)) => true,
        _ => false,
    }
}

fn key(challenge: &str) -> String {
    format!("framescope.challenge.{challenge}")
}

fn storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::store::record::Incoming;
    use curriculum::page_run::{Level, Printed, RunEnd};
    use observation::FeedMessage;
    use observation::event::Opening;
    use observation::page::{EventNumber, Fingerprint, SocketNumber};

    const REQUEST: &[u8] = b"GET /lab/s HTTP/1.1\r\nOrigin: null\r\nUser-Agent: a\r\n\r\n";

    fn constructed(socket: u32) -> PageEvent {
        let act = PageAct::Constructed { url: "ws://relay/lab/s".into(), protocols: Vec::new() };
        event(socket, act)
    }

    fn event(socket: u32, act: PageAct) -> PageEvent {
        PageEvent { number: EventNumber(socket.into()), socket: SocketNumber(socket), at_us: 0, act }
    }

    /// The record after the page created these sockets and the relay saw connections with these numbers.
    fn record(sockets: &[u32], connections: &[u32]) -> Record {
        let mut record = Record::default();
        for &socket in sockets {
            let fingerprint = Fingerprint { target: "/lab/s".into(), origin: "null".into(), user_agent: "a".into() };
            record.take_in(Incoming::Expect(SocketNumber(socket), fingerprint));
            record.take_in(Incoming::Page(constructed(socket), None));
        }
        let opening = |&number: &u32| Observation {
            seq: Seq(number.into()),
            connection: ConnectionNumber(number),
            at_us: 0,
            event: Event::Opening(Opening { request: REQUEST.to_vec(), ..Opening::default() }),
        };
        record.take_in(Incoming::Feed(FeedMessage::Observations(connections.iter().map(opening).collect())));
        record
    }

    fn run(sockets: &[u32]) -> PageRun {
        PageRun { events: sockets.iter().copied().map(constructed).collect(), ..PageRun::default() }
    }

    #[test]
    fn a_late_socket_of_an_older_run_does_not_count() {
        let past = |sockets: &[u32], connections: &[u32], own: &[u32]| {
            past_older_runs(&record(sockets, connections), Seq(0), Some(&run(own)))
        };
        assert_eq!(past(&[1], &[1], &[]), Seq(1));
        assert_eq!(past(&[1, 2], &[1, 2], &[2]), Seq(1));
        assert_eq!(past(&[1, 2], &[1, 2], &[1, 2]), Seq(0));
        // A socket that never reached the relay leaves nothing to skip.
        assert_eq!(past(&[1, 2], &[1], &[2]), Seq(0));
        // Neither does another client's connection.
        assert_eq!(past(&[], &[1], &[]), Seq(0));
        assert_eq!(past_older_runs(&record(&[1], &[1]), Seq(0), None), Seq(1));
    }

    #[test]
    fn the_report_to_the_relay_is_small_and_keeps_what_checks_need() {
        let check = |look: &str| -> Check {
            serde_json::from_str(&format!(r#"{{"id":"a","wants":"b",{look}}}"#)).expect("a check")
        };
        let checks = [
            check(r#""tried":{"url":"ws://relay/lab"}"#),
            check(r#""event":{"name":"close","code":1006}"#),
            check(r#""buffered":{"at-most":10}"#),
        ];
        let payload = || PagePayload { kind: MessageKind::Text, bytes: 9, utf16_length: 9, preview: "x".repeat(120) };
        let closed = |code| PageAct::Closed { code, reason: "r".repeat(120), was_clean: false };
        let mut events: Vec<PageEvent> = (0..4_000).map(|socket| event(socket, PageAct::Sent(payload()))).collect();
        events.extend([constructed(1), event(1, closed(1000)), event(1, closed(1006)), event(2, closed(1006))]);
        let run = PageRun {
            events,
            printed: vec![Printed { level: Level::Log, text: "x".repeat(300_000) }],
            most_buffered: 7,
            ended: Some(RunEnd::Done),
            ..PageRun::default()
        };
        let needed_by_checks = needed_by_checks(&run, &checks);
        assert_eq!(needed_by_checks.events.len(), 3);
        assert!(
            matches!(&needed_by_checks.events[1].act, PageAct::Constructed { url, .. } if url == "ws://relay/lab/s")
        );
        assert_eq!((needed_by_checks.most_buffered, needed_by_checks.ended), (7, Some(RunEnd::Done)));
        assert!(serde_json::to_string(&needed_by_checks).expect("JSON").len() < 2_000);
        assert!(super::needed_by_checks(&run, &[]).events.is_empty());
    }
}
