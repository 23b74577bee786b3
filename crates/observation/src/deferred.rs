//! JSON that is read later. Reading a type costs code. What only views need that load later is kept as it came, so that code loads with
//! them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;

/// A `T` as JSON.
pub struct Deferred<T> {
    json: Box<RawValue>,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize> Deferred<T> {
    /// # Panics
    /// Never: the types of this crate always serialize.
    #[must_use]
    pub fn new(value: &T) -> Self {
        let json = serde_json::value::to_raw_value(value).expect("these types always serialize");
        Self { json, of: PhantomData }
    }
}

impl<T: DeserializeOwned> Deferred<T> {
    /// Reads it.
    ///
    /// # Errors
    /// If the JSON is not a `T`: it comes from a file, or from another version.
    pub fn read(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.json.get())
    }
}

impl<T> Deferred<T> {
    /// The JSON.
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.get()
    }
}

impl<T> Clone for Deferred<T> {
    fn clone(&self) -> Self {
        Self { json: self.json.clone(), of: PhantomData }
    }
}

impl<T> fmt::Debug for Deferred<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json.get())
    }
}

/// Whether both are the same JSON but for the spaces. The names in an object must have the same order.
impl<T> PartialEq for Deferred<T> {
    fn eq(&self, other: &Self) -> bool {
        without_spaces(self.json.get()).eq(without_spaces(other.json.get()))
    }
}

/// The bytes of `json` without the spaces outside of its texts. Comparing them needs no reader of JSON.
fn without_spaces(json: &str) -> impl Iterator<Item = u8> {
    let (mut in_text, mut is_escaped) = (false, false);
    json.bytes().filter(move |byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            _ => {}
        }
        in_text || !byte.is_ascii_whitespace()
    })
}

impl<T> Eq for Deferred<T> {}

impl<T> Serialize for Deferred<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Deferred<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { json: Box::deserialize(deserializer)?, of: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use super::without_spaces;

    #[test]
    fn only_spaces_outside_of_texts_are_left_out() {
        let text = |json: &str| String::from_utf8(without_spaces(json).collect()).unwrap();
        assert_eq!(text("{ \"a b\" :\n [1, 2] }"), "{\"a b\":[1,2]}");
        assert_eq!(text(r#"["a \" b", "c \\" ]"#), r#"["a \" b","c \\"]"#);
    }
}
