//! Compresses and decompresses messages, with or without earlier messages as context. RFC 7692 §7.2.

use super::TAIL;
use super::negotiation::{Agreed, MIN_DEFLATE_BITS};
use crate::Sender;
use crate::violation::Violation;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::fmt;

/// The most content per callback, in bytes.
const STEP: usize = 16 << 10;

/// How far back DEFLATE can refer, in bytes. RFC 1951 §2.
const WINDOW: usize = 32 << 10;

/// Inflates the messages of one direction. It allocates its state, about 80 KiB, when the first compressed byte arrives.
/// Without context takeover it frees the state after each message.
pub struct Inflater {
    stream: Option<Stream>,
    takeover: bool,
}

struct Stream {
    decompress: Decompress,
    /// The latest content in a ring buffer. New content is written at `at`; once the buffer has `wrapped`, the oldest content
    /// starts there.
    content: Box<[u8]>,
    at: usize,
    wrapped: bool,
    /// Whether no input has arrived since the end of a message, or of a block marked as the last one.
    at_rest: bool,
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").field("running", &self.stream.is_some()).field("takeover", &self.takeover).finish()
    }
}

impl Inflater {
    /// An inflater for what `peer` sends. It always keeps the largest window, which fits every negotiated size.
    #[must_use]
    pub fn new(agreed: &Agreed, peer: Sender) -> Self {
        let takeover = match peer {
            Sender::Client => !agreed.client_no_context_takeover,
            Sender::Server => !agreed.server_no_context_takeover,
        };
        Self { stream: None, takeover }
    }

    /// Inflates more of a message's payload and passes the content to `each`, at most 16 KiB at a time.
    ///
    /// # Errors
    /// [`Violation::BrokenDeflate`], or the error of `each`. The inflater cannot be used after an error.
    pub fn push(
        &mut self,
        bytes: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        let stream = self.stream.get_or_insert_with(|| Stream {
            decompress: Decompress::new(false),
            content: vec![0; WINDOW].into(),
            at: 0,
            wrapped: false,
            at_rest: true,
        });
        stream.inflate(bytes, each)
    }

    /// Ends the message.
    ///
    /// # Errors
    /// [`Violation::BrokenDeflate`]. The inflater cannot be used after an error.
    pub fn finish(&mut self) -> Result<(), Violation> {
        if let Some(stream) = &mut self.stream {
            // After a block marked as the last one, there is no open block that the tail would end.
            if !stream.at_rest {
                // All content is out by now. If the tail adds more, the payload ended inside a block.
                stream.inflate(&TAIL, &mut |_| Err(Violation::BrokenDeflate))?;
                stream.at_rest = true;
            }
            if !self.takeover {
                self.stream = None;
            }
        }
        Ok(())
    }
}

impl Stream {
    fn inflate(
        &mut self,
        mut bytes: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        loop {
            let before = (self.decompress.total_in(), self.decompress.total_out());
            let free = &mut self.content[self.at..];
            let free_len = free.len().min(STEP);
            let result = self.decompress.decompress(bytes, &mut free[..free_len], FlushDecompress::Sync);
            let taken = (self.decompress.total_in() - before.0) as usize;
            let made = (self.decompress.total_out() - before.1) as usize;
            bytes = &bytes[taken..];
            self.at_rest &= taken == 0;
            // Pass on content that precedes an error as well: chunking must not change which fault is found first.
            if made > 0 {
                let content = self.at..self.at + made;
                self.at = content.end % WINDOW;
                self.wrapped |= self.at == 0;
                each(&self.content[content])?;
            }
            let status = result.map_err(|_| Violation::BrokenDeflate)?;
            if status == Status::StreamEnd {
                self.start_over();
            } else if bytes.is_empty() && made < free_len {
                return Ok(());
            } else if taken == 0 && made == 0 {
                return Err(Violation::BrokenDeflate);
            }
            if bytes.is_empty() && self.at_rest {
                return Ok(());
            }
        }
    }

    /// A block marked as the last one ends its DEFLATE stream. It ends neither the message nor the context that later blocks
    /// can refer to. RFC 7692 §7.2.1 and §7.2.3.4.
    fn start_over(&mut self) {
        self.decompress.reset(false);
        let (newer, older) = self.content.split_at(self.at);
        for context in [if self.wrapped { older } else { &[] }, newer] {
            let result = self.decompress.set_dictionary(context);
            debug_assert!(result.is_ok(), "a raw stream accepts any dictionary");
        }
        self.at_rest = true;
    }
}

/// Deflates the messages of one direction. It allocates its state, about 260 KiB with the largest window, for the first
/// compressed message. Without context takeover it frees the state after each message.
pub struct Deflater {
    compress: Option<Compress>,
    takeover: bool,
    /// 8–15.
    window_bits: u8,
    /// The output for the open message that the caller has not taken.
    made: Vec<u8>,
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater").field("running", &self.compress.is_some()).field("made", &self.made.len()).finish()
    }
}

impl Deflater {
    /// A deflater for what `sender` sends.
    #[must_use]
    pub fn new(agreed: &Agreed, sender: Sender) -> Self {
        let (takeover, window_bits) = match sender {
            Sender::Server => (!agreed.server_no_context_takeover, agreed.server_max_window_bits),
            Sender::Client => (!agreed.client_no_context_takeover, agreed.client_max_window_bits),
        };
        Self { compress: None, takeover, window_bits, made: Vec::new() }
    }

    /// Compresses more of a message's content.
    pub fn push(&mut self, mut content: &[u8]) {
        while !content.is_empty() {
            let taken = self.step(content, FlushCompress::None);
            content = &content[taken..];
        }
    }

    /// Ends the message.
    pub fn finish(&mut self) {
        loop {
            self.step(&[], FlushCompress::Sync);
            if self.made.len() < self.made.capacity() {
                break;
            }
        }
        if self.made.ends_with(&TAIL) {
            self.made.truncate(self.made.len() - TAIL.len());
        }
        if self.made.is_empty() {
            // A message without content is sent as a single zero byte. RFC 7692 §7.2.3.6.
            self.made.push(0);
        }
        if !self.takeover {
            self.compress = None;
        }
    }

    /// How much payload [`Deflater::take`] would return, in bytes.
    #[must_use]
    pub fn made(&self) -> usize {
        self.made.len()
    }

    /// The payload produced since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.made)
    }

    /// Calls the compressor once. Returns how many bytes of `content` it consumed.
    fn step(&mut self, content: &[u8], flush: FlushCompress) -> usize {
        // zlib has no window of 256 bytes. For that size, only write stored blocks: they refer to nothing, so any window works.
        let level = if self.window_bits < MIN_DEFLATE_BITS { Compression::none() } else { Compression::default() };
        let bits = self.window_bits.max(MIN_DEFLATE_BITS);
        let compress = self.compress.get_or_insert_with(|| Compress::new_with_window_bits(level, false, bits));
        self.made.reserve(64.max(content.len().min(STEP)));
        let before = compress.total_in();
        match compress.compress_vec(content, &mut self.made, flush) {
            Ok(_) => (compress.total_in() - before) as usize,
            Err(_) => {
                debug_assert!(false, "a compressor accepts any content");
                content.len()
            }
        }
    }
}
