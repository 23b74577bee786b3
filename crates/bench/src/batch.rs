//! The bytes that a connection sends in one write, and the bytes that it must receive in return.

const FIN_BINARY: u8 = 0x82; // RFC 6455 §5.2
const MASK: u8 = 0x80;

/// Several binary messages, each in one frame. A batch is built once and sent repeatedly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Masked, because a client must mask. Each frame has its own key.
    pub request: Vec<u8>,
    /// The same messages as a server sends them: unmasked, with lengths in the shortest form.
    pub reply: Vec<u8>,
    pub messages: u64,
}

impl Batch {
    /// `messages` messages of `payload` bytes each. The same `seed` gives the same messages.
    #[must_use]
    pub fn new(payload: usize, messages: usize, seed: u64) -> Self {
        let mut noise = Noise(seed);
        let mut batch = Self { request: Vec::new(), reply: Vec::new(), messages: messages as u64 };
        for _ in 0..messages {
            let [key @ .., _, _, _, _] = noise.next();
            let bytes: Vec<u8> = std::iter::repeat_with(|| noise.next()).flatten().take(payload).collect();
            header(&mut batch.request, MASK, payload);
            batch.request.extend(key);
            batch.request.extend(bytes.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
            header(&mut batch.reply, 0, payload);
            batch.reply.extend(bytes);
        }
        batch
    }
}

/// Writes a header without the masking key. RFC 6455 §5.2.
fn header(out: &mut Vec<u8>, mask: u8, payload: usize) {
    out.push(FIN_BINARY);
    if payload < 126 {
        out.push(mask | payload as u8);
    } else if let Ok(length) = u16::try_from(payload) {
        out.push(mask | 126);
        out.extend(length.to_be_bytes());
    } else {
        out.push(mask | 127);
        out.extend((payload as u64).to_be_bytes());
    }
}

/// SplitMix64. Its numbers have no pattern that a server could exploit, and they are the same in every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> [u8; 8] {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::header::{FrameHeader, LengthForm};
    use wire::opcode::Opcode;

    /// Removes a frame from the front, using the parser of the wire crate.
    fn frame(bytes: &mut &[u8]) -> (FrameHeader, Vec<u8>) {
        let header = FrameHeader::parse(bytes).unwrap();
        let (_, rest) = bytes.split_at(header.len());
        let (payload, rest) = rest.split_at(usize::try_from(header.length.bytes).unwrap());
        let mut payload = payload.to_vec();
        if let Some(key) = header.masking_key {
            key.apply(&mut payload, 0);
        }
        *bytes = rest;
        (header, payload)
    }

    #[test]
    fn the_reply_is_the_unmasked_request() {
        for payload in [0, 1, 20, 125, 126, 16 << 10, 0xFFFF, 0x1_0000, 1 << 20] {
            let batch = Batch::new(payload, 3, 7);
            let (mut request, mut reply) = (&batch.request[..], &batch.reply[..]);
            for _ in 0..3 {
                let (asked, sent) = frame(&mut request);
                let (answered, returned) = frame(&mut reply);
                assert_eq!(sent, returned, "{payload} bytes");
                assert_eq!(sent.len(), payload);
                assert!(asked.masking_key.is_some() && answered.masking_key.is_none());
                for header in [asked, answered] {
                    assert!(header.fin && !header.rsv.any() && header.opcode == Opcode::Binary);
                    assert_eq!(header.length.form, LengthForm::minimal(payload as u64));
                }
            }
            assert!(request.is_empty() && reply.is_empty());
        }
    }

    #[test]
    fn keys_and_payloads_vary() {
        let batch = Batch::new(20, 2, 0);
        let (first, second) = batch.request.split_at(26);
        assert_ne!(first[2..6], second[2..6]);
        assert_ne!(batch.reply[..22], batch.reply[22..]);
        assert_ne!(batch, Batch::new(20, 2, 1));
    }

    #[test]
    fn headers_have_the_expected_bytes() {
        let mut bytes = Vec::new();
        header(&mut bytes, 0, 125);
        header(&mut bytes, MASK, 126);
        header(&mut bytes, 0, 0x1_0000);
        assert_eq!(bytes, b"\x82\x7D\x82\xFE\x00\x7E\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00");
    }
}
