//! Bytes in JSON: hex where they are few, base64 where they may be many, text with one character per byte.

/// Four bytes of lower-case hex, or nothing, for `#[serde(with)]`.
pub mod hex_key {
    use hex::FromHex;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(key: &Option<[u8; 4]>, serializer: S) -> Result<S::Ok, S::Error> {
        key.map(hex::encode).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 4]>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(FromHex::from_hex).transpose().map_err(|_| D::Error::custom("a masking key has four bytes of hex"))
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

/// Text with one character per byte (ISO-8859-1): readable where the bytes are ASCII, and nothing is lost where not.
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
