//! A WebSocket after its opening handshake: the frames of both directions, and the end.

use super::ending::Ending;
use super::frames::{Compression, Frames};
use crate::recorder::{Moment, Recorder};
use observation::event::{Cause, Closed};
use observation::{ConnectionNumber, Event, Frame, Party};
use wire::Sender;
use wire::deflate::Agreed;
use wire::opcode::Opcode;

pub(super) struct WebSocket {
    number: ConnectionNumber,
    /// Which end the client is.
    client: usize,
    /// The client's frames, and the server's.
    frames: [Frames; 2],
    /// When each direction was last seen. Its next frame is not earlier.
    last_us: [u64; 2],
    first_close: Option<Party>,
    finished: [bool; 2],
}

impl WebSocket {
    pub(super) fn new(number: ConnectionNumber, client: usize, deflate: Option<Agreed>, opened: Moment) -> Self {
        Self::begin(number, client, deflate.map_or(Compression::None, Compression::Agreed), opened)
    }

    /// A connection whose handshake is unknown.
    pub(super) fn joined(client: usize, opened: Moment, recorder: &mut Recorder) -> Self {
        Self::begin(recorder.connection(), client, Compression::Unknown, opened)
    }

    fn begin(number: ConnectionNumber, client: usize, compression: Compression, opened: Moment) -> Self {
        let frames = [Sender::Client, Sender::Server].map(|sender| Frames::new(sender, &compression));
        Self { number, client, frames, last_us: [opened.at_us; 2], first_close: None, finished: [false; 2] }
    }

    /// The index of an end in the arrays above.
    fn side(&self, from: usize) -> usize {
        usize::from(from != self.client)
    }

    pub(super) fn bytes(&mut self, from: usize, bytes: &[u8], moment: Moment, recorder: &mut Recorder) {
        let side = self.side(from);
        let whole = self.frames[side].bytes(bytes, recorder);
        self.record(side, whole, moment, recorder);
        self.report(side, moment, recorder);
    }

    pub(super) fn missing(&mut self, from: usize, bytes: u64, moment: Moment, recorder: &mut Recorder) {
        let side = self.side(from);
        let (whole, is_lost) = self.frames[side].missing(bytes);
        self.record(side, whole, moment, recorder);
        let lost = if is_lost { ", so the position of the next frame is unknown" } else { "" };
        let sender = if side == 0 { "client" } else { "server" };
        let text = format!("{bytes} bytes of the {sender} of connection {} were not captured{lost}", self.number.0);
        recorder.problem(moment.place, text);
        self.report(side, moment, recorder);
    }

    /// A direction or the connection has ended. Returns whether the connection is over.
    pub(super) fn ended(&mut self, from: usize, ending: Ending, moment: Moment, recorder: &mut Recorder) -> bool {
        let sides = match ending {
            Ending::Finished => {
                self.finished[self.side(from)] = true;
                if self.finished != [true; 2] {
                    return false;
                }
                [0, 1]
            }
            Ending::Reset | Ending::Capture => [0, 1],
        };
        for side in sides {
            let cut_off = self.frames[side].cut_off();
            self.record(side, cut_off.into_iter().collect(), moment, recorder);
        }
        if ending == Ending::Capture && self.finished == [false; 2] {
            let text = format!("the capture ends before connection {}", self.number.0);
            recorder.problem(moment.place, text);
        } else {
            self.close(ending, moment, recorder);
        }
        true
    }

    fn record(&mut self, side: usize, frames: Vec<Frame>, moment: Moment, recorder: &mut Recorder) {
        let at_us = moment.at_us.max(self.last_us[side]);
        self.last_us[side] = at_us;
        for frame in frames {
            if frame.opcode() == Opcode::Close {
                self.first_close.get_or_insert(frame.from);
            }
            recorder.frame(Moment { at_us, ..moment }, self.number, frame);
        }
    }

    /// Reports what the frames of a side could not read.
    fn report(&mut self, side: usize, moment: Moment, recorder: &mut Recorder) {
        for text in self.frames[side].problems() {
            recorder.problem(moment.place, format!("connection {}: {text}", self.number.0));
        }
    }

    fn close(&mut self, ending: Ending, moment: Moment, recorder: &mut Recorder) {
        let at_us = self.last_us.into_iter().fold(moment.at_us, u64::max);
        let closes = [&self.frames[0], &self.frames[1]].map(Frames::close);
        let clean = closes.iter().all(Option::is_some);
        let first = self.first_close.and_then(|party| closes[usize::from(party == Party::Server)].clone());
        let closed = Closed {
            first: self.first_close,
            code: first.as_ref().and_then(|close| close.code).map(|code| code.0),
            reason: first.map(|close| close.reason).unwrap_or_default(),
            clean,
            cause: match ending {
                _ if clean => Cause::ClosingHandshake,
                Ending::Reset => Cause::ConnectionLost,
                Ending::Finished | Ending::Capture => Cause::ConnectionEnded,
            },
            client: self.frames[0].count(),
            server: self.frames[1].count(),
        };
        recorder.record(Moment { at_us, ..moment }, self.number, Event::Closed(closed));
    }
}
