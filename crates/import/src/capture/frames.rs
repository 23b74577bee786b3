//! The frames of one direction. Unlike an endpoint, it goes on after a broken rule, and after bytes that were not captured.

use super::guess;
use crate::recorder::Recorder;
use observation::event::Count;
use observation::{Frame, Inflated, Position};
use wire::Sender;
use wire::close::ClosePayload;
use wire::decoder::{Decoder, Piece};
use wire::deflate::{Agreed, Inflater};
use wire::header::FrameHeader;
use wire::header_rules::header_violations;
use wire::message::{MessageKind, MessagePosition, MessageTracker};
use wire::opcode::Opcode;
use wire::utf8::Utf8Check;
use wire::violation::Violation;

/// The largest content of one compressed message, in bytes. More of it is not inflated.
const MOST_CONTENT: u64 = 64 << 20;

/// The agreed compression.
#[derive(Clone)]
pub(super) enum Compression {
    None,
    Agreed(Agreed),
    /// The handshake is unknown: RSV1 may mean compression.
    Unknown,
}

pub(super) struct Frames {
    from: Sender,
    decoder: Decoder,
    /// How many messages had begun before the position in the stream was lost.
    before: u64,
    messages: MessageTracker,
    /// Whether no message has begun since the first byte that is known. A continuation then continues an unknown message.
    is_new: bool,
    compression: Compression,
    /// `None` if content cannot be inflated: there is no compression, or earlier content is unknown.
    inflater: Option<Inflater>,
    /// Of the open message: whether it is compressed, the check of its text unless bytes are missing, and its inflated bytes.
    compressed: bool,
    utf8: Option<Utf8Check>,
    content: u64,
    current: Option<Current>,
    /// Whether the next byte is at an unknown position in a frame.
    is_lost: bool,
    count: Count,
    close: Option<ClosePayload>,
    problems: Vec<&'static str>,
}

/// A frame that has begun.
struct Current {
    header: FrameHeader,
    position: Option<MessagePosition>,
    /// The start of the payload, unmasked.
    payload: Vec<u8>,
    /// How many bytes of the payload have arrived, known or not.
    arrived: u64,
    has_hole: bool,
    inflated: Option<Inflated>,
    violations: Vec<Violation>,
}

impl Frames {
    pub(super) fn new(from: Sender, compression: &Compression) -> Self {
        let inflater = match compression {
            Compression::Agreed(agreed) => Some(Inflater::new(agreed, from)),
            Compression::None | Compression::Unknown => None,
        };
        Self {
            from,
            decoder: Decoder::default(),
            before: 0,
            messages: MessageTracker::default(),
            is_new: matches!(compression, Compression::Unknown),
            compression: compression.clone(),
            inflater,
            compressed: false,
            utf8: None,
            content: 0,
            current: None,
            is_lost: false,
            count: Count::default(),
            close: None,
            problems: Vec::new(),
        }
    }

    pub(super) fn count(&self) -> Count {
        self.count
    }

    /// The first close frame.
    pub(super) fn close(&self) -> Option<ClosePayload> {
        self.close.clone()
    }

