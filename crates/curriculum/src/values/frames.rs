//! Frames of different shapes: a client decodes them, and constants are wrong for some of them.

use serde_json::json;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

/// Texts in which characters and bytes differ in number.
const TEXTS: [&str; 6] =
    ["café au lait", "naïve façade", "5 € für Öl", "señor Ñandú", "Zürich → Genève", "smörgåsbord"];
/// The length of a long text, in bytes: it needs a length of 16 bits.
const LONG: usize = 130;

/// `count` frames in hex, separated by spaces. Of three or more, one is a fragment, one is not masked, and one is long. `below`
/// draws a number from 0 to its argument - 1.
pub(super) fn make(count: usize, mut below: impl FnMut(u32) -> u32) -> String {
    let mut places: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        places.swap(at, below(at as u32 + 1) as usize);
    }
    let frames = places.into_iter().map(|place| {
        let mut text = TEXTS[below(TEXTS.len() as u32) as usize].to_owned();
        while place == 2 && text.len() < LONG {
            text.push(' ');
            text.push_str(TEXTS[below(TEXTS.len() as u32) as usize]);
        }
        let (fin, opcode) = match place {
            0 => (false, [Opcode::Text, Opcode::Continuation][below(2) as usize]),
            1 => (true, [Opcode::Ping, Opcode::Pong][below(2) as usize]),
            _ => (true, [Opcode::Text, Opcode::Binary, Opcode::Continuation][below(3) as usize]),
        };
        let mut header = FrameHeader::unmasked(fin, opcode, text.len() as u64);
        let mut payload = text.into_bytes();
        if place != 1 {
            let key = MaskingKey(std::array::from_fn(|_| below(255) as u8 + 1));
            key.apply(&mut payload, 0);
            header.masking_key = Some(key);
        }
        hex::encode([&header.encode(), &payload[..]].concat())
    });
    frames.collect::<Vec<_>>().join(" ")
}

/// The frames as a list in JSON: `fin`, `opcode`, `masked`, `length` and `text` of each.
pub(super) fn decoded(frames: &str) -> Option<String> {
    let decoded = frames.split(' ').map(|frame| {
        let bytes = hex::decode(frame).ok()?;
        let header = FrameHeader::parse(&bytes)?;
        let mut payload = bytes.get(header.len()..)?.to_vec();
        if let Some(key) = header.masking_key {
            key.apply(&mut payload, 0);
        }
        Some(json!({
            "fin": header.fin,
            "opcode": header.opcode.nibble(),
            "masked": header.masking_key.is_some(),
            "length": header.length.bytes,
            "text": String::from_utf8(payload).ok()?,
        }))
    });
    Some(serde_json::Value::Array(decoded.collect::<Option<_>>()?).to_string())
}
