//! Reads a filter: `opcode:text -from:server size:>1k "two words" /id=[0-9]+/`.

use super::term::{Condition, FilterError, Number, Term, Text};
use observation::{JsonPath, MessageKind, Party};
use regex_lite::RegexBuilder;
use std::iter::Peekable;
use std::str::CharIndices;

/// The most bytes of a filter, and the most memory of a compiled regular expression.
pub const MAX_FILTER: usize = 1000;
const MAX_COMPILED: usize = 256 << 10;

/// The names before a colon, each with an example.
const NAMES: [(&str, &str); 10] = [
    ("opcode", "opcode:ping"),
    ("from", "from:client"),
    ("kind", "kind:binary"),
    ("is", "is:wrong"),
    ("connection", "connection:2"),
    ("size", "size:>1k"),
    ("after", "after:2s"),
    ("before", "before:500ms"),
    ("json", "json:$.type=ping"),
    ("field", "field:event=chat"),
];

/// Reads the terms of a filter. All of them must hold.
///
/// # Errors
/// Which piece is wrong, and what to write instead.
pub(super) fn terms(text: &str) -> Result<Vec<Term>, FilterError> {
    if text.len() > MAX_FILTER {
        let said =
            format!("A filter has at most {MAX_FILTER} bytes, and this one has {}. Make it shorter.", text.len());
        return Err(FilterError { piece: String::new(), said });
    }
    let mut pieces = Pieces { text, left: text.char_indices().peekable() };
    let mut terms = Vec::new();
    while let Some(piece) = pieces.next_piece()? {
        let condition = condition(&piece).map_err(|said| FilterError { piece: piece.whole.to_owned(), said })?;
        terms.push(Term { excludes: piece.excludes, condition });
    }
    Ok(terms)
}

/// A piece of a filter: what is between two spaces outside of quotes.
struct Piece<'t> {
    whole: &'t str,
    excludes: bool,
    /// The name before the colon; empty if there is none.
    name: &'t str,
    value: Value,
}

enum Value {
    Plain(String),
    Phrase(String),
    /// A regular expression, and whether letter case is ignored.
    Regex(String, bool),
}

struct Pieces<'t> {
    text: &'t str,
    left: Peekable<CharIndices<'t>>,
}

impl<'t> Pieces<'t> {
    fn next_piece(&mut self) -> Result<Option<Piece<'t>>, FilterError> {
        while self.left.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        let Some(&(start, first)) = self.left.peek() else { return Ok(None) };
        // A minus alone is a text.
        let rest = &self.text[start + first.len_utf8()..];
        let excludes = first == '-' && !rest.is_empty() && !rest.starts_with(char::is_whitespace);
        if excludes {
            self.left.next();
        }
        let name = self.name();
        for _ in 0..name.map_or(0, |name| name.chars().count() + 1) {
            self.left.next();
        }
        let value = self.value(start)?;
        let whole = &self.text[start..self.at()];
        Ok(Some(Piece { whole, excludes, name: name.unwrap_or_default(), value }))
    }

    fn at(&mut self) -> usize {
        self.left.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    /// A known name, or one that looks like a slip of the keyboard, before a colon. Another word before a colon is a text, such as
    /// `http://h`.
    fn name(&mut self) -> Option<&'t str> {
        let at = self.at();
        let (name, _) = self.text[at..].split_once(':')?;
        let is_word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
        (is_word && NAMES.iter().any(|(known, _)| is_near(known, name))).then_some(name)
    }

    fn value(&mut self, start: usize) -> Result<Value, FilterError> {
        let at = self.at();
        let first = self.text[at..].chars().next();
        let open = |this: &Self, said: &str| FilterError {
            piece: this.text[start..].trim_end().to_owned(),
            said: said.into(),
        };
        match first {
            Some('"') => {
                self.left.next();
                let phrase = self.until('"').ok_or_else(|| open(self, "This phrase has no end. Add a \" after it."))?;
                Ok(Value::Phrase(phrase))
            }
            Some('/') => {
                self.left.next();
                let regex = self
                    .until('/')
                    .ok_or_else(|| open(self, "This regular expression has no end. Add a / after it."))?;
                let ignores_case = self.left.next_if(|(_, c)| *c == 'i').is_some();
                if self.left.peek().is_some_and(|(_, c)| !c.is_whitespace()) {
                    return Err(open(
                        self,
                        "After the regular expression, only the letter i can follow. Write \\/ for a / inside it.",
                    ));
                }
                Ok(Value::Regex(regex, ignores_case))
            }
            _ => {
                let mut plain = String::new();
                let mut in_quotes = false;
                // Quotes inside keep spaces together, as in json:$.name="two words".
                while let Some((_, c)) = self.left.next_if(|(_, c)| in_quotes || !c.is_whitespace()) {
                    in_quotes ^= c == '"';
                    plain.push(c);
                }
                Ok(Value::Plain(plain))
            }
        }
    }

    /// What is before `end`, which `\` can escape. In a regular expression, other escapes stay.
    fn until(&mut self, end: char) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.left.next()?.1 {
                c if c == end => return Some(text),
                '\\' => match self.left.next()?.1 {
                    c if c == end || (end == '"' && c == '\\') => text.push(c),
                    c => text.extend(['\\', c]),
                },
                c => text.push(c),
            }
        }
    }
}

