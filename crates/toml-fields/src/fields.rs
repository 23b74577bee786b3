//! Reads TOML field by field, so that each problem has a line number and unknown fields are found.

use crate::dots::{MAX_DOTS, too_many_dots};
use crate::lines::Lines;
use crate::problem::{Problem, Problems, did_you_mean};
use serde::de::DeserializeOwned;
use serde::de::value::{Error as VariantError, StrDeserializer};
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// TOML text, which may be a part of a file.
#[derive(Clone)]
pub struct Toml<'a> {
    file: &'a str,
    text: &'a str,
    lines: Rc<Lines>,
    problems: &'a Problems,
}

impl<'a> Toml<'a> {
    /// `text` starts in line `line` of `file`.
    pub fn new(file: &'a str, line: usize, text: &'a str, problems: &'a Problems) -> Self {
        Self { file, text, lines: Rc::new(Lines::of(text, line)), problems }
    }

    /// The top-level fields. `what` names their owner, such as “this quiz”. Returns `None` and adds problems if the text is not
    /// valid TOML.
    pub fn fields(self, what: &str) -> Option<Fields<'a>> {
        if let Some(at) = too_many_dots(self.text) {
            self.problem(at, format!("this key has more than {MAX_DOTS} dots"), "Use fewer.");
            return None;
        }
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            self.problem(at, error.message().replace('\n', ", "), "Use valid TOML (see toml.io).");
        }
        errors.is_empty().then(|| Fields::new(self, what, 0, table.into_inner()))
    }

    fn line_of(&self, at: usize) -> usize {
        self.lines.at(at)
    }

    fn problem(&self, at: usize, what: impl Into<String>, fix: impl Into<String>) {
        self.problems.add(self.file, Some(self.line_of(at)), what, fix);
    }
}

/// A string and the line where it starts.
#[derive(Clone, Debug, Default)]
pub struct Text {
    pub value: String,
    pub line: usize,
}

