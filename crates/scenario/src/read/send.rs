//! What a step sends.

use super::payload::bytes;
use super::{Reader, as_template, one_of};
use crate::model::{ComposedFrame, Mask, Send};
use crate::quote;
use toml_fields::{Fields, Text, Value, list_names};
use wire::close::MAX_REASON;
use wire::header::{FrameHeader, LengthForm, PayloadLength, Rsv};
use wire::mask::MaskingKey;
use wire::message::MessageKind;
use wire::opcode::Opcode;

const KINDS: [&str; 8] = ["text", "hex", "base64", "file", "ping", "pong", "close", "frame"];
/// The largest payload of a control frame. RFC 6455 §5.5.
const MAX_CONTROL: usize = 125;

pub(super) const OPCODES: [(&str, Opcode); 6] = [
    ("continuation", Opcode::Continuation),
    ("text", Opcode::Text),
    ("binary", Opcode::Binary),
    ("close", Opcode::Close),
    ("ping", Opcode::Ping),
    ("pong", Opcode::Pong),
];
pub(super) const MESSAGES: [(&str, MessageKind); 2] = [("text", MessageKind::Text), ("binary", MessageKind::Binary)];

impl Reader<'_, '_> {
    pub(super) fn send(&self, mut fields: Fields<'_>) -> Option<Send> {
        fields.knows(&KINDS);
        let found: Vec<_> = KINDS.into_iter().filter(|kind| fields.has(kind)).collect();
        let send = match found[..] {
            [kind] => self.kind(&mut fields, kind),
            [] => {
                fields.problem(
                    "`send` is empty",
                    "Add `text`, `hex`, `base64`, `file`, `ping`, `pong`, `close` or `frame`.",
                );
                None
            }
            _ => {
                let what = format!("`send` has more than one of {}", list_names(&found));
                fields.problem(what, "Make a step of each.");
                return None;
            }
        };
        fields.finish();
        send
    }

    fn kind(&self, fields: &mut Fields<'_>, kind: &str) -> Option<Send> {
        match kind {
            "text" => {
                let text = fields.optional("text")?;
                Some(Send::Text(as_template(fields, &text)?.value))
            }
            "hex" => bytes(fields, "hex").map(Send::Binary),
            "base64" => bytes(fields, "base64").map(Send::Binary),
            "file" => {
                let kind = fields.optional("as").and_then(|name| one_of(fields, "as", &name, &MESSAGES));
                let kind = kind.unwrap_or(MessageKind::Binary);
                let content = self.file(fields)?;
                if kind == MessageKind::Text && std::str::from_utf8(content.bytes()).is_err() {
                    let fix = "Save it as UTF-8, or send it as binary.";
                    fields.problem("the file is not valid UTF-8, which a text message must be", fix);
                }
                Some(Send::File(kind, content.bytes().to_vec()))
            }
            "ping" => control(fields, "ping").map(Send::Ping),
            "pong" => control(fields, "pong").map(Send::Pong),
            "close" => close(fields.table("close", "`close`")?),
            _ => self.composed_frame(fields.table("frame", "`frame`")?).map(Send::Frame),
        }
    }

    fn composed_frame(&self, mut fields: Fields<'_>) -> Option<ComposedFrame> {
        let payload = self.payload(&mut fields).map(|payload| payload.bytes().to_vec()).unwrap_or_default();
        if !fields.has("opcode") {
            fields.problem("`frame` has no `opcode`", "Add one, such as `opcode = \"text\"` or `opcode = 3`.");
        }
        let opcode = opcode(&mut fields);
        let fin = fields.optional_flag("fin").unwrap_or(true);
        let [rsv1, rsv2, rsv3] = ["rsv1", "rsv2", "rsv3"].map(|bit| fields.flag(bit));
        let (mask, masking_key) = mask(&mut fields);
        let length = fields.number("length", 0..=u32::MAX).map_or(payload.len() as u64, u64::from);
        let length = PayloadLength { bytes: length, form: form(&mut fields).unwrap_or(LengthForm::minimal(length)) };
        let most = match length.form {
            LengthForm::Bits7 => 125,
            LengthForm::Bits16 => 0xFFFF,
            LengthForm::Bits64 => u64::MAX,
        };
        if length.bytes > most {
            let what = format!("a length of {} does not fit into {} bits", length.bytes, length.form.bits());
            fields.problem(what, format!("Use more bits, or a length of at most {most}."));
        }
        fields.finish();
        let rsv = Rsv { rsv1, rsv2, rsv3 };
        let header = FrameHeader { fin, rsv, opcode: opcode?, masking_key, length };
        Some(ComposedFrame { header, mask, payload })
    }
}

/// `mask = "01020304"`, or `mask = ""` for none. Left out, the key is random.
fn mask(fields: &mut Fields<'_>) -> (Mask, Option<MaskingKey>) {
    fields.knows(&["mask"]);
    if !fields.has("mask") {
        return (Mask::Random, None);
    }
    let key = bytes(fields, "mask").unwrap_or_default();
    if key.is_empty() {
        return (Mask::Off, None);
    }
    let array = <[u8; 4]>::try_from(&key[..]).ok();
    if array.is_none() {
        let what = format!("`mask` has {}, but a masking key has 4 bytes", quote::size(key.len()));
        fields.problem(what, "Write 8 hex digits, or an empty text to send the frame without a mask.");
    }
    (Mask::Key, array.map(MaskingKey))
}

/// A name, or a number from 0 to 15.
pub(super) fn opcode(fields: &mut Fields<'_>) -> Option<Opcode> {
    match fields.value("opcode")? {
        Value::Text(value) => one_of(fields, "opcode", &Text { value, line: fields.line() }, &OPCODES),
        Value::Number(number @ 0..=15) => Some(Opcode::from_nibble(number as u8)),
        _ => {
            let fix = "Write `\"text\"`, `\"ping\"` or `3`.";
            fields.problem("`opcode` is neither a name nor a number from 0 to 15", fix);
            None
        }
    }
}

/// How many bits the length has.
pub(super) fn form(fields: &mut Fields<'_>) -> Option<LengthForm> {
    let line = fields.line();
    match fields.number("length-bits", 7..=64)? {
        7 => Some(LengthForm::Bits7),
        16 => Some(LengthForm::Bits16),
        64 => Some(LengthForm::Bits64),
        other => {
            fields.problem_at(line, format!("`length-bits` is {other}"), "A length has 7, 16 or 64 bits.");
            None
        }
    }
}

/// The payload of a ping or pong.
fn control(fields: &mut Fields<'_>, key: &'static str) -> Option<Vec<u8>> {
    let Text { value, line } = fields.optional(key)?;
    if value.len() > MAX_CONTROL {
        let what = format!("`{key}` has {} bytes, but a {key} carries at most {MAX_CONTROL}", value.len());
        fields.problem_at(line, what, "Shorten it, or send a `frame` that breaks this rule.");
    }
    Some(value.into_bytes())
}

fn close(mut fields: Fields<'_>) -> Option<Send> {
    let code = fields.number("code", 0..=u32::from(u16::MAX)).and_then(|code| u16::try_from(code).ok());
    let reason = fields.optional("reason").unwrap_or_default();
    if code.is_none() && !reason.value.is_empty() {
        fields.problem_at(reason.line, "a close reason needs a code", "Add `code = 1000`.");
    }
    if reason.value.len() > MAX_REASON {
        let what = format!("the reason has {} bytes, but the limit is {MAX_REASON}", reason.value.len());
        fields.problem_at(reason.line, what, "Shorten it.");
    }
    fields.finish();
    Some(Send::Close(code, reason.value))
}