fn condition(piece: &Piece<'_>) -> Result<Condition, String> {
    let text = match &piece.value {
        Value::Regex(regex, ignores_case) if piece.name.is_empty() => {
            let built = RegexBuilder::new(regex).case_insensitive(*ignores_case).size_limit(MAX_COMPILED).build();
            return match built {
                Ok(regex) => Ok(Condition::Text(Text::Regex(regex))),
                Err(error) => Err(format!("This regular expression is invalid: {error}.")),
            };
        }
        // `text:/x/` has no meaning: a regular expression has no name before it.
        Value::Regex(regex, _) => format!("/{regex}/"),
        Value::Plain(text) | Value::Phrase(text) => text.clone(),
    };
    if piece.name.is_empty() {
        return Ok(Condition::Text(Text::Word(text.to_ascii_lowercase())));
    }
    let one_of = |all: &[&str]| Err(format!("Write {}.", list(piece.name, all)));
    match (piece.name, text.as_str()) {
        ("opcode", "text" | "binary" | "continuation" | "close" | "ping" | "pong") => Ok(Condition::Opcode(text)),
        ("opcode", _) => one_of(&["text", "binary", "continuation", "close", "ping", "pong"]),
        ("from", "browser" | "client") => Ok(Condition::From(Party::Client)),
        ("from", "server" | "relay") => Ok(Condition::From(Party::Server)),
        ("from", _) => one_of(&["client", "server"]),
        ("kind", "text") => Ok(Condition::Kind(MessageKind::Text)),
        ("kind", "binary") => Ok(Condition::Kind(MessageKind::Binary)),
        ("kind", _) => one_of(&["text", "binary"]),
        ("is", "wrong") => Ok(Condition::Wrong),
        ("is", "deliberate") => Ok(Condition::Deliberate),
        ("is", "compressed") => Ok(Condition::Compressed),
        ("is", "fragmented") => Ok(Condition::Fragmented),
        ("is", "intercepted") => Ok(Condition::Intercepted),
        ("is", "noted") => Ok(Condition::Noted),
        ("is", _) => one_of(&["wrong", "deliberate", "compressed", "fragmented", "intercepted", "noted"]),
        ("connection", number) => {
            number.parse().map(Condition::Connection).map_err(|_| "Write a number, such as connection:2.".into())
        }
        ("size", size) => number(size, bytes)
            .map(Condition::Size)
            .ok_or_else(|| "Write a size in bytes, such as size:125, size:>1k, size:<=2m or size:1k..2k.".into()),
        ("after", time) => micros(time).map(Condition::After).ok_or_else(|| time_words("after")),
        ("before", time) => micros(time).map(Condition::Before).ok_or_else(|| time_words("before")),
        ("json", place) => json(place),
        ("field", place) => field(place),
        (name, _) => {
            let example = NAMES.iter().filter(|(known, _)| is_near(known, name)).map(|(_, example)| *example).next();
            let example = example.unwrap_or("opcode:ping");
            Err(format!("There is no {name}:. Write {example}, or put the text into quotes to search for it."))
        }
    }
}

