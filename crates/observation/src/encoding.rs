//! How bytes and enums are written in JSON. Short byte strings are hex, long ones base64, and handshake texts have one character
//! per byte. Enums are read by name with [`named`], because the code that serde derives is three times as large.

/// Four bytes as lower-case hex, or `null`.
pub mod hex_key {
    use hex::FromHex;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(key: &Option<[u8; 4]>, serializer: S) -> Result<S::Ok, S::Error> {
        key.map(hex::encode).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 4]>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(FromHex::from_hex).transpose().map_err(|_| D::Error::custom("a masking key has eight hex digits"))
    }
}

/// Standard base64 with padding.
pub mod base64 {
    use base64::Engine;
    use base64::display::Base64Display;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(bytes, &STANDARD))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

/// Text with one character per byte (ISO-8859-1). ASCII stays readable and no byte is lost.
pub mod latin1 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_text(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |c: char| u8::try_from(u32::from(c)).map_err(|_| D::Error::custom("a character past U+00FF"));
        text.chars().map(byte).collect()
    }

    #[must_use]
    pub fn to_text(bytes: &[u8]) -> String {
        bytes.iter().map(|&byte| char::from(byte)).collect()
    }
}

/// Reads enums by name.
pub(crate) mod named {
    use serde::Deserializer;
    use serde::de::{Error, Visitor};
    use std::fmt;

    /// Implements `Deserialize` for an enum. The names must be those that `Serialize` writes.
    macro_rules! named {
        ($type:ty: $($name:literal => $value:path),+ $(,)?) => {
            impl<'de> serde::Deserialize<'de> for $type {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let index = $crate::encoding::named::index(deserializer, &[$($name),+])?;
                    Ok([$($value),+][index])
                }
            }
        };
    }
    pub(crate) use named;

    /// Reads a string and returns its index in `names`.
    pub(crate) fn index<'de, D: Deserializer<'de>>(
        deserializer: D,
        names: &'static [&'static str],
    ) -> Result<usize, D::Error> {
        deserializer.deserialize_str(OneOf(names))
    }

    struct OneOf(&'static [&'static str]);

    impl Visitor<'_> for OneOf {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a name")
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
            let found = self.0.iter().position(|known| *known == name);
            found.ok_or_else(|| E::unknown_variant(name, self.0))
        }
    }
}
