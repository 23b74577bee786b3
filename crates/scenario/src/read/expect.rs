//! What a step expects.

use super::send::{form, opcode};
use super::{Defaults, Reader, one_of, shortened, time, unexpected};
use crate::model::{Bytes, Content, Expect, ExpectedClose, ExpectedFrame, JsonValue, What};
use regex::{Regex, RegexBuilder};
use serde_json_path::JsonPath;
use toml_fields::{Fields, Text, Value, list_names};
use wire::message::MessageKind;

/// How much memory a compiled pattern may take, in bytes.
const MAX_PATTERN: usize = 1 << 20;
/// The longest JSONPath, in bytes, and how deeply its parentheses and brackets may nest: reading it takes stack for each.
const MAX_PATH: usize = 500;
const MAX_NESTING: usize = 10;
/// The kinds besides a message.
const OTHERS: [&str; 6] = ["ping", "pong", "close", "frame", "end", "silence"];
/// What says something about a message.
const OF_MESSAGE: [&str; 8] = ["message", "text", "hex", "base64", "file", "contains", "matches", "json"];

impl Reader<'_, '_> {
    pub(super) fn expect(&self, mut fields: Fields<'_>, defaults: Defaults) -> Option<Expect> {
        let within = time(&mut fields, "within").unwrap_or(defaults.within);
        let unexpected = unexpected(&mut fields).unwrap_or(defaults.unexpected);
        fields.knows(&OTHERS);
        fields.knows(&OF_MESSAGE);
        let others: Vec<_> = OTHERS.into_iter().filter(|kind| fields.has(kind)).collect();
        let of_message: Vec<_> = OF_MESSAGE.into_iter().filter(|kind| fields.has(kind)).collect();
        let what = match (&others[..], &of_message[..]) {
            ([], []) => {
                let fix = "Add `text`, `contains`, `matches`, `json`, `hex`, `base64`, `file`, `message`, `ping`, `pong`, `close`, `frame`, \
                     `end` or `silence`.";
                fields.problem("`expect` does not say what must arrive", fix);
                None
            }
            ([], _) => Some(self.message(&mut fields)),
            ([kind], []) => self.other(&mut fields, kind),
            _ => {
                let all = [others, of_message].concat();
                fields.problem(
                    format!("these cannot be expected together: {}", list_names(&all)),
                    "Make a step of each.",
                );
                return None;
            }
        };
        fields.finish();
        Some(Expect { what: what?, within, unexpected })
    }

    fn message(&self, fields: &mut Fields<'_>) -> What {
        let kind = fields.optional("message").and_then(|name| {
            let known = [("any", None), ("text", Some(MessageKind::Text)), ("binary", Some(MessageKind::Binary))];
            one_of(fields, "message", &name, &known)
        });
        let content = self.content(fields);
        // `text = "…"` is the content of a text message.
        let of_content = match &content.equals {
            Some(Bytes::Text(_)) => Some(MessageKind::Text),
            Some(Bytes::Binary(_)) => Some(MessageKind::Binary),
            Some(Bytes::File(..)) | None => None,
        };
        What::Message(kind.unwrap_or(of_content), content)
    }

    fn content(&self, fields: &mut Fields<'_>) -> Content {
        let equals = self.payload(fields);
        let contains = fields.optional("contains").map(|text| text.value);
        let matches = fields.optional("matches").and_then(|text| pattern(fields, &text));
        let json = fields.value("json").map_or(Vec::new(), |value| json(fields, value));
        Content { equals, contains, matches, json }
    }

    fn other(&self, fields: &mut Fields<'_>, kind: &str) -> Option<What> {
        Some(match kind {
            "ping" => What::Ping(control(fields, "ping")?),
            "pong" => What::Pong(control(fields, "pong")?),
            "close" => What::Close(close(fields.table("close", "`close`")?)),
            "frame" => What::Frame(self.expected_frame(fields.table("frame", "`frame`")?)),
            "silence" => What::Silence(time(fields, "silence")?),
            _ => {
                let line = fields.line();
                if !fields.flag("end") {
                    fields.problem_at(line, "`end` is not true", "Write `end = true`, or remove it.");
                }
                What::End
            }
        })
    }

