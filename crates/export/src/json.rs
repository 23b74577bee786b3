//! The observations as a JSON document that a page can open. [`observation::document`] describes and reads it.

use crate::Recording;
use crate::clock::{Clock, rfc3339};
use crate::writer::Writer;
use observation::Observation;
use observation::document::FORMAT;

pub(crate) struct Json {
    first: bool,
}

impl Json {
    pub(crate) fn begin(clock: Clock, recording: &Recording, out: &mut Vec<u8>) -> Self {
        // Neither text has a character that JSON must escape.
        let (exported, began) = (rfc3339(recording.exported), clock.words(0));
        let head = format!("{{\"format\":\"{FORMAT}\",\"exported\":\"{exported}\",\"began\":\"{began}\",");
        out.extend_from_slice(head.as_bytes());
        if let Some(rules) = &recording.rules {
            out.extend_from_slice(format!("\"rules\":{},", rules.json()).as_bytes());
        }
        // Cannot fail: a name of an enum serializes, and a vector accepts every write.
        out.extend_from_slice(b"\"secrets\":");
        let _ = serde_json::to_writer(&mut *out, &recording.secrets);
        out.extend_from_slice(b",\"observations\":[");
        Self { first: true }
    }
}

impl Writer for Json {
    fn observe(&mut self, observation: &Observation, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.first) {
            out.push(b',');
        }
        // One observation per line, so the file is readable.
        out.push(b'\n');
        // Cannot fail: observations serialize, and a vector accepts every write.
        let _ = serde_json::to_writer(out, observation);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n]}\n");
    }
}
