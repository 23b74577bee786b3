//! Builds a session as a relay would record it, and a challenge with a single check to grade it.

use curriculum::challenge::{Challenge, Counts, Place, Summary};
use curriculum::check::Check;
use curriculum::grade::{Attempt, Report, Verdict, grade};
use curriculum::page_run::PageRun;
use curriculum::values::{ValueSecret, ValueSpec, Values};
use observation::event::{Cause, Closed, Count, Event, Frame, Opening, Refusal};
use observation::{
    Act, Asked, ConnectionNumber, Deliberate, Hop, Intermediary, Leg, Observation, Party, Route, Seq, SessionId,
    Transcript,
};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use wire::Sender;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::message::MessageTracker;
use wire::opcode::Opcode;

pub(crate) const CLIENT: Party = Party::Client;
pub(crate) const SERVER: Party = Party::Server;

/// The relay's secret.
pub(crate) fn secret() -> ValueSecret {
    ValueSecret::new([9; 32])
}

pub(crate) fn session_id() -> SessionId {
    SessionId::from_random([7; 16])
}

/// A challenge with this condition, written as authors write it, but in JSON.
pub(crate) fn challenge(condition: serde_json::Value, counts: Counts) -> Challenge {
    let mut check = serde_json::json!({ "id": "it", "wants": "It." });
    check.as_object_mut().expect("an object").extend(condition.as_object().expect("an object").clone());
    let check: Check = serde_json::from_value(check).expect("a check");
    Challenge {
        summary: Summary {
            id: "c".into(),
            title: String::new(),
            summary: String::new(),
            level: 1,
            minutes: 1,
            place: Place::Anywhere,
        },
        task: "{{text}} {{bytes}}".into(),
        query: String::new(),
        via: None,
        script: None,
        value_specs: BTreeMap::from([
            ("text".into(), ValueSpec::Words { count: 2 }),
            ("key".into(), ValueSpec::Key),
            ("bytes".into(), ValueSpec::Bytes { count: 4 }),
            ("number".into(), ValueSpec::Number { from: 3, to: 9 }),
            ("one".into(), ValueSpec::OneOf { values: vec!["a".into(), "b".into()] }),
            ("frame".into(), ValueSpec::Frame { text: "text".into() }),
        ]),
        counts,
        conceal: false,
        limit_ms: 1000,
        checks: vec![check],
        hints: Vec::new(),
        starter: String::new(),
        html_file: None,
        lesson: None,
    }
}

pub(crate) struct Session {
    transcript: Transcript,
    at_us: u64,
    seq: u64,
    trackers: HashMap<(ConnectionNumber, Party), MessageTracker>,
    by_command: bool,
}

/// The request line for `target`.
pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1")
}

impl Session {
    pub(crate) fn new() -> Self {
        Self { transcript: Transcript::new(1000), at_us: 0, seq: 0, trackers: HashMap::new(), by_command: false }
    }

    pub(crate) fn last(&self) -> Seq {
        Seq(self.seq)
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, ms: u64) -> &mut Self {
        self.at_us += ms * 1000;
        self
    }

    fn event(&mut self, connection: u32, event: Event) -> &mut Self {
        self.seq += 1;
        let connection = ConnectionNumber(connection);
        self.transcript.observe(Rc::new(Observation { seq: Seq(self.seq), at_us: self.at_us, connection, event }));
        self
    }

    pub(crate) fn open(&mut self, connection: u32) -> &mut Self {
        self.open_with(connection, &[], None)
    }

    pub(crate) fn open_with(&mut self, connection: u32, offered: &[&str], agreed: Option<&str>) -> &mut Self {
        let offer = if offered.is_empty() {
            String::new()
        } else {
            format!("Sec-WebSocket-Protocol: {}\r\n", offered.join(", "))
        };
        let request = format!("{}\r\nHost: lab\r\n{offer}\r\n", get("/lab/s"));
        let opening = Opening { subprotocol: agreed.map(str::to_owned), ..self.opening(&request, None) };
        self.event(connection, Event::Opening(opening))
    }

    /// A request with this text reaches the lab and opens a connection.
    pub(crate) fn open_by(&mut self, connection: u32, request: &str, hop: Option<Hop>) -> &mut Self {
        let opening = self.opening(request, hop);
        self.event(connection, Event::Opening(opening))
    }

    /// Connection `near` is the client side of a hop that was requested like this. The next number is the connection to the lab.
    pub(crate) fn open_over(&mut self, near: u32, middle: Intermediary, asked: &str, request: &str) -> &mut Self {
        let hop = |leg, other| Hop { leg, middle: middle.clone(), other, server: None, address: None };
        let route = Route { hop: Some(hop(Leg::Near, None)), ..Route::default() };
        let far = hop(Leg::Far, Some(ConnectionNumber(near)));
        let asked = Asked { request: asked.as_bytes().to_vec(), route, deliberate: Vec::new(), concealed: Vec::new() };
        self.event(near, Event::Asked(asked)).open_by(near + 1, request, Some(far))
    }

    fn opening(&self, request: &str, hop: Option<Hop>) -> Opening {
        Opening {
            request: request.as_bytes().to_vec(),
            response: b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec(),
            requested_us: self.at_us,
            route: Route { hop, ..Route::default() },
            ..Opening::default()
        }
    }

