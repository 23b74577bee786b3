//! What a decoder gives: a tree of fields, each with its bytes, and where decoding stopped.

use std::ops::Range;

/// A decoded value with its name. Its children are its fields or items.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The key, or what the protocol calls this field.
    pub name: String,
    pub step: Step,
    pub value: Value,
    /// Its bytes in the payload. `None` if they are not there as such, for example inside compressed content.
    pub span: Option<Range<usize>>,
    /// Its encoding or meaning in a few words; empty if there is nothing to say.
    pub note: String,
    pub children: Vec<Node>,
}

/// How a path goes from the parent to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key of a map, or a field that the protocol names.
    Key,
    /// An item of a list, from 0. It has a name too if the protocol gives this place one.
    Index(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As text, since no numeric type has all of them: integers up to 2⁶⁴, and the digits that JSON has.
    Number(String),
    Text(String),
    Bytes(Vec<u8>),
    Map,
    List,
    /// A word of the protocol, such as the name of a packet type. It is not in the payload as text.
    Word(String),
}

/// Where decoding stopped, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The offset in the payload of the first byte that was not decoded. With compressed content, of the compressed bytes.
    pub offset: usize,
    /// A sentence.
    pub reason: String,
    /// Whether the payload ended too early. More bytes could continue it.
    pub short: bool,
}

impl Node {
    pub(crate) fn new(name: impl Into<String>, value: Value, span: Option<Range<usize>>) -> Self {
        Self { name: name.into(), step: Step::Key, value, span, note: String::new(), children: Vec::new() }
    }

    /// A word of the protocol, without bytes.
    pub(crate) fn word(name: &str, word: impl Into<String>, span: Option<Range<usize>>) -> Self {
        Self::new(name, Value::Word(word.into()), span)
    }

    pub(crate) fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(crate) fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    pub(crate) fn item(mut self, index: usize) -> Self {
        self.name = index.to_string();
        self.step = Step::Index(index);
        self
    }

    /// The child with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == key)
    }

    /// Whether this node or one below it has this name, and this value if one is given. Both are in lower case; a text has no quotes.
    #[must_use]
    pub fn has(&self, name: &str, value: Option<&str>) -> bool {
        let fits = |wanted: &str| match &self.value {
            Value::Text(text) | Value::Word(text) => is_lower_of(wanted, text),
            other => is_lower_of(wanted, &other.literal()),
        };
        let is_it = is_lower_of(name, &self.name) && value.is_none_or(fits);
        is_it || self.children.iter().any(|child| child.has(name, value))
    }

    /// The text of the child with this key.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::as_text)
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Word(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        match &self.get(key)?.value {
            Value::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Names the items of a list as the protocol does. Items beyond the names keep their index.
    pub(crate) fn name_items(&mut self, names: &[&str]) {
        for (child, name) in self.children.iter_mut().zip(names) {
            child.name = (*name).to_owned();
        }
    }

    /// Removes the spans, for content that is not in the payload as such.
    pub(crate) fn without_spans(mut self) -> Self {
        self.span = None;
        self.children = self.children.into_iter().map(Self::without_spans).collect();
        self
    }

    /// The number of nodes, with this one.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.children.iter().map(Self::count).sum::<usize>()
    }
}

impl Value {
    /// In one line, as JSON writes it where JSON can. Bytes are in hex.
    #[must_use]
    pub fn literal(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Bool(value) => value.to_string(),
            Self::Number(digits) => digits.clone(),
            Self::Text(text) => quoted(text),
            Self::Bytes(bytes) => hex(bytes),
            Self::Map => "{}".into(),
            Self::List => "[]".into(),
            Self::Word(word) => word.clone(),
        }
    }
}

/// Whether `text` is `lower` in lower case.
fn is_lower_of(lower: &str, text: &str) -> bool {
    text.chars().flat_map(char::to_lowercase).eq(lower.chars())
}

/// A text as a JSON string. RFC 8259 §7.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Bytes in hex, with a space between them.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 3);
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        for digit in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    out
}

/// A node and its fields as JSON. What JSON has no form for is text: bytes are in hex, words are strings.
#[must_use]
pub fn to_json(node: &Node) -> String {
    let mut out = String::new();
    write_json(node, 0, &mut out);
    out
}

fn write_json(node: &Node, depth: usize, out: &mut String) {
    let (open, close) = match node.value {
        Value::Map => ('{', '}'),
        Value::List => ('[', ']'),
        Value::Bytes(_) | Value::Word(_) => return out.push_str(&quoted(&node.value.literal())),
        // Not numbers of JSON.
        Value::Number(ref digits) if digits.ends_with(['y', 'N']) => return out.push_str(&quoted(digits)),
        _ => return out.push_str(&node.value.literal()),
    };
    out.push(open);
    for (index, child) in node.children.iter().enumerate() {
        out.push_str(if index > 0 { ",\n" } else { "\n" });
        out.push_str(&"  ".repeat(depth + 1));
        if open == '{' {
            out.push_str(&quoted(&child.name));
            out.push_str(": ");
        }
        write_json(child, depth + 1, out);
    }
    if !node.children.is_empty() {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(close);
}
