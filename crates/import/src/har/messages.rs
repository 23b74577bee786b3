//! A frame for each message of an entry. HAR has no frames, so the header is made up: FIN, no extension, and the masking key 0 if
//! the client sent the message.

use super::entry::Message;
use crate::recorder::{Moment, Recorder};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use observation::{ConnectionNumber, Frame, Position};
use wire::Sender;
use wire::header::{FrameHeader, PayloadLength, Rsv};
use wire::header_rules::header_violations;
use wire::mask::MaskingKey;
use wire::message::MessageTracker;
use wire::opcode::Opcode;

pub(super) struct Messages {
    connection: ConnectionNumber,
    /// When the last message was recorded.
    last: Moment,
    client: MessageTracker,
    server: MessageTracker,
    /// How many messages there were.
    count: u64,
}

impl Messages {
    pub(super) fn new(connection: ConnectionNumber, opened: Moment) -> Self {
        let (client, server) = (MessageTracker::default(), MessageTracker::default());
        Self { connection, last: opened, client, server, count: 0 }
    }

    pub(super) fn message(&mut self, message: &Message<'_>, recorder: &mut Recorder) {
        self.count += 1;
        let at_us = message.at_us().unwrap_or(self.last.at_us).max(self.last.at_us);
        self.last.at_us = at_us;
        let from = match &*message.kind {
            "send" => Sender::Client,
            "receive" => Sender::Server,
            "error" => return self.problem(recorder, &format!("an error of the browser: {}", start(&message.data))),
            other => {
                return self.problem(recorder, &format!("the type `{}` is not `send` or `receive`", start(other)));
            }
        };
        let opcode = match message.opcode {
            Some(1) => Opcode::Text,
            Some(2) => Opcode::Binary,
            Some(8) => Opcode::Close,
            Some(9) => Opcode::Ping,
            Some(10) => Opcode::Pong,
            Some(other) => return self.problem(recorder, &format!("the opcode {other} is not the start of a message")),
            None => return self.problem(recorder, "it has no opcode"),
        };
        // Chrome writes everything but text in base64.
        let payload = match opcode {
            Opcode::Text => message.data.as_bytes().to_vec(),
            _ => STANDARD.decode(&*message.data).unwrap_or_else(|_| {
                self.problem(recorder, "its data is not base64, so it is shown as text");
                message.data.as_bytes().to_vec()
            }),
        };
        self.frame(from, opcode, payload, recorder);
    }

    fn frame(&mut self, from: Sender, opcode: Opcode, mut payload: Vec<u8>, recorder: &mut Recorder) {
        let bytes = payload.len() as u64;
        let masking_key = (from == Sender::Client).then_some(MaskingKey([0; 4]));
        let header =
            FrameHeader { fin: true, rsv: Rsv::default(), opcode, masking_key, length: PayloadLength::minimal(bytes) };
        let messages = if from == Sender::Client { &mut self.client } else { &mut self.server };
        let (position, _) = messages.frame(opcode, true);
        payload.truncate(recorder.limits().payload);
        let frame = Frame {
            position: position.map(Position::from),
            violations: header_violations(&header, from, false).iter().map(Into::into).collect(),
            ..Frame::new(from, &header, payload, bytes)
        };
        recorder.frame(self.last, self.connection, frame);
    }

    /// Reports something about the current message. `why` continues a sentence.
    fn problem(&self, recorder: &mut Recorder, why: &str) {
        let Self { connection, count, .. } = self;
        recorder.problem(self.last.place, format!("message {count} of connection {}: {why}", connection.0));
    }
}

/// The start of a text from the file.
fn start(text: &str) -> String {
    text.chars().take(100).collect()
}
