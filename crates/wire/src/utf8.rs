//! Checks UTF-8 as it arrives, across fragments and reads. Fails at the first invalid byte. RFC 6455 §8.1.

/// The check of one text message.
#[derive(Clone, Debug, Default)]
pub struct Utf8Check {
    /// The bytes of an incomplete character: `tail[..pending]`, `pending <= 3`.
    tail: [u8; 4],
    pending: usize,
    /// How many bytes are valid, without the pending ones.
    checked: u64,
}

/// The text is not UTF-8. `offset` is the position in the message, in bytes, where the first invalid sequence starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8 {
    pub offset: u64,
}

impl Utf8Check {
    /// Checks the next bytes of the message.
    ///
    /// # Errors
    /// As soon as no continuation could make the text valid, even in the middle of a character.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), NotUtf8> {
        while self.pending > 0 {
            let Some((&next, rest)) = bytes.split_first() else { return Ok(()) };
            self.tail[self.pending] = next;
            let begun = &self.tail[..=self.pending];
            match std::str::from_utf8(begun) {
                Ok(_) => {
                    self.checked += begun.len() as u64;
                    self.pending = 0;
                }
                // `pending` stays at most 3: four bytes are a complete character or invalid.
                Err(error) if error.error_len().is_none() => self.pending += 1,
                Err(_) => return Err(NotUtf8 { offset: self.checked }),
            }
            bytes = rest;
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => self.checked += bytes.len() as u64,
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                self.checked += valid.len() as u64;
                if error.error_len().is_some() {
                    return Err(NotUtf8 { offset: self.checked });
                }
                self.tail[..rest.len()].copy_from_slice(rest);
                self.pending = rest.len();
            }
        }
        Ok(())
    }

    /// Ends the message.
    ///
    /// # Errors
    /// If the message ends inside a character.
    pub fn finish(&self) -> Result<(), NotUtf8> {
        if self.pending == 0 { Ok(()) } else { Err(NotUtf8 { offset: self.checked }) }
    }
}
