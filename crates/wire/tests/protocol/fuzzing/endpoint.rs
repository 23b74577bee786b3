//! A connection from its first byte to its last, one way and back.

use super::cut;
use crate::support::{Endpoint, Received};
use wire::Sender;
use wire::deflate::{Agreed, Policy, Verdict, negotiate};
use wire::extension;
use wire::header::{FrameHeader, Rsv};
use wire::incoming::{Frame, Limits};
use wire::mask::MaskingKey;
use wire::message::MessageKind;
use wire::opcode::Opcode;
use wire::outgoing::Answer;

const SMALL: Limits = Limits { frame: 200, message: 300 };
const LARGE: Limits = Limits { frame: 1 << 16, message: 1 << 16 };
const NONE: Limits = Limits { frame: u64::MAX, message: u64::MAX };

/// Takes from the front of `bytes` what kind of connection it is and how the rest is cut, which makes no difference: the
/// same frames, verdicts and answers. What was right comes back the same when it is echoed.
pub fn endpoint(bytes: &[u8]) {
    let Some((&[kind, patience], bytes)) = bytes.split_first_chunk::<2>() else { return };
    let connection = Connection {
        peer: if kind & 1 == 0 { Sender::Client } else { Sender::Server },
        limits: if kind & 2 == 0 { LARGE } else { SMALL },
        agreed: (kind & 4 == 0).then(|| agreement(kind)),
    };
    let pieces = cut(bytes);
    connection.verdicts_do_not_depend_on_how_bytes_are_split(&pieces, usize::from(patience));
    connection.echoes(&pieces.concat());
}

#[derive(Clone, Copy, Debug)]
struct Connection {
    peer: Sender,
    limits: Limits,
    agreed: Option<Agreed>,
}

fn agreement(kind: u8) -> Agreed {
    let policy = Policy {
        server_no_context_takeover: kind & 8 != 0,
        client_no_context_takeover: kind & 16 != 0,
        server_max_window_bits: 15 - (kind >> 5) % 7,
        ..Policy::ON
    };
    let offers = extension::parse("permessage-deflate").expect("an extension list");
    match negotiate(&offers, &policy).remove(0) {
        Verdict::Accepted(agreed) => agreed,
        Verdict::Declined(reason) => panic!("{reason}"),
    }
}

/// All of `frame` but what depends on how much of it had come when it was given up.
fn settled(frame: &Received) -> Received {
    if frame.is_valid() {
        return frame.clone();
    }
    let frame = Frame { arrived: 0, whole: false, close: None, ..frame.frame.clone() };
    Received { frame, payload: Vec::new(), inflated: Vec::new() }
}

impl Connection {
    fn endpoint(&self, peer: Sender) -> Endpoint {
        let endpoint = Endpoint::new(peer, self.limits);
        match &self.agreed {
            Some(agreed) => endpoint.with_deflate(agreed),
            None => endpoint,
        }
    }

    /// The frames, their answers, and the frame that the line ended in. `patience` is how often a handler takes something
    /// before it is full, 0 without end.
    fn receive(&self, pieces: &[Vec<u8>], patience: usize) -> (Vec<Received>, Vec<Answer>, Option<Received>) {
        let mut endpoint = self.endpoint(self.peer).with_patience(if patience == 0 { usize::MAX } else { patience });
        let mut frames = Vec::new();
        for piece in pieces {
            endpoint.receive(&mut piece.clone(), &mut frames);
        }
        let answers = frames.iter().map(|frame| endpoint.answer(frame)).collect();
        let cut_off = endpoint.cut_off();
        (frames, answers, cut_off)
    }

    fn verdicts_do_not_depend_on_how_bytes_are_split(&self, pieces: &[Vec<u8>], patience: usize) {
        let (cut, cut_answers, cut_off) = self.receive(pieces, patience);
        let (whole, answers, whole_cut_off) = self.receive(&[pieces.concat()], 0);
        assert_eq!(cut.iter().map(settled).collect::<Vec<_>>(), whole.iter().map(settled).collect::<Vec<_>>());
        assert_eq!(cut_answers, answers);
        assert_eq!(cut_off, whole_cut_off);
        assert!(whole.iter().rev().skip(1).all(|frame| frame.is_valid()), "only the last frame can be wrong");
        let failed = whole.last().is_some_and(|frame| !frame.is_valid());
        assert!(cut_off.is_none_or(|frame| !failed && !frame.whole && frame.is_valid()));
        // Of a frame that is given up one may have come farther than the other.
        for (cut, whole) in cut.iter().zip(&whole) {
            assert!(whole.payload.starts_with(&cut.payload) && (whole.whole || !cut.whole));
            assert!(whole.inflated.starts_with(&cut.inflated) || cut.inflated.starts_with(&whole.inflated));
        }
    }

    /// What this end sends back of it, the other finds right, and the same.
    fn echoes(&self, bytes: &[u8]) {
        let (frames, answers, _) = self.receive(&[bytes.to_vec()], 0);
        let (other, masking_key) = match self.peer {
            Sender::Client => (Sender::Server, None),
            Sender::Server => (Sender::Client, Some(MaskingKey(*b"mask"))),
        };
        let mut here = self.endpoint(self.peer);
        let mut there = Self { limits: NONE, ..*self }.endpoint(other);
        let mut out = Vec::new();
        let mut send = |here: &mut Endpoint, rsv, opcode, payload: &[u8]| {
            let header = FrameHeader { rsv, masking_key, ..FrameHeader::unmasked(true, opcode, payload.len() as u64) };
            here.send(&header, payload, &mut out);
        };
        let sent = whole_messages(&frames);
        for (kind, content) in &sent {
            let opcode = if *kind == MessageKind::Text { Opcode::Text } else { Opcode::Binary };
            let compressed = here.outgoing.deflater().map(|deflater| {
                deflater.push(content);
                deflater.finish();
                deflater.take()
            });
            let rsv = Rsv { rsv1: compressed.is_some(), ..Rsv::default() };
            send(&mut here, rsv, opcode, compressed.as_ref().unwrap_or(content));
        }
        for answer in answers {
            if let Answer::Close(payload) | Answer::Fail(Some(payload)) = answer {
                send(&mut here, Rsv::default(), Opcode::Close, &payload);
            }
        }
        let mut back = Vec::new();
        there.receive(&mut out, &mut back);
        assert!(back.iter().all(|frame| frame.is_valid()), "{back:?}");
        assert!(whole_messages(&back) == sent);
        for frame in back.iter().filter(|frame| frame.header.opcode == Opcode::Close) {
            assert!(matches!(there.answer(frame), Answer::Close(_)), "whatever it is told, it can say goodbye to");
        }
    }
}

/// Kind and content of each message that has come to its end.
fn whole_messages(frames: &[Received]) -> Vec<(MessageKind, Vec<u8>)> {
    let mut messages = Vec::new();
    let mut open = Vec::new();
    for frame in frames.iter().filter(|frame| frame.is_valid()) {
        let Some(position) = frame.position else { continue };
        open.extend_from_slice(if frame.compressed { &frame.inflated } else { &frame.payload });
        if position.last {
            messages.push((position.kind, std::mem::take(&mut open)));
        }
    }
    messages
}