/// A table whose fields are taken one by one. Call [`Fields::finish`] at the end to report the unknown ones.
pub struct Fields<'a> {
    toml: Toml<'a>,
    what: String,
    at: usize,
    table: DeTable<'a>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    fn new(toml: Toml<'a>, what: &str, at: usize, table: DeTable<'a>) -> Self {
        Self { toml, what: what.to_owned(), at, table, known: Vec::new() }
    }

    pub fn line(&self) -> usize {
        self.toml.line_of(self.at)
    }

    /// Adds a problem at the start of the table.
    pub fn problem(&self, what: impl Into<String>, fix: impl Into<String>) {
        self.toml.problem(self.at, what, fix);
    }

    /// Adds a problem at a line of the table.
    pub fn problem_at(&self, line: usize, what: impl Into<String>, fix: impl Into<String>) {
        self.toml.problems.add(self.toml.file, Some(line), what, fix);
    }

    /// Adds a warning at the start of the table.
    pub fn warning(&self, what: impl Into<String>, fix: impl Into<String>) {
        let Toml { file, problems, .. } = self.toml;
        problems.warn(Problem { file: file.to_owned(), line: Some(self.line()), what: what.into(), fix: fix.into() });
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Names fields that may be taken later, or that are taken only if they are there: they are not unknown.
    pub fn knows(&mut self, keys: &[&'static str]) {
        self.known.extend(keys.iter().filter(|key| !self.known.contains(key)).collect::<Vec<_>>());
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'a>>> {
        self.knows(&[key]);
        self.table.remove(key)
    }

    fn wrong_type(&self, key: &str, at: usize, wanted: &str, found: &DeValue<'_>) {
        self.toml.problem(at, format!("`{key}` must be {wanted}, not {}", kind_of(found)), "Change the value.");
    }

    /// A required string. Returns an empty one and adds a problem if it is missing.
    pub fn text(&mut self, key: &'static str) -> Text {
        let there = self.has(key);
        match self.optional(key) {
            Some(text) if text.value.trim().is_empty() => {
                self.problem_at(text.line, format!("`{key}` of {} is empty", self.what), "Enter a text.");
                text
            }
            Some(text) => text,
            None => {
                if !there {
                    self.problem(format!("{} has no `{key}`", self.what), format!("Add `{key} = \"…\"`."));
                }
                Text { line: self.line(), ..Text::default() }
            }
        }
    }

    /// A table or another value as JSON, and its line.
    pub fn json(&mut self, key: &'static str) -> Option<(serde_json::Value, usize)> {
        let value = self.take(key)?;
        let line = self.toml.line_of(value.span().start);
        Some((self.deserialized(value, &format!("`{key}`: "), ("value", key))?, line))
    }

    pub fn optional(&mut self, key: &'static str) -> Option<Text> {
        let value = self.take(key)?;
        self.as_text(key, value)
    }

    fn as_text(&self, key: &str, value: Spanned<DeValue<'a>>) -> Option<Text> {
        let at = value.span().start;
        match value.into_inner() {
            DeValue::String(text) => Some(Text { value: text.into_owned(), line: self.toml.line_of(at) }),
            other => {
                self.wrong_type(key, at, "a string", &other);
                None
            }
        }
    }

    pub fn texts(&mut self, key: &'static str) -> Vec<Text> {
        self.array(key, "a list of strings").into_iter().filter_map(|value| self.as_text(key, value)).collect()
    }

    fn array(&mut self, key: &'static str, wanted: &str) -> Vec<Spanned<DeValue<'a>>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let at = value.span().start;
        match value.into_inner() {
            DeValue::Array(values) => values.into_iter().collect(),
            other => {
                self.wrong_type(key, at, wanted, &other);
                Vec::new()
            }
        }
    }

    /// The items of a list of any kind.
    pub fn items(&mut self, key: &'static str) -> Vec<Item<'a>> {
        let what = format!("this item of `{key}`");
        let values = self.array(key, "a list");
        values.into_iter().map(|value| self.item(&what, value)).collect()
    }

    /// A value of any kind.
    pub fn value(&mut self, key: &'static str) -> Option<Value<'a>> {
        let value = self.take(key)?;
        Some(self.as_value(&format!("this value of `{key}`"), value))
    }

    fn as_value(&self, what: &str, value: Spanned<DeValue<'a>>) -> Value<'a> {
        let at = value.span().start;
        match value.into_inner() {
            DeValue::String(value) => Value::Text(value.into_owned()),
            DeValue::Table(table) => Value::Table(Fields::new(self.toml.clone(), what, at, table)),
            DeValue::Array(values) => Value::List(values.into_iter().map(|value| self.as_value(what, value)).collect()),
            DeValue::Boolean(flag) => Value::Flag(flag),
            DeValue::Integer(number) => match u32::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Number(number),
                Err(_) => Value::Other,
            },
            DeValue::Float(_) | DeValue::Datetime(_) => Value::Other,
        }
    }

    fn item(&self, what: &str, value: Spanned<DeValue<'a>>) -> Item<'a> {
        let at = value.span().start;
        let line = self.toml.line_of(at);
        match value.into_inner() {
            DeValue::String(value) => Item::Text(Text { value: value.into_owned(), line }),
            DeValue::Table(table) => Item::Table(Fields::new(self.toml.clone(), what, at, table)),
            _ => Item::Other(line),
        }
    }

    /// The tables of a list, written as `[[key]]`. `what` describes each.
    pub fn tables(&mut self, key: &'static str, what: &str) -> Vec<Self> {
        let values = self.array(key, "a list of tables");
        values.into_iter().filter_map(|value| self.as_table(key, what, value)).collect()
    }

    pub fn table(&mut self, key: &'static str, what: &str) -> Option<Self> {
        let value = self.take(key)?;
        self.as_table(key, what, value)
    }

    fn as_table(&self, key: &str, what: &str, value: Spanned<DeValue<'a>>) -> Option<Self> {
        let at = value.span().start;
        match value.into_inner() {
            DeValue::Table(table) => Some(Self::new(self.toml.clone(), what, at, table)),
            other => {
                self.wrong_type(key, at, "a table", &other);
                None
            }
        }
    }

    pub fn flag(&mut self, key: &'static str) -> bool {
        let Some(value) = self.take(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, value.span().start, "true or false", value.get_ref());
            false
        })
    }

    /// `None` if the field is missing.
    pub fn optional_flag(&mut self, key: &'static str) -> Option<bool> {
        self.knows(&[key]);
        self.has(key).then(|| self.flag(key))
    }

    pub fn number(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.take(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|it| u32::from_str_radix(it.as_str(), it.radix()).ok().filter(|number| range.contains(number)));
        if number.is_none() {
            let found = value.get_ref().as_integer().map_or_else(|| kind_of(value.get_ref()), |it| it.as_str());
            let what = format!("`{key}` must be a whole number from {} to {}, not {found}", range.start(), range.end());
            self.toml.problem(value.span().start, what, "Change the value.");
        }
        number
    }

    /// A required number.
    pub fn required(&mut self, key: &'static str, range: RangeInclusive<u32>) -> u32 {
        if !self.has(key) {
            self.problem(format!("{} has no `{key}`", self.what), format!("Add `{key} = {}`.", range.start()));
        }
        self.number(key, range.clone()).unwrap_or(*range.start())
    }

    /// One of the names that `T` knows.
    pub fn one_of<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let text = self.optional(key)?;
        match T::deserialize(StrDeserializer::<VariantError>::new(&text.value)) {
            Ok(value) => Some(value),
            Err(error) => {
                let (what, fix) = explain(&error.to_string());
                self.problem_at(text.line, format!("`{key}`: {what}"), fix);
                None
            }
        }
    }

    /// The names and lines of all fields that were not taken yet.
    pub fn remaining(&self) -> Vec<Text> {
        let mut rest: Vec<_> = self.table.keys().map(|key| (key.span().start, key.get_ref().to_string())).collect();
        rest.sort();
        rest.into_iter().map(|(at, value)| Text { value, line: self.toml.line_of(at) }).collect()
    }

    /// Takes the value of a key that the author chose, as a `T`.
    pub fn as_type<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let value = self.table.remove(key)?;
        self.deserialized(value, &format!("`{key}`: "), ("value", key))
    }

    /// Takes a key and its value as a variant of `T`. `what` describes the variants.
    pub fn as_variant<T: DeserializeOwned>(&mut self, key: &str, what: &str) -> Option<T> {
        let (key, value) = self.table.remove_entry(key)?;
        let (span, name) = (key.span(), key.get_ref().to_string());
        let table = DeTable::from_iter([(key, value)]);
        self.deserialized(Spanned::new(span, DeValue::Table(table)), "", (what, &name))
    }

    fn deserialized<T: DeserializeOwned>(
        &self,
        value: Spanned<DeValue<'a>>,
        before: &str,
        (variant, name): (&str, &str),
    ) -> Option<T> {
        let at = value.span().start;
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => Some(value),
            Err(error) => {
                let Range { start, .. } = error.span().unwrap_or(at..at);
                let (what, fix) = explain(error.message());
                let what = match what.strip_prefix(&format!("unknown value `{name}`")) {
                    Some(rest) => format!("unknown {variant} `{name}`{rest}"),
                    None => what,
                };
                self.toml.problem(start, format!("{before}{what}"), fix);
                None
            }
        }
    }

    /// Reports the fields that were not taken: their names are unknown.
    pub fn finish(self) {
        for key in self.remaining() {
            let fix = did_you_mean(&key.value, self.known.iter().copied())
                .unwrap_or_else(|| format!("The known fields are {}.", list_names(&self.known)));
            self.problem_at(key.line, format!("{} has an unknown field `{}`", self.what, key.value), fix);
        }
    }
}

pub enum Item<'a> {
    Text(Text),
    Table(Fields<'a>),
    Other(usize),
}

/// A value whose kind is not known.
pub enum Value<'a> {
    Text(String),
    Table(Fields<'a>),
    List(Vec<Self>),
    /// A whole number from 0 to 2<sup>32</sup> − 1.
    Number(u32),
    Flag(bool),
    /// Another number, or a time.
    Other,
}

/// A message of serde's and what to do about it, with a suggestion if a name is unknown.
fn explain(message: &str) -> (String, String) {
    let (message, names) = (message.replace('\n', ", "), message.split('`').skip(1).step_by(2).collect::<Vec<_>>());
    let fix = match names.split_first() {
        Some((found, known)) if message.starts_with("unknown ") => did_you_mean(found, known.iter().copied()),
        _ => None,
    };
    let message = message.replacen("unknown variant", "unknown value", 1);
    (message, fix.unwrap_or_else(|| "Correct the value.".to_owned()))
}

pub fn list_names(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