    /// The lab refuses the request.
    pub(crate) fn refuse(&mut self, connection: u32, request: &str) -> &mut Self {
        let refusal = Refusal {
            request: request.as_bytes().to_vec(),
            status: Some(400),
            rule: "setting".into(),
            explanation: "there is no such setting".to_owned(),
            requested_us: self.at_us,
            ..Refusal::default()
        };
        self.event(connection, Event::Refusal(refusal))
    }

    /// Marks everything that `act` records as the result of an observer's command.
    pub(crate) fn by_command(&mut self, act: impl FnOnce(&mut Self)) -> &mut Self {
        self.by_command = true;
        act(self);
        self.by_command = false;
        self
    }

    pub(crate) fn drop_by_command(&mut self, connection: u32) -> &mut Self {
        self.event(connection, Event::Act(Act::of(Deliberate::by_console("drop", "by hand", None))))
            .end(connection, false)
    }

    pub(crate) fn frame(
        &mut self,
        connection: u32,
        from: Party,
        fin: bool,
        opcode: Opcode,
        payload: &[u8],
    ) -> &mut Self {
        let mut header = FrameHeader::unmasked(fin, opcode, payload.len() as u64);
        let mut payload = payload.to_vec();
        if from == CLIENT {
            let key = MaskingKey([1, 2, 3, 4]);
            header.masking_key = Some(key);
            key.apply(&mut payload, 0);
        }
        let bytes = payload.len() as u64;
        let mut frame = Frame::new(Sender::from(from), &header, payload, bytes);
        let tracker = self.trackers.entry((ConnectionNumber(connection), from)).or_default();
        frame.position = tracker.frame(opcode, fin).0.map(Into::into);
        frame.deliberate = self.by_command.then(|| Deliberate::by_console("text", "by hand", None));
        self.event(connection, Event::Frame(frame))
    }

    /// A reply with this fault, which the behavior asks for.
    pub(crate) fn fault(&mut self, connection: u32, name: &'static str) -> &mut Self {
        let mut frame = Frame::new(SERVER.into(), &FrameHeader::unmasked(true, Opcode::Text, 1), b"x".to_vec(), 1);
        frame.deliberate = Some(Deliberate::by_behaviour(name, "a fault", None));
        self.event(connection, Event::Frame(frame))
    }

    /// An observer changes the behavior.
    pub(crate) fn behave_by_command(&mut self, connection: u32) -> &mut Self {
        self.event(connection, Event::Act(Act::of(Deliberate::by_console("behave", "by hand", None))))
    }

    pub(crate) fn text(&mut self, connection: u32, from: Party, text: &str) -> &mut Self {
        self.frame(connection, from, true, Opcode::Text, text.as_bytes())
    }

    pub(crate) fn binary(&mut self, connection: u32, from: Party, bytes: &[u8]) -> &mut Self {
        self.frame(connection, from, true, Opcode::Binary, bytes)
    }

    pub(crate) fn close_frame(&mut self, connection: u32, from: Party, code: u16, reason: &str) -> &mut Self {
        self.frame(connection, from, true, Opcode::Close, &[&code.to_be_bytes(), reason.as_bytes()].concat())
    }

    pub(crate) fn end(&mut self, connection: u32, clean: bool) -> &mut Self {
        self.end_by(connection, if clean { Cause::ClosingHandshake } else { Cause::ConnectionEnded })
    }

    pub(crate) fn end_by(&mut self, connection: u32, cause: Cause) -> &mut Self {
        let clean = cause == Cause::ClosingHandshake;
        let closed = Closed {
            first: clean.then_some(CLIENT),
            code: clean.then_some(1000),
            reason: String::new(),
            clean,
            cause,
            client: Count::default(),
            server: Count::default(),
        };
        self.event(connection, Event::Closed(closed))
    }

    pub(crate) fn report(&self, challenge: &Challenge, since: Seq, run: Option<&PageRun>) -> Report {
        let values = challenge.values(&session_id(), &secret());
        grade(challenge, Attempt { values: &values, transcript: &self.transcript, since, run })
    }

    /// The report of someone who knows only these values.
    pub(crate) fn report_with(&self, challenge: &Challenge, values: &Values) -> Report {
        grade(challenge, Attempt { values, transcript: &self.transcript, since: Seq(0), run: None })
    }

    /// The verdict on the newest connection.
    pub(crate) fn check(&self, condition: serde_json::Value) -> Verdict {
        self.report(&challenge(condition, Counts::Last), Seq(0), None).verdicts.remove(0)
    }

    /// The verdict on all connections.
    pub(crate) fn check_all(&self, condition: serde_json::Value) -> Verdict {
        self.report(&challenge(condition, Counts::All), Seq(0), None).verdicts.remove(0)
    }

    #[track_caller]
    pub(crate) fn meets(&self, condition: serde_json::Value) {
        let verdict = self.check_all(condition);
        assert!(verdict.met, "{}", verdict.found);
    }

    /// The condition is not met, and the verdict contains `words`.
    #[track_caller]
    pub(crate) fn fails(&self, condition: serde_json::Value, words: &str) {
        let verdict = self.check_all(condition);
        assert!(!verdict.met, "it is met: {}", verdict.found);
        assert!(verdict.found.contains(words), "{}", verdict.found);
    }
}