/// `from:client or from:server`
fn list(name: &str, values: &[&str]) -> String {
    let all: Vec<_> = values.iter().map(|value| format!("{name}:{value}")).collect();
    match all.split_last() {
        Some((last, front)) if !front.is_empty() => format!("{} or {last}", front.join(", ")),
        _ => all.concat(),
    }
}

fn time_words(name: &str) -> String {
    format!("Write a time since the connection began, such as {name}:500ms, {name}:2s or {name}:1m.")
}

/// A number that may have a comparison before it, or be a range.
fn number(text: &str, unit: fn(&str) -> Option<u64>) -> Option<Number> {
    if let Some((from, to)) = text.split_once("..") {
        return Some(Number { least: unit(from)?, most: unit(to)? }).filter(|number| number.least <= number.most);
    }
    let (least, most) = match text.strip_prefix(">=").map(unit) {
        Some(least) => (least?, u64::MAX),
        None => match (text.strip_prefix("<="), text.strip_prefix('>'), text.strip_prefix('<')) {
            (Some(most), ..) => (0, unit(most)?),
            (_, Some(more), _) => (unit(more)?.saturating_add(1), u64::MAX),
            (.., Some(less)) => (0, unit(less)?.checked_sub(1)?),
            _ => (unit(text)?, unit(text)?),
        },
    };
    Some(Number { least, most })
}

/// `125`, `1k`, `1.5m`: kilobytes have 1,000 bytes, as everywhere on the page.
fn bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let text = text.strip_suffix('b').unwrap_or(&text);
    scaled(text, &[("k", 1_000.0), ("m", 1_000_000.0), ("", 1.0)])
}

/// `500ms`, `2s`, `1.5m`, in microseconds.
fn micros(text: &str) -> Option<u64> {
    scaled(text, &[("ms", 1_000.0), ("s", 1_000_000.0), ("m", 60_000_000.0)])
}

/// The first of `units` that the text ends with decides.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<u64> {
    let (digits, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    let is_number =
        digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number: f64 = digits.parse().ok().filter(|_| is_number)?;
    Some((number * unit).round() as u64)
}

fn json(text: &str) -> Result<Condition, String> {
    let (path, value) = parted(text);
    match JsonPath::parse(path) {
        Ok(path) => {
            Ok(Condition::Json(path, value.map(|value| serde_json::from_str(value).unwrap_or_else(|_| value.into()))))
        }
        Err(error) => Err(format!("This is not a place in JSON: {error}. Write json:$.type=ping.").replace('`', "")),
    }
}

fn field(text: &str) -> Result<Condition, String> {
    match parted(text) {
        ("", _) => Err("Write the name of a decoded field, such as field:event or field:event=chat.".into()),
        (name, value) => {
            let value = value.map(|value| value.trim_matches('"').to_lowercase());
            Ok(Condition::Field(name.to_lowercase(), value))
        }
    }
}

/// Name and value. An `=` inside brackets is part of the name.
fn parted(text: &str) -> (&str, Option<&str>) {
    let mut depth = 0u32;
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '=' if depth == 0 => return (&text[..at], Some(&text[at + 1..])),
            _ => {}
        }
    }
    (text, None)
}

