//! JSON that is read later. Reading a type costs code. What only views need that load later is kept as it came, so that code loads with
//! them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
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

/// Whether both are the same JSON, whatever the spaces.
impl<T> PartialEq for Deferred<T> {
    fn eq(&self, other: &Self) -> bool {
        let value = |of: &Self| serde_json::from_str::<Value>(of.json.get()).ok();
        self.json.get() == other.json.get() || value(self) == value(other)
    }
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