    /// What could not be read since the last call.
    pub(super) fn problems(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.problems)
    }

    /// Decodes more bytes and returns the frames that are complete now.
    pub(super) fn bytes(&mut self, bytes: &[u8], recorder: &mut Recorder) -> Vec<Frame> {
        if self.is_lost {
            // A segment often begins with a frame.
            if guess::frames(bytes) != Some(self.from == Sender::Client) {
                return Vec::new();
            }
            self.is_lost = false;
            self.problems.push("what looks like a frame is taken for the next one after the missing bytes");
        }
        let mut bytes = bytes.to_vec();
        let (mut rest, mut whole) = (&mut bytes[..], Vec::new());
        while let Some(piece) = self.decoder.next(&mut rest) {
            match piece {
                Piece::Header(header) => self.current = Some(self.begin(header)),
                Piece::Payload(payload) => {
                    if let Some(mut current) = self.current.take() {
                        self.payload(&mut current, payload, recorder);
                        self.current = Some(current);
                    }
                }
                Piece::End => whole.extend(self.end()),
            }
        }
        whole
    }

    /// Bytes were not captured. Returns the frame that ends in them, and whether the position of the next frame is unknown.
    pub(super) fn missing(&mut self, bytes: u64) -> (Vec<Frame>, bool) {
        let skipped = self.decoder.skip(bytes);
        if let Some(current) = self.current.as_mut().filter(|_| skipped > 0) {
            current.arrived += skipped;
            current.has_hole = true;
            if current.position.is_some() {
                self.utf8 = None;
                if self.compressed {
                    self.lose_context();
                }
            }
        }
        let mut whole = Vec::new();
        while let Some(Piece::End) = self.decoder.next(&mut &mut [][..]) {
            whole.extend(self.end());
        }
        if skipped < bytes && !self.is_lost {
            whole.extend(self.cut_off());
            self.before += self.messages.begun();
            (self.messages, self.decoder) = (MessageTracker::default(), Decoder::default());
            (self.is_lost, self.is_new, self.utf8) = (true, true, None);
            if !matches!(self.compression, Compression::None) {
                self.lose_context();
            }
        }
        (whole, self.is_lost)
    }

    /// The frame in which the direction ends.
    pub(super) fn cut_off(&mut self) -> Option<Frame> {
        self.current.take().map(|current| self.frame(current))
    }

    /// Earlier content is unknown from here.
    fn lose_context(&mut self) {
        if self.inflater.take().is_some() && !self.starts_over() {
            self.problems.push(
                "later compressed messages of this direction cannot be inflated, because they refer to missing content",
            );
        }
    }

    /// Whether each message is compressed without earlier ones as context.
    fn starts_over(&self) -> bool {
        matches!(&self.compression, Compression::Agreed(agreed) if match self.from {
            Sender::Client => agreed.client_no_context_takeover,
            Sender::Server => agreed.server_no_context_takeover,
        })
    }

    fn begin(&mut self, header: FrameHeader) -> Current {
        let deflate = !matches!(self.compression, Compression::None);
        let mut violations = header_violations(&header, self.from, deflate);
        if self.close.is_some() && !header.opcode.is_control() {
            violations.push(Violation::AfterClose);
        }
        let (mut position, out_of_order) = self.messages.frame(header.opcode, header.fin);
        if !(self.is_new && header.opcode == Opcode::Continuation) {
            violations.extend(out_of_order);
        }
        if let Some(position) = &mut position {
            self.is_new = false;
            position.message += self.before;
            if position.fragment == 1 {
                self.compressed = deflate && header.rsv.rsv1;
                self.content = 0;
                self.utf8 = (position.kind == MessageKind::Text).then(Utf8Check::default);
                if let Compression::Agreed(agreed) = &self.compression
                    && self.inflater.is_none()
                    && self.starts_over()
                {
                    self.inflater = Some(Inflater::new(agreed, self.from));
                }
            }
        }
        let inflates = self.compressed && position.is_some() && self.inflater.is_some();
        let inflated = inflates.then(Inflated::default);
        Current { header, position, payload: Vec::new(), arrived: 0, has_hole: false, inflated, violations }
    }

    fn payload(&mut self, current: &mut Current, bytes: &[u8], recorder: &mut Recorder) {
        current.arrived += bytes.len() as u64;
        let cap = recorder.limits().payload;
        if !current.has_hole {
            keep(&mut current.payload, bytes, cap);
        }
        if current.position.is_none() || current.has_hole {
            return;
        }
        if !self.compressed {
            if let Some(error) = self.utf8.as_mut().and_then(|utf8| utf8.push(bytes).err()) {
                current.violations.push(Violation::InvalidUtf8 { offset: error.offset });
                self.utf8 = None;
            }
        } else if let Some(inflated) = &mut current.inflated {
            self.inflate(bytes, inflated, &mut current.violations, cap, recorder.inflatable());
        }
    }

    fn inflate(
        &mut self,
        bytes: &[u8],
        inflated: &mut Inflated,
        violations: &mut Vec<Violation>,
        cap: usize,
        inflatable: &mut u64,
    ) {
        let (Some(inflater), content, utf8) = (&mut self.inflater, &mut self.content, &mut self.utf8) else { return };
        let (mut is_too_much, mut invalid) = (false, None);
        let result = inflater.push(bytes, &mut |piece| {
            let length = piece.len() as u64;
            *content += length;
            if *content > MOST_CONTENT || length > *inflatable {
                is_too_much = true;
                return Err(Violation::BrokenDeflate);
            }
            *inflatable -= length;
            inflated.bytes += length;
            keep(&mut inflated.payload, piece, cap);
            if let Some(error) = utf8.as_mut().and_then(|utf8| utf8.push(piece).err()) {
                invalid = Some(Violation::InvalidUtf8 { offset: error.offset });
                *utf8 = None;
            }
            Ok(())
        });
        violations.extend(invalid);
        if let Err(violation) = result {
            if is_too_much {
                self.problems.push("a compressed message is too large to be inflated here");
            } else {
                violations.push(violation);
            }
            self.utf8 = None;
            self.lose_context();
        }
    }

    /// The frame has arrived completely.
    fn end(&mut self) -> Option<Frame> {
        let mut current = self.current.take()?;
        let is_last = current.position.is_some_and(|position| position.last);
        if is_last && self.compressed && current.inflated.is_some() {
            let result = self.inflater.as_mut().map_or(Ok(()), Inflater::finish);
            if let Err(violation) = result {
                current.violations.push(violation);
                self.utf8 = None;
                self.lose_context();
            }
        }
        if is_last
            && let Some(error) = self.utf8.take().and_then(|utf8| utf8.finish().err())
            && (!self.compressed || current.inflated.is_some())
        {
            current.violations.push(Violation::InvalidUtf8 { offset: error.offset });
        }
        if current.header.opcode == Opcode::Close {
            let (close, violation) = ClosePayload::parse(&current.payload);
            current.violations.extend(violation.filter(|_| !current.has_hole));
            self.close.get_or_insert(close);
        }
        Some(self.frame(current))
    }

    fn frame(&mut self, current: Current) -> Frame {
        let Current { header, position, mut payload, arrived, inflated, violations, .. } = current;
        if let Some(key) = header.masking_key {
            key.apply(&mut payload, 0);
        }
        self.count.frames += 1;
        self.count.bytes += header.len() as u64 + arrived;
        Frame {
            position: position.map(Position::from),
            violations: violations.iter().map(Into::into).collect(),
            inflated,
            ..Frame::new(self.from, &header, payload, arrived)
        }
    }
}

/// Appends bytes up to the limit.
fn keep(kept: &mut Vec<u8>, bytes: &[u8], cap: usize) {
    let place = cap.saturating_sub(kept.len()).min(bytes.len());
    kept.extend_from_slice(&bytes[..place]);
}
