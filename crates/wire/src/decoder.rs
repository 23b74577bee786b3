//! Splits a byte stream into frames. RFC 6455 §5.

use crate::header::{FrameHeader, MAX_HEADER};

/// Decodes one direction of a connection. It checks no rules and buffers no payload.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// The first bytes of an incomplete header: `held[..held_len]`, `held_len < MAX_HEADER`.
    held: [u8; MAX_HEADER],
    held_len: usize,
    frame: Option<InFrame>,
}

#[derive(Clone, Copy, Debug)]
struct InFrame {
    header: FrameHeader,
    /// Payload bytes returned so far: `received <= header.length.bytes`.
    received: u64,
}

/// The next part of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'b> {
    /// The start of a frame.
    Header(FrameHeader),
    /// More of the frame's payload, unmasked in place. Never empty.
    Payload(&'b mut [u8]),
    /// The end of the frame.
    End,
}

impl Decoder {
    /// Takes the next piece from the front of `input` and advances `input` past it. `None` if more bytes are needed; `input`
    /// is then empty.
    #[inline]
    pub fn next<'b>(&mut self, input: &mut &'b mut [u8]) -> Option<Piece<'b>> {
        self.next_within(input, usize::MAX)
    }

    /// Like [`Decoder::next`], with at most `most` payload bytes in a piece. `most` must not be 0.
    #[inline]
    pub fn next_within<'b>(&mut self, input: &mut &'b mut [u8], most: usize) -> Option<Piece<'b>> {
        let Some(frame) = &mut self.frame else { return self.header(input).map(Piece::Header) };
        let missing = frame.header.length.bytes - frame.received;
        if missing == 0 {
            self.frame = None;
            return Some(Piece::End);
        }
        if input.is_empty() {
            return None;
        }
        let here = usize::try_from(missing).unwrap_or(usize::MAX).min(input.len()).min(most);
        let (payload, rest) = std::mem::take(input).split_at_mut(here);
        *input = rest;
        if let Some(key) = frame.header.masking_key {
            key.apply(payload, frame.received);
        }
        frame.received += here as u64;
        Some(Piece::Payload(payload))
    }

    /// Takes a complete frame from the front of `input`. Returns its header and all its bytes, with the payload unmasked in
    /// place. `None` if there is no complete frame; nothing is consumed, and the caller must use [`Decoder::next`].
    #[inline(always)]
    pub fn whole<'b>(&mut self, input: &mut &'b mut [u8]) -> Option<(FrameHeader, &'b mut [u8])> {
        if self.frame.is_some() || self.held_len > 0 {
            return None;
        }
        let header = FrameHeader::parse(input)?;
        let end = usize::try_from(header.length.bytes).ok()?.checked_add(header.len())?;
        if end > input.len() {
            return None;
        }
        let (frame, rest) = std::mem::take(input).split_at_mut(end);
        *input = rest;
        if let Some(key) = header.masking_key {
            key.apply(&mut frame[header.len()..], 0);
        }
        Some((header, frame))
    }

    /// Advances inside a payload past bytes that are not known, such as those that a capture lacks. Returns how many of `bytes`
    /// belong to the current frame: the others start or continue a header, so the position of the next frame is unknown too.
    pub fn skip(&mut self, bytes: u64) -> u64 {
        let Some(frame) = &mut self.frame else { return 0 };
        let here = bytes.min(frame.header.length.bytes - frame.received);
        frame.received += here;
        here
    }

    /// Whether the next byte would start a new frame.
    #[must_use]
    pub fn is_between_frames(&self) -> bool {
        self.frame.is_none() && self.held_len == 0
    }

    fn header(&mut self, input: &mut &mut [u8]) -> Option<FrameHeader> {
        if input.is_empty() {
            return None;
        }
        if self.held_len == 0
            && let Some(header) = FrameHeader::parse(input)
        {
            *input = &mut std::mem::take(input)[header.len()..];
            self.frame = Some(InFrame { header, received: 0 });
            return Some(header);
        }
        self.cut_header(input)
    }

    /// Reads a header that started before `input` or that ends after it.
    #[cold]
    fn cut_header(&mut self, input: &mut &mut [u8]) -> Option<FrameHeader> {
        let begun = self.held_len;
        let taken = (MAX_HEADER - begun).min(input.len());
        self.held[begun..begun + taken].copy_from_slice(&input[..taken]);
        let Some(header) = FrameHeader::parse(&self.held[..begun + taken]) else {
            // Fourteen bytes always contain a complete header, so this leaves `held_len < MAX_HEADER`.
            self.held_len = begun + taken;
            *input = &mut std::mem::take(input)[taken..];
            return None;
        };
        // The held bytes alone were not a complete header, so the header ends inside `input`.
        *input = &mut std::mem::take(input)[header.len() - begun..];
        self.held_len = 0;
        self.frame = Some(InFrame { header, received: 0 });
        Some(header)
    }
}
