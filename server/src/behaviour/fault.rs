//! The wrong frames that a server can send, and some that only look wrong.

use observation::{Citation, Deliberate, Origin};
use std::borrow::Cow;
use wire::header::{FrameHeader, LengthForm, PayloadLength};
use wire::mask::MaskingKey;
use wire::message::MessageKind;
use wire::opcode::Opcode;
use wire::{close, close::CloseCode};

/// What is wrong with a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    Masked,
    Rsv1,
    Rsv2,
    Rsv3,
    ReservedData,
    ReservedControl,
    InvalidUtf8,
    SplitCodePoint,
    PingFragmented,
    PingTooLong,
    LengthNotMinimal,
    LengthTopBit,
    NothingToContinue,
    MessageInsideMessage,
    CloseOneByte,
    Close1005,
    CloseReasonNotUtf8,
    DataAfterClose,
    BrokenDeflate,
    CutOff,
}

/// A frame to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) header: FrameHeader,
    /// Unmasked, even if the header has a key.
    pub(crate) payload: Vec<u8>,
    /// Whether it is the faulty one.
    pub(crate) deliberate: bool,
}

/// A fault's name, effect and rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    pub(crate) name: &'static str,
    /// What the relay does, without a capital and a full stop.
    pub(crate) what: &'static str,
    pub(crate) rfc: u16,
    pub(crate) section: &'static str,
    /// Whether the frame only looks wrong.
    pub(crate) legal: bool,
}

