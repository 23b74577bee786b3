//! The types of Protocol Buffers that a visitor brings: a `.proto` file or a descriptor set.
//!
//! Nothing else in the crate uses the parser, so a page can load it separately.

use prost::Message as _;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use std::collections::{BTreeMap, BTreeSet};

/// The largest file that is read, in bytes.
pub const MAX_FILE: usize = 1 << 20;
/// The most messages and enums of a schema.
const MAX_TYPES: usize = 10_000;

/// Messages and enums by their full names, such as `.chat.Message`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    messages: BTreeMap<String, Message>,
    enums: BTreeMap<String, BTreeMap<i64, String>>,
    /// Types that fields name but that the file does not contain.
    pub missing: BTreeSet<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) fields: BTreeMap<u32, Field>,
    /// It exists only for the entries of a map.
    is_entry: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: FieldType,
}

/// The type of a field. The number is a size in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FieldType {
    Bool,
    Int,
    Uint,
    Zigzag,
    Fixed(usize),
    SignedFixed(usize),
    Float(usize),
    Text,
    Bytes,
    Enum(String),
    Message(String),
}

impl FieldType {
    /// Whether several of them may share one field.
    pub(crate) fn is_packed(&self) -> bool {
        !matches!(self, Self::Text | Self::Bytes | Self::Message(_))
    }

    /// 0 for a varint.
    pub(crate) fn fixed_size(&self) -> usize {
        match self {
            Self::Fixed(size) | Self::SignedFixed(size) | Self::Float(size) => *size,
            _ => 0,
        }
    }
}

impl Schema {
    /// Reads a `.proto` file, or a `FileDescriptorSet` as `protoc --descriptor_set_out` writes it.
    ///
    /// # Errors
    /// A sentence for the visitor: what is wrong, where, and what to do.
    pub fn read(name: &str, file: &[u8]) -> Result<Self, String> {
        if file.len() > MAX_FILE {
            return Err(format!("{name} has {} bytes; the limit is {MAX_FILE}. Choose a smaller file.", file.len()));
        }
        let is_proto = name.ends_with(".proto");
        match std::str::from_utf8(file) {
            Ok(text) if is_proto || text.contains("message") => Self::parse(name, text),
            Err(error) if is_proto => {
                Err(format!("{name} is not valid UTF-8 at byte {}. Save it as UTF-8.", error.valid_up_to()))
            }
            _ => Self::decode(name, file),
        }
    }

    fn parse(name: &str, text: &str) -> Result<Self, String> {
        // The parser limits how deep messages are nested. Its debug form begins with file, line and column.
        let file = protox_parse::parse(name, text)
            .map_err(|error| format!("{error:?}. Correct the file and choose it again."))?;
        Self::of(name, &[file])
    }

    fn decode(name: &str, file: &[u8]) -> Result<Self, String> {
        let set = FileDescriptorSet::decode(file).ok().filter(|set| set.file.iter().any(|file| file.name.is_some()));
        let Some(set) = set else {
            return Err(format!(
                "{name} is neither a .proto file nor a descriptor set. Choose a .proto file, or make a descriptor set with protoc --include_imports --descriptor_set_out=FILE."
            ));
        };
        Self::of(name, &set.file)
    }

    fn of(name: &str, files: &[FileDescriptorProto]) -> Result<Self, String> {
        let mut schema = Self::default();
        for file in files {
            let package = file.package.as_deref().filter(|package| !package.is_empty());
            let scope = package.map_or(String::new(), |package| format!(".{package}"));
            file.enum_type.iter().for_each(|of| schema.add_enum(&scope, of));
            file.message_type.iter().for_each(|of| schema.add_message(&scope, of));
        }
        let types = schema.messages.len() + schema.enums.len();
        if types > MAX_TYPES {
            return Err(format!("{name} has {types} types; the limit is {MAX_TYPES}. Choose a smaller file."));
        }
        if schema.messages.is_empty() {
            return Err(format!("{name} has no message type. Choose the file that defines your messages."));
        }
        schema.resolve();
        Ok(schema)
    }

