//! What the visitor chose for messages: formats, and types of Protocol Buffers. Kept until the page is closed.

use super::source::Source;
use decode::{Context, Decoded, Format, Limits, Schema};
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Text and binary messages of one subprotocol have separate choices.
static FORMATS: LazyLock<ArcRwSignal<BTreeMap<(String, bool), Format>>> = LazyLock::new(ArcRwSignal::default);
static TYPES: LazyLock<ArcRwSignal<Option<Arc<Types>>>> = LazyLock::new(ArcRwSignal::default);
/// By subprotocol and direction.
static NAMES: LazyLock<ArcRwSignal<BTreeMap<(String, bool), String>>> = LazyLock::new(ArcRwSignal::default);

/// The types that the visitor brought.
pub(super) struct Types {
    pub(super) file: String,
    pub(super) schema: Schema,
}

/// The chosen format. `None` if it is chosen automatically.
pub(super) fn format(of: &Source) -> Option<Format> {
    let key = (of.subprotocol.clone(), of.binary);
    FORMATS.with(|formats| formats.get(&key).copied())
}

pub(super) fn choose_format(of: &Source, format: Option<Format>) {
    let key = (of.subprotocol.clone(), of.binary);
    FORMATS.update(|formats| match format {
        Some(format) => drop(formats.insert(key, format)),
        None => drop(formats.remove(&key)),
    });
}

pub(super) fn types() -> Option<Arc<Types>> {
    TYPES.get()
}

pub(super) fn set_types(types: Types) {
    TYPES.set(Some(Arc::new(types)));
}

/// The chosen type of a message, or the only one that there is.
pub(super) fn message_type(of: &Source, types: &Types) -> Option<String> {
    let key = (of.subprotocol.clone(), of.from_client);
    let chosen = NAMES.with(|names| names.get(&key).cloned());
    let mut all = types.schema.message_names();
    match chosen {
        Some(name) if all.any(|other| other == name) => Some(name),
        Some(_) => None,
        None => all.next().filter(|_| all.next().is_none()).map(str::to_owned),
    }
}

/// With an empty name, fields stay without names.
pub(super) fn choose_message_type(of: &Source, name: String) {
    NAMES.update(|names| drop(names.insert((of.subprotocol.clone(), of.from_client), name)));
}

/// Decodes a message with the visitor's choices, and tracks them.
pub(super) fn decode(of: &Source, limits: Limits) -> Decoded {
    let types = types();
    let name = types.as_ref().and_then(|types| message_type(of, types));
    let schema = types.as_ref().zip(name.as_deref()).map(|(types, name)| (&types.schema, name));
    let (payload, context) = of.context(limits);
    decode::decode(payload, &Context { chosen: format(of), schema, ..context })
}