/// Whether `typed` is `name`, or differs from it by one slip: a letter that is missing, added or another one, or two that are
/// swapped.
fn is_near(name: &str, typed: &str) -> bool {
    let (a, b) = (name.as_bytes(), typed.as_bytes());
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let tails = |skip_a: usize, skip_b: usize| a.get(skip_a..).is_some_and(|a| b.get(skip_b..) == Some(a));
    let swapped = matches!((a, b), ([a1, a2, ..], [b1, b2, ..]) if a1 == b2 && a2 == b1) && tails(2, 2);
    a == b || (name.len() > 2 && (tails(1, 0) || tails(0, 1) || tails(1, 1) || swapped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn condition_of(text: &str) -> Condition {
        let mut terms = terms(text).unwrap_or_else(|error| panic!("{text}: {}", error.said));
        assert_eq!(terms.len(), 1, "{text}");
        terms.remove(0).condition
    }

    #[track_caller]
    fn text_of(text: &str) -> String {
        match condition_of(text) {
            Condition::Text(Text::Word(word)) => word,
            Condition::Text(Text::Regex(regex)) => format!("/{regex}/"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[track_caller]
    fn error(text: &str, piece: &str, says: &str) {
        let Err(error) = terms(text) else { panic!("{text} is right") };
        assert_eq!(error.piece, piece, "{text}: {}", error.said);
        assert!(error.said.contains(says), "{text}: {}", error.said);
    }

    #[test]
    fn pieces_are_words_phrases_and_regular_expressions() {
        assert_eq!(text_of("Hello"), "hello");
        assert_eq!(text_of(r#""two \"Words\"""#), r#"two "words""#);
        assert_eq!(text_of(r"/a\/b\d /"), r"/a/b\d /");
        assert_eq!(text_of("http://h/x"), "http://h/x");
        assert_eq!(text_of(r#"{"a":1}"#), r#"{"a":1}"#);
        assert_eq!(text_of("-"), "-");
        assert!(terms("").unwrap().is_empty() && terms("  ").unwrap().is_empty());
        let excluded: Vec<_> = terms("-opcode:ping -\"a b\" c").unwrap().iter().map(|term| term.excludes).collect();
        assert_eq!(excluded, [true, true, false]);
    }

    #[test]
    fn names_have_values() {
        assert_eq!(
            format!("{:?}", condition_of("size:>1k")),
            "Size(Number { least: 1001, most: 18446744073709551615 })"
        );
        assert_eq!(format!("{:?}", condition_of("size:<=1.5m")), "Size(Number { least: 0, most: 1500000 })");
        assert_eq!(format!("{:?}", condition_of("size:<10")), "Size(Number { least: 0, most: 9 })");
        assert_eq!(format!("{:?}", condition_of("size:1k..2kb")), "Size(Number { least: 1000, most: 2000 })");
        assert_eq!(format!("{:?}", condition_of("size:5")), "Size(Number { least: 5, most: 5 })");
        assert_eq!(format!("{:?}", condition_of("after:1.5s")), "After(1500000)");
        assert_eq!(format!("{:?}", condition_of("before:250ms")), "Before(250000)");
        assert_eq!(format!("{:?}", condition_of("connection:2")), "Connection(2)");
        assert!(matches!(condition_of("json:$.type=ping"), Condition::Json(_, Some(value)) if value == "ping"));
        assert!(matches!(condition_of("json:$['a=b']=13"), Condition::Json(_, Some(value)) if value == 13));
        assert!(
            matches!(condition_of(r#"json:$.name="two words""#), Condition::Json(_, Some(value)) if value == "two words")
        );
        assert!(matches!(condition_of("json:$.type"), Condition::Json(_, None)));
        assert!(
            matches!(condition_of("field:Event=Chat"), Condition::Field(name, Some(value)) if name == "event" && value == "chat")
        );
    }

    #[test]
    fn an_error_names_the_piece_and_what_to_write() {
        error("hello opcode:pang", "opcode:pang", "opcode:text, opcode:binary");
        error("-is:right x", "-is:right", "is:wrong");
        error("opcod:ping", "opcod:ping", "Write opcode:ping, or put the text into quotes");
        error("form:client", "form:client", "from:client");
        error("size:big", "size:big", "size:>1k");
        error("size:2k..1k", "size:2k..1k", "1k..2k");
        error("size:<0", "size:<0", "size:125");
        error("after:2", "after:2", "after:2s");
        error("json:type", "json:type", "begins with $");
        error("field:", "field:", "field:event");
        error("a \"b c", "\"b c", "Add a \"");
        error("/a", "/a", "Add a /");
        error("/(/", "/(/", "invalid");
        error("/a/b/", "/a/b/", "\\/");
        error(&"x".repeat(1001), "", "at most 1000 bytes");
        error(&format!("/{}/", "(a{50}){50}{50}"), "/(a{50}){50}{50}/", "invalid");
    }
}