impl Fault {
    pub(crate) const ALL: [Self; 20] = [
        Self::Masked,
        Self::Rsv1,
        Self::Rsv2,
        Self::Rsv3,
        Self::ReservedData,
        Self::ReservedControl,
        Self::InvalidUtf8,
        Self::SplitCodePoint,
        Self::PingFragmented,
        Self::PingTooLong,
        Self::LengthNotMinimal,
        Self::LengthTopBit,
        Self::NothingToContinue,
        Self::MessageInsideMessage,
        Self::CloseOneByte,
        Self::Close1005,
        Self::CloseReasonNotUtf8,
        Self::DataAfterClose,
        Self::BrokenDeflate,
        Self::CutOff,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.words().name == name)
    }

    pub(crate) fn words(self) -> Words {
        let rule = |name, what, section| Words { name, what, rfc: 6455, section, legal: false };
        match self {
            Self::Masked => rule("masked", "the reply is masked, but only a client’s frames may be", "5.1"),
            Self::Rsv1 => rule("rsv1", "the reply has RSV1 set, but it is not compressed", "5.2"),
            Self::Rsv2 => rule("rsv2", "the reply has RSV2 set, but no extension defines it", "5.2"),
            Self::Rsv3 => rule("rsv3", "the reply has RSV3 set, but no extension defines it", "5.2"),
            Self::ReservedData => {
                rule("reserved-data", "the reply is a frame with opcode 3, which is reserved for data frames", "5.2")
            }
            Self::ReservedControl => rule(
                "reserved-control",
                "before the reply, the server sends a frame with opcode 0xB, which is reserved for control frames",
                "5.2",
            ),
            Self::InvalidUtf8 => {
                rule("invalid-utf8", "the reply is a text message with a byte that never occurs in UTF-8", "8.1")
            }
            Self::SplitCodePoint => Words {
                legal: true,
                ..rule(
                    "split-code-point",
                    "the reply is text in two fragments, split inside a character, which is allowed",
                    "5.6",
                )
            },
            Self::PingFragmented => rule(
                "ping-fragmented",
                "before the reply, the server sends a ping with FIN 0, as if more fragments followed",
                "5.5",
            ),
            Self::PingTooLong => rule(
                "ping-too-long",
                "before the reply, the server sends a ping of 126 bytes, one more than a control frame may have",
                "5.5",
            ),
            Self::LengthNotMinimal => {
                rule("length-not-minimal", "the reply encodes its length in a longer form than it needs", "5.2")
            }
            Self::LengthTopBit => {
                rule("length-top-bit", "the reply encodes its length in 64 bits, and the highest bit is set", "5.2")
            }
            Self::NothingToContinue => rule(
                "nothing-to-continue",
                "the reply is a continuation frame, but there is no message to continue",
                "5.4",
            ),
            Self::MessageInsideMessage => rule(
                "message-inside-message",
                "the reply is a first fragment, and a new message begins before the last fragment",
                "5.4",
            ),
            Self::CloseOneByte => rule(
                "close-one-byte",
                "instead of the reply, the server sends a close frame with a one-byte payload, half a close code",
                "5.5.1",
            ),
            Self::Close1005 => rule(
                "close-1005",
                "instead of the reply, the server sends a close frame with 1005, a code that must never be sent",
                "7.4.1",
            ),
            Self::CloseReasonNotUtf8 => rule(
                "close-reason-not-utf8",
                "instead of the reply, the server sends a close frame whose reason is not UTF-8",
                "5.5.1",
            ),
            Self::DataAfterClose => rule(
                "data-after-close",
                "the server sends the reply after a close frame, although nothing may follow it",
                "5.5.1",
            ),
            Self::BrokenDeflate => Words {
                rfc: 7692,
                ..rule("broken-deflate", "the reply is marked as compressed, but its bytes do not decompress", "7.2.2")
            },
            Self::CutOff => {
                rule("cut-off", "the server sends half of the reply’s frame, then ends the TCP connection", "7.1.7")
            }
        }
    }

    pub(crate) fn deliberate(self) -> Deliberate {
        let Words { name, what, rfc, section, .. } = self.words();
        Deliberate {
            by: Origin::Behaviour,
            what: Cow::Borrowed(name),
            explanation: Cow::Borrowed(what),
            rule: Some(Citation::new(rfc, section)),
        }
    }

    /// Whether the connection ends after half of the frame.
    pub(crate) fn cuts(self) -> bool {
        self == Self::CutOff
    }

    /// The frames that replace a reply.
    pub(crate) fn make(self, kind: MessageKind, content: &[u8]) -> Vec<Made> {
        let opcode = opcode(kind);
        let plain = FrameHeader::unmasked(true, opcode, content.len() as u64);
        let wrong = |header: FrameHeader, payload: &[u8]| Made { header, payload: payload.to_vec(), deliberate: true };
        let reply = || Made { header: plain, payload: content.to_vec(), deliberate: false };
        let whole = |opcode, payload: &[u8]| wrong(FrameHeader::unmasked(true, opcode, payload.len() as u64), payload);
        let with = |change: &dyn Fn(&mut FrameHeader)| {
            let mut header = plain;
            change(&mut header);
            vec![wrong(header, content)]
        };
        match self {
            // An easily recognized key.
            Self::Masked => with(&|header| header.masking_key = Some(MaskingKey([0x37, 0xfa, 0x21, 0x3d]))),
            Self::Rsv1 => with(&|header| header.rsv.rsv1 = true),
            Self::Rsv2 => with(&|header| header.rsv.rsv2 = true),
            Self::Rsv3 => with(&|header| header.rsv.rsv3 = true),
            Self::ReservedData => with(&|header| header.opcode = Opcode::ReservedData(3)),
            Self::ReservedControl => vec![whole(Opcode::ReservedControl(0xB), b"?"), reply()],
            Self::InvalidUtf8 => {
                // RFC 3629 §1: FE and FF appear nowhere in UTF-8.
                let mut payload = front(content);
                payload.push(0xff);
                vec![whole(Opcode::Text, &payload)]
            }
            Self::SplitCodePoint => split_in_a_character(kind, content),
            Self::PingFragmented => {
                let mut ping = whole(Opcode::Ping, b"half");
                ping.header.fin = false;
                vec![ping, reply()]
            }
            Self::PingTooLong => vec![whole(Opcode::Ping, &[b'.'; 126]), reply()],
            Self::LengthNotMinimal => {
                let form = if content.len() <= 125 { LengthForm::Bits16 } else { LengthForm::Bits64 };
                // Over 65,535 bytes, the longest form is the right one.
                let mut end = content.len().min(0xFFFF);
                while kind == MessageKind::Text && content.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
                    end -= 1;
                }
                let payload = &content[..end];
                let length = PayloadLength { bytes: payload.len() as u64, form };
                vec![wrong(FrameHeader { length, ..plain }, payload)]
            }
            Self::LengthTopBit => {
                let bytes = content.len() as u64 | 1 << 63;
                with(&|header| header.length = PayloadLength { bytes, form: LengthForm::Bits64 })
            }
            Self::NothingToContinue => with(&|header| header.opcode = Opcode::Continuation),
            Self::MessageInsideMessage => {
                let half = content.len() / 2;
                let begun = Made {
                    deliberate: false,
                    ..wrong(FrameHeader::unmasked(false, opcode, half as u64), &content[..half])
                };
                vec![begun, whole(opcode, content)]
            }
            Self::CloseOneByte => vec![whole(Opcode::Close, &[0x03])],
            Self::Close1005 => vec![whole(Opcode::Close, &close::payload(CloseCode::NO_STATUS, ""))],
            Self::CloseReasonNotUtf8 => {
                let mut payload = close::payload(CloseCode::NORMAL, "caf");
                // é in ISO-8859-1.
                payload.push(0xe9);
                vec![whole(Opcode::Close, &payload)]
            }
            Self::DataAfterClose => {
                let bye = whole(Opcode::Close, &close::payload(CloseCode::NORMAL, "but wait"));
                vec![bye, wrong(plain, content)]
            }
            Self::BrokenDeflate => {
                // RFC 1951 §3.2.3: block type 3 is reserved.
                let mut broken = whole(opcode, &[0x07, 0x00, 0xff]);
                broken.header.rsv.rsv1 = true;
                vec![broken]
            }
            // A reply of at most one byte has no half, so its header announces more than is sent.
            Self::CutOff => {
                let length = PayloadLength::minimal(content.len().max(2) as u64);
                vec![wrong(FrameHeader { length, ..plain }, &content[..content.len() / 2])]
            }
        }
    }
}

pub(crate) fn opcode(kind: MessageKind) -> Opcode {
    match kind {
        MessageKind::Text => Opcode::Text,
        MessageKind::Binary => Opcode::Binary,
    }
}

/// The beginning of a reply, to which a byte is added.
fn front(content: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(&content[..content.len().min(80)]);
    text.trim_end_matches('\u{FFFD}').as_bytes().to_vec()
}

/// Two fragments of text, split inside a character of the reply, or inside one that is added.
fn split_in_a_character(kind: MessageKind, content: &[u8]) -> Vec<Made> {
    let mut text = match kind {
        MessageKind::Text => String::from_utf8_lossy(content).into_owned(),
        MessageKind::Binary => String::new(),
    };
    if text.is_ascii() {
        text.push_str(" €");
    }
    let at = text.char_indices().find(|(_, c)| c.len_utf8() > 1).map_or(0, |(at, _)| at + 1);
    let (first, second) = text.as_bytes().split_at(at);
    let made = |fin, opcode, payload: &[u8]| Made {
        header: FrameHeader::unmasked(fin, opcode, payload.len() as u64),
        payload: payload.to_vec(),
        deliberate: true,
    };
    vec![made(false, Opcode::Text, first), made(true, Opcode::Continuation, second)]
}