    fn expected_frame(&self, mut fields: Fields<'_>) -> ExpectedFrame {
        let opcode = opcode(&mut fields).map(wire::opcode::Opcode::nibble);
        let [fin, rsv1, rsv2, rsv3, masked] =
            ["fin", "rsv1", "rsv2", "rsv3", "masked"].map(|bit| fields.optional_flag(bit));
        let length_bits = form(&mut fields).map(wire::header::LengthForm::bits);
        let length = fields.number("length", 0..=u32::MAX).map(u64::from);
        let content = self.content(&mut fields);
        fields.finish();
        ExpectedFrame { opcode, fin, rsv1, rsv2, rsv3, masked, length_bits, length, content }
    }
}

/// `ping = "payload"`, or `ping = true` for any payload.
fn control(fields: &mut Fields<'_>, key: &'static str) -> Option<Option<Vec<u8>>> {
    match fields.value(key)? {
        Value::Text(text) => Some(Some(text.into_bytes())),
        Value::Flag(true) => Some(None),
        _ => {
            let fix = format!("Write `{key} = \"payload\"`, or `{key} = true` for any payload.");
            fields.problem(format!("`{key}` is neither a text nor true"), fix);
            None
        }
    }
}

fn close(mut fields: Fields<'_>) -> ExpectedClose {
    let code = fields.number("code", 0..=u32::from(u16::MAX)).and_then(|code| u16::try_from(code).ok());
    if code == Some(1006) {
        let what = "1006 is not a code of a close frame: browsers report it for a connection that ends without one";
        fields.problem(what, "Write `expect.end = true`.");
    }
    let reason = fields.optional("reason").map(|text| text.value);
    fields.finish();
    ExpectedClose { code, reason }
}

fn pattern(fields: &Fields<'_>, Text { value, line }: &Text) -> Option<Regex> {
    match RegexBuilder::new(value).size_limit(MAX_PATTERN).build() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            // The message of a syntax error has a copy of the pattern; its last line says what is wrong.
            let error = error.to_string();
            let why = error.lines().next_back().unwrap_or_default().trim_start_matches("error: ").to_owned();
            fields.problem_at(
                *line,
                format!("`matches` is not a valid regular expression: {why}"),
                "Correct it (see docs.rs/regex).",
            );
            None
        }
    }
}

/// `{ path = "$.a", equals = 1 }`, or a list of such tables.
fn json(fields: &Fields<'_>, value: Value<'_>) -> Vec<JsonValue> {
    match value {
        Value::Table(table) => json_value(table).into_iter().collect(),
        Value::List(items) => items
            .into_iter()
            .filter_map(|item| match item {
                Value::Table(table) => json_value(table),
                _ => not_json(fields),
            })
            .collect(),
        _ => not_json(fields).into_iter().collect(),
    }
}

fn not_json(fields: &Fields<'_>) -> Option<JsonValue> {
    let fix = "Write `json = { path = \"$.type\", equals = \"chat\" }`, or a list of such tables.";
    fields.problem("`json` is not a table with a `path`", fix);
    None
}

fn json_value(mut fields: Fields<'_>) -> Option<JsonValue> {
    let path = fields.text("path");
    let equals = fields.json("equals").map(|(value, _)| value);
    if path.value.len() > MAX_PATH {
        let what = format!("`path` has {} bytes, but the limit is {MAX_PATH}", path.value.len());
        fields.problem_at(path.line, what, "Shorten it.");
        return None;
    }
    if nesting(&path.value) > MAX_NESTING {
        let what = format!("the parentheses and brackets of `path` nest more than {MAX_NESTING} deep");
        fields.problem_at(path.line, what, "Simplify it.");
        return None;
    }
    let parsed = JsonPath::parse(&path.value);
    if let Err(error) = &parsed
        && !path.value.trim().is_empty()
    {
        let what = format!("`{}` is not a valid JSONPath ({error})", shortened(&path.value));
        fields.problem_at(path.line, what, "Write one such as `$.items[0].name` (RFC 9535).");
    }
    fields.finish();
    Some(JsonValue { path: parsed.ok()?, equals })
}

/// How deeply parentheses and brackets nest, those in quotes included.
fn nesting(path: &str) -> usize {
    let depth = path.bytes().scan(0_usize, |depth, byte| {
        match byte {
            b'(' | b'[' => *depth += 1,
            b')' | b']' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    depth.max().unwrap_or(0)
}
