//! A frame before it is sent: its fields as they are typed, and what a strict receiver would say about it.

use crate::lab::draft::hex;
use crate::ui::format;
use observation::command::Composed;
use wire::Sender;
use wire::header_rules::header_violations;
use wire::opcode::Opcode;
use wire::outgoing::Outgoing;
use wire::violation::Violation;

/// A frame as it is being composed, bit by bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameDraft {
    pub fin: bool,
    pub rsv: [bool; 3],
    /// 0–15.
    pub opcode: u8,
    pub masked: bool,
    /// Four bytes in hex.
    pub key: String,
    /// 7, 16 or 64 bits; `None` for the shortest form.
    pub length_bits: Option<u8>,
    /// The length in the header; empty for the real length.
    pub length: String,
    pub payload: String,
    /// Whether the payload is typed in hex instead of as text.
    pub in_hex: bool,
}

impl Default for FrameDraft {
    fn default() -> Self {
        Self {
            fin: true,
            rsv: [false; 3],
            opcode: Opcode::Text.nibble(),
            masked: false,
            key: "37 fa 21 3d".into(),
            length_bits: None,
            length: String::new(),
            payload: "Hello".into(),
            in_hex: false,
        }
    }
}

impl FrameDraft {
    /// A frame that carries this payload, with an otherwise usual header.
    pub fn carrying(opcode: u8, payload: &[u8]) -> Self {
        let text = std::str::from_utf8(payload).ok().filter(|_| opcode != Opcode::Binary.nibble());
        Self {
            opcode,
            in_hex: text.is_none(),
            payload: text.map_or_else(|| format::hex(payload), str::to_owned),
            ..Self::default()
        }
    }

    /// The fields of a frame.
    pub fn of(frame: &Composed) -> Self {
        let usual = Self::carrying(frame.opcode, &frame.payload);
        Self {
            fin: frame.fin,
            rsv: [frame.rsv1, frame.rsv2, frame.rsv3],
            masked: frame.masking_key.is_some(),
            key: frame.masking_key.map_or_else(|| usual.key.clone(), |key| format::hex(&key)),
            length_bits: frame.length_bits,
            length: frame.length.map_or_else(String::new, |length| length.to_string()),
            ..usual
        }
    }

    /// The frame that the fields describe.
    ///
    /// # Errors
    /// Which field is wrong, and what to write instead.
    pub fn composed(&self) -> Result<Composed, String> {
        let masking_key = if self.masked { Some(self.masking_key()?) } else { None };
        let length = match self.length.trim() {
            "" => None,
            text => Some(
                text.parse()
                    .map_err(|_| "The length must be a whole number. Leave it empty to use the real length.")?,
            ),
        };
        let payload = if self.in_hex { hex(&self.payload)? } else { self.payload.as_bytes().to_vec() };
        let [rsv1, rsv2, rsv3] = self.rsv;
        let Self { fin, opcode, length_bits, .. } = *self;
        let composed = Composed { fin, rsv1, rsv2, rsv3, opcode, masking_key, length_bits, length, payload };
        match composed.header() {
            Ok(_) => Ok(composed),
            Err(why) => Err(sentence(why)),
        }
    }

    /// Switches between hex and text with the same payload. A payload that cannot be converted stays as typed.
    pub fn write_in_hex(&mut self, in_hex: bool) {
        if in_hex && !self.in_hex {
            self.payload = format::hex(self.payload.as_bytes());
        } else if let (false, true, Ok(Ok(text))) = (in_hex, self.in_hex, hex(&self.payload).map(String::from_utf8)) {
            self.payload = text;
        }
        self.in_hex = in_hex;
    }

    pub fn masking_key(&self) -> Result<[u8; 4], String> {
        hex(&self.key)?
            .try_into()
            .map_err(|bytes: Vec<u8>| format!("A masking key has 4 bytes; this has {}.", bytes.len()))
    }
}

/// What a strict receiver says about this frame alone, and what else to know about it. `role` is that of the sender.
pub fn judge(composed: &Composed, role: Sender, deflate: bool) -> (Vec<Violation>, Option<String>) {
    let Ok(header) = composed.header() else { return (Vec::new(), None) };
    let (claimed, there) = (header.length.bytes, composed.payload.len() as u64);
    let violations = match header.opcode {
        // A message to continue may be open; that is not known here.
        Opcode::Continuation => header_violations(&header, role, deflate),
        // Nor is the payload known, if the header claims another length.
        _ if claimed != there => header_violations(&header, role, deflate),
        _ => Outgoing::default().judged(&header, &composed.payload, role, deflate).1,
    };
    let lie = match claimed.checked_sub(there) {
        Some(0) => None,
        Some(missing) => Some(format!(
            "The header says {claimed} bytes, but only {there} follow. The receiver waits for {missing} more and takes them from the next frame."
        )),
        None => Some(format!(
            "The header says {claimed} bytes, but {there} follow. The receiver reads the rest as the next frame’s header."
        )),
    };
    (violations, lie)
}

