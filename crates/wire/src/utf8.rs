//! UTF-8 checked as it arrives, across fragments and reads, failing at the first byte that cannot be right.
//! RFC 6455 §8.1.

/// A check under way over one text message.
#[derive(Clone, Debug, Default)]
pub struct Utf8Check {
    /// The bytes of a character that has begun but not ended: `tail[..pending]`, `pending <= 3`.
    tail: [u8; 4],
    pending: usize,
    /// How many bytes were found right, the pending ones not counted.
    checked: u64,
}

/// Where the text stopped being UTF-8: the offset in the message of the first byte that begins no character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8 {
    pub offset: u64,
}

impl Utf8Check {
    /// Takes the next bytes of the message.
    ///
    /// # Errors
    /// As soon as no continuation could make the text right, also in the middle of a character.
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
                // Three bytes that are all right so far at the most: four bytes are a whole character or wrong.
                Err(error) if error.error_len().is_none() => self.pending += 1,
                Err(_) => return Err(NotUtf8 { offset: self.checked }),
            }
            bytes = rest;
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => self.checked += bytes.len() as u64,
            Err(error) => {
                let (right, rest) = bytes.split_at(error.valid_up_to());
                self.checked += right.len() as u64;
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
    /// When it ends inside a character.
    pub fn finish(&self) -> Result<(), NotUtf8> {
        if self.pending == 0 { Ok(()) } else { Err(NotUtf8 { offset: self.checked }) }
    }
}