    fn add_enum(&mut self, scope: &str, of: &EnumDescriptorProto) {
        let values = of.value.iter().rev().map(|value| (i64::from(value.number()), value.name().to_owned())).collect();
        self.enums.insert(format!("{scope}.{}", of.name()), values);
    }

    fn add_message(&mut self, scope: &str, of: &DescriptorProto) {
        let full = format!("{scope}.{}", of.name());
        let fields = of.field.iter().filter_map(|field| {
            let name = field.name().to_owned();
            let named = field.type_name.clone().unwrap_or_default();
            let kind = match field.r#type.map(Type::try_from) {
                // The parser leaves it open whether a named type is a message or an enum.
                None => FieldType::Message(named),
                Some(Ok(kind)) => field_type(kind, named)?,
                Some(Err(_)) => return None,
            };
            Some((u32::try_from(field.number()).ok()?, Field { name, kind }))
        });
        let is_entry = of.options.as_ref().is_some_and(|options| options.map_entry());
        self.messages.insert(full.clone(), Message { fields: fields.collect(), is_entry });
        of.enum_type.iter().for_each(|of| self.add_enum(&full, of));
        of.nested_type.iter().for_each(|of| self.add_message(&full, of));
    }

    /// Replaces the names of types by full names. A name is searched for from the inside out.
    fn resolve(&mut self) {
        let mut missing = BTreeSet::new();
        let mut messages = std::mem::take(&mut self.messages);
        let known: BTreeSet<String> = messages.keys().cloned().collect();
        for (scope, message) in &mut messages {
            for field in message.fields.values_mut() {
                let (FieldType::Message(name) | FieldType::Enum(name)) = &field.kind else { continue };
                let full = candidates(scope, name).find(|full| known.contains(full) || self.enums.contains_key(full));
                field.kind = match full {
                    Some(full) if self.enums.contains_key(&full) => FieldType::Enum(full),
                    Some(full) => FieldType::Message(full),
                    None => {
                        missing.insert(name.trim_start_matches('.').to_owned());
                        FieldType::Message(name.clone())
                    }
                };
            }
        }
        self.messages = messages;
        self.missing = missing;
    }

    /// The full names of the messages, without the leading dot, sorted.
    pub fn message_names(&self) -> impl Iterator<Item = &str> {
        let own = self.messages.iter().filter(|(_, message)| !message.is_entry);
        own.map(|(name, _)| name.trim_start_matches('.'))
    }

    /// The message with this full name, with or without the leading dot.
    pub(crate) fn message(&self, name: &str) -> Option<&Message> {
        self.messages.get(name).or_else(|| self.messages.get(&format!(".{name}")))
    }

    pub(crate) fn enum_value(&self, name: &str, value: i64) -> Option<&str> {
        self.enums.get(name)?.get(&value).map(String::as_str)
    }
}

/// The full names that `name` may mean inside `scope`.
fn candidates(scope: &str, name: &str) -> impl Iterator<Item = String> {
    let is_full = name.starts_with('.');
    let scopes = std::iter::successors(Some(scope), |scope| scope.rfind('.').map(|dot| &scope[..dot]));
    scopes
        .take(if is_full { 1 } else { usize::MAX })
        .map(move |scope| if is_full { name.to_owned() } else { format!("{scope}.{name}") })
}

/// `None` for a group, whose fields are read without names.
fn field_type(kind: Type, named: String) -> Option<FieldType> {
    Some(match kind {
        Type::Bool => FieldType::Bool,
        Type::Int32 | Type::Int64 => FieldType::Int,
        Type::Uint32 | Type::Uint64 => FieldType::Uint,
        Type::Sint32 | Type::Sint64 => FieldType::Zigzag,
        Type::Fixed32 => FieldType::Fixed(4),
        Type::Fixed64 => FieldType::Fixed(8),
        Type::Sfixed32 => FieldType::SignedFixed(4),
        Type::Sfixed64 => FieldType::SignedFixed(8),
        Type::Float => FieldType::Float(4),
        Type::Double => FieldType::Float(8),
        Type::String => FieldType::Text,
        Type::Bytes => FieldType::Bytes,
        Type::Enum => FieldType::Enum(named),
        Type::Message => FieldType::Message(named),
        Type::Group => return None,
    })
}
