//! Runs the steps of a scenario.

use super::conversation::Conversation;
use super::handshake::{Opened, open};
use super::inbox::Received;
use super::prepare::Prepared;
use super::recorder::Recorder;
use scenario::matching::{Arrival, Verdict};
use scenario::model::{Action, Expect, Send, Step, Unexpected, What};
use scenario::quote;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wire::message::MessageKind;
use wire::opcode::Opcode;

/// How long the closing handshake may take after the last step.
const CLOSE: Duration = Duration::from_secs(2);

/// What became of a scenario.
pub(super) enum Outcome {
    Passed,
    Failed(Failure),
    /// There was no response to the handshake. The text is a sentence without a capital letter and full stop.
    Unreachable(String),
}

/// Why a scenario failed. The texts have no values of variables in them.
pub(super) struct Failure {
    /// The number of the step, from 1, and its line; `None` for the handshake.
    pub(super) step: Option<(usize, usize)>,
    /// What should have happened, and what happened instead.
    pub(super) expected: String,
    pub(super) came: String,
}

/// Runs a scenario, until `until` at the latest.
pub(super) async fn run(prepared: &Prepared, until: Instant) -> (Outcome, Recorder) {
    let until = until.min(Instant::now() + prepared.scenario.time);
    let recorder = Recorder::new(Arc::clone(&prepared.secrets));
    let mut conversation = match open(prepared, recorder, until).await {
        Opened::Open(conversation) => conversation,
        Opened::Refused(recorder) => return (Outcome::Passed, recorder),
        Opened::Unreachable(recorder, why) => return (Outcome::Unreachable(recorder.secrets().text(&why)), recorder),
        Opened::Unexpected(recorder, expected, came) => {
            let [expected, came] = [expected, came].map(|text| recorder.secrets().text(&text));
            return (Outcome::Failed(Failure { step: None, expected, came }), recorder);
        }
    };
    let mut outcome = Outcome::Passed;
    for (number, step) in (1..).zip(&prepared.scenario.steps) {
        if let Err((expected, came)) = run_step(&mut conversation, step, until).await {
            let secrets = conversation.recorder().secrets();
            let [expected, came] = [expected, came].map(|text| secrets.text(&text));
            outcome = Outcome::Failed(Failure { step: Some((number, step.line)), expected, came });
            break;
        }
    }
    (outcome, conversation.close(Instant::now() + CLOSE).await)
}

/// Runs a step. An error has what should have happened, and what happened instead.
async fn run_step(conversation: &mut Conversation, step: &Step, until: Instant) -> Result<(), (String, String)> {
    match &step.action {
        Action::Expect(expect) => wait(conversation, expect, until).await,
        Action::Send(send) => {
            let sent = match send {
                Send::Text(text) => {
                    let text = text.fill(|_| None).unwrap_or_default();
                    conversation.message(MessageKind::Text, text.as_bytes(), until).await
                }
                Send::Binary(bytes) => conversation.message(MessageKind::Binary, bytes, until).await,
                Send::File(kind, bytes) => conversation.message(*kind, bytes, until).await,
                Send::Ping(payload) => conversation.control(Opcode::Ping, payload, until).await,
                Send::Pong(payload) => conversation.control(Opcode::Pong, payload, until).await,
                Send::Close(code, reason) => {
                    let mut payload = code.map_or(Vec::new(), |code| code.to_be_bytes().to_vec());
                    payload.extend_from_slice(reason.as_bytes());
                    conversation.control(Opcode::Close, &payload, until).await
                }
                Send::Frame(frame) => conversation.composed(frame, until).await,
            };
            sent.map_err(|error| (format!("to send {}", describe(send)), error.to_string()))
        }
    }
}

/// What a step sends, as a noun.
fn describe(send: &Send) -> String {
    match send {
        Send::Text(_) | Send::File(MessageKind::Text, _) => "a text message".to_owned(),
        Send::Binary(_) | Send::File(MessageKind::Binary, _) => "a binary message".to_owned(),
        Send::Ping(_) => "a ping".to_owned(),
        Send::Pong(_) => "a pong".to_owned(),
        Send::Close(..) => "a close frame".to_owned(),
        Send::Frame(frame) => format!("a {} frame", quote::opcode(frame.header.opcode)),
    }
}

/// Waits for what is expected.
async fn wait(conversation: &mut Conversation, expect: &Expect, until: Instant) -> Result<(), (String, String)> {
    let Expect { what, within, unexpected } = expect;
    let (time, is_silence) = match what {
        What::Silence(time) => (*time, true),
        _ => (*within, false),
    };
    let expected = || match is_silence {
        true => what.describe(),
        false => format!("{}, within {time:?}", what.describe()),
    };
    let limit = Instant::now() + time;
    loop {
        let Some(received) = conversation.next(limit.min(until)).await else {
            return match is_silence && limit <= until {
                true => Ok(()),
                false if until < limit => Err((expected(), "the time of the scenario was over".to_owned())),
                false => Err((expected(), "nothing arrived in that time".to_owned())),
            };
        };
        match judge(conversation, what, &received, *unexpected) {
            Verdict::Met => {
                if matches!(received, Received::Frame { completes: true, .. }) && matches!(what, What::Frame(_)) {
                    conversation.skip_message();
                }
                return Ok(());
            }
            Verdict::Skipped => {}
            Verdict::Failed(came) => return Err((expected(), came)),
        }
    }
}

fn judge(conversation: &Conversation, what: &What, received: &Received, unexpected: Unexpected) -> Verdict {
    match what.judge(received.arrival(), unexpected) {
        Verdict::Failed(came) => {
            // A quotation may cut a value, so it is made from a payload without values.
            let secrets = conversation.recorder().secrets();
            let judged = match received.arrival() {
                Arrival::Message(kind, content) => {
                    what.judge(Arrival::Message(kind, &secrets.concealed(content)), unexpected)
                }
                Arrival::Frame(header, content) => {
                    what.judge(Arrival::Frame(header, &secrets.concealed(content)), unexpected)
                }
                Arrival::End { .. } => Verdict::Failed(came),
            };
            match judged {
                Verdict::Failed(came) => Verdict::Failed(came + &fault(received).unwrap_or_default()),
                _ => Verdict::Failed("a value of a variable, which is not shown".to_owned()),
            }
        }
        Verdict::Skipped => match fault(received) {
            Some(fault) => Verdict::Failed(received.arrival().describe() + &fault),
            None => Verdict::Skipped,
        },
        Verdict::Met => Verdict::Met,
    }
}

/// The rule that a frame breaks, so that the client must fail the connection.
fn fault(received: &Received) -> Option<String> {
    match received {
        Received::Frame { fault: Some(fault), .. } => Some(format!(", which breaks a rule: {fault}")),
        _ => None,
    }
}