/// Makes a sentence of words without a capital and a period.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(draft: &FrameDraft) -> Result<String, String> {
        let composed = draft.composed()?;
        let mut out = Vec::new();
        wire::encoder::encode(&composed.header().expect("judged"), &composed.payload, &mut out);
        Ok(format::hex(&out))
    }

    fn rules(draft: &FrameDraft, deflate: bool) -> Vec<&'static str> {
        judge(&draft.composed().expect("a frame"), Sender::Server, deflate).0.iter().map(Violation::rule).collect()
    }

    #[test]
    fn every_bit_is_as_it_was_set() {
        let plain = FrameDraft::default();
        assert_eq!(bytes(&plain), Ok("81 05 48 65 6c 6c 6f".into()));
        assert_eq!(rules(&plain, false), [""; 0]);
        let odd = FrameDraft { fin: false, rsv: [true, false, true], opcode: 0xB, masked: true, ..plain.clone() };
        assert_eq!(bytes(&odd), Ok("5b 85 37 fa 21 3d 7f 9f 4d 51 58".into()));
        assert_eq!(
            rules(&odd, false),
            ["reserved-bits", "reserved-opcode", "server-frame-masked", "control-fragmented"]
        );
        let long = FrameDraft { length_bits: Some(16), payload: "00 ff".into(), in_hex: true, opcode: 2, ..plain };
        assert_eq!(bytes(&long), Ok("82 7e 00 02 00 ff".into()));
        assert_eq!(rules(&long, false), ["length-not-minimal"]);
    }

    #[test]
    fn a_server_judges_the_other_way_round() {
        let composed = FrameDraft::default().composed().expect("a frame");
        let rules = |role| judge(&composed, role, false).0.iter().map(Violation::rule).collect::<Vec<_>>();
        assert_eq!((rules(Sender::Server), rules(Sender::Client)), (vec![], vec!["client-frame-unmasked"]));
    }

    #[test]
    fn a_length_may_lie() {
        let lie = |length: &str| FrameDraft { length: length.into(), ..FrameDraft::default() };
        let says = |draft: &FrameDraft| judge(&draft.composed().expect("a frame"), Sender::Server, false).1;
        assert_eq!(bytes(&lie("3")), Ok("81 03 48 65 6c 6c 6f".into()));
        assert!(says(&lie("3")).is_some_and(|said| said.contains("next frame’s header")));
        assert!(says(&lie("9")).is_some_and(|said| said.contains("waits for 4 more")));
        assert_eq!(says(&lie("5")), None);
        assert!(lie("many").composed().is_err_and(|said| said.contains("whole number")));
        let narrow = FrameDraft { length_bits: Some(7), ..lie("126") };
        assert!(narrow.composed().is_err_and(|said| said.starts_with("The length does not fit its form")));
        let key = FrameDraft { masked: true, key: "37 fa".into(), ..FrameDraft::default() };
        assert!(key.composed().is_err_and(|said| said.contains("4 bytes")));
    }

    #[test]
    fn payloads_are_judged_as_the_relay_will_record_them() {
        let hex = |opcode, payload: &str| FrameDraft {
            opcode,
            payload: payload.into(),
            in_hex: true,
            ..FrameDraft::default()
        };
        assert_eq!(rules(&hex(0x1, "48 ff"), false), ["invalid-utf8"]);
        assert_eq!(rules(&hex(0x2, "48 ff"), false), [""; 0]);
        assert_eq!(rules(&hex(0x8, "03"), false), ["close-payload-one-byte"]);
        assert_eq!(rules(&hex(0x8, "03 ed"), false), ["close-code-not-allowed"]);
        let compressed = FrameDraft { rsv: [true, false, false], ..hex(0x1, "f2 48") };
        assert_eq!(rules(&compressed, true), [""; 0]);
        assert_eq!(rules(&compressed, false), ["reserved-bits", "invalid-utf8"]);
    }

    #[test]
    fn a_frame_becomes_its_fields_again() {
        let plain = FrameDraft::default();
        let binary = FrameDraft { opcode: 2, payload: "00 ff".into(), in_hex: true, ..plain.clone() };
        let odd = FrameDraft {
            fin: false,
            rsv: [true, false, true],
            masked: true,
            length_bits: Some(16),
            length: "9".into(),
            ..plain.clone()
        };
        for draft in [plain, binary, odd] {
            assert_eq!(FrameDraft::of(&draft.composed().expect("a frame")), draft);
        }
    }

    #[test]
    fn a_payload_is_written_either_way() {
        let mut draft = FrameDraft::default();
        draft.write_in_hex(true);
        assert_eq!(draft.payload, "48 65 6c 6c 6f");
        draft.write_in_hex(true);
        draft.write_in_hex(false);
        assert_eq!((draft.payload.as_str(), draft.in_hex), ("Hello", false));
        let mut bytes = FrameDraft { payload: "ff".into(), in_hex: true, ..draft };
        bytes.write_in_hex(false);
        assert_eq!((bytes.payload.as_str(), bytes.in_hex), ("ff", false));
    }
}
