//! A whole connection: receiving frames and echoing them.

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

/// Reads the kind of connection, and how to split the rest, from the start of `bytes`. Checks that the split does not change the
/// frames, verdicts and answers, and that the echoes of valid frames are valid and the same.
pub fn endpoint(bytes: &[u8]) {
    let Some((&[kind, patience], bytes)) = bytes.split_first_chunk::<2>() else { return };
    let connection = Connection {
        peer: if kind & 1 == 0 { Sender::Client } else { Sender::Server },
        limits: if kind & 2 == 0 { LARGE } else { SMALL },
        agreed: (kind & 4 == 0).then(|| agreement(kind)),
    };
    let pieces = cut(bytes);
    connection.check_splits(&pieces, usize::from(patience));
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

/// `frame` without the parts that depend on how much of it had arrived when it was abandoned.
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

    /// The frames, their answers, and the truncated last frame. `patience` is how many calls fill the handler; 0 means it is never
    /// full.
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

    fn check_splits(&self, pieces: &[Vec<u8>], patience: usize) {
        let (cut, cut_answers, cut_off) = self.receive(pieces, patience);
        let (whole, answers, whole_cut_off) = self.receive(&[pieces.concat()], 0);
        assert_eq!(cut.iter().map(settled).collect::<Vec<_>>(), whole.iter().map(settled).collect::<Vec<_>>());
        assert_eq!(cut_answers, answers);
        assert_eq!(cut_off, whole_cut_off);
        assert!(whole.iter().rev().skip(1).all(|frame| frame.is_valid()), "only the last frame can be wrong");
        let failed = whole.last().is_some_and(|frame| !frame.is_valid());
        assert!(cut_off.is_none_or(|frame| !failed && !frame.whole && frame.is_valid()));
        // An abandoned frame may have progressed differently in the two runs.
        for (cut, whole) in cut.iter().zip(&whole) {
            assert!(whole.payload.starts_with(&cut.payload) && (whole.whole || !cut.whole));
            assert!(whole.inflated.starts_with(&cut.inflated) || cut.inflated.starts_with(&whole.inflated));
        }
    }

    /// Echoes the frames, and checks that the peer finds the echoes valid and the same.
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
            assert!(
                matches!(there.answer(frame), Answer::Close(_)),
                "any failure can be answered with a close frame to"
            );
        }
    }
}

/// The kind and content of each complete message.
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
