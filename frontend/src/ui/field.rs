//! The fields of a frame: name, color class, and which one the pointer is over.

use leptos::prelude::*;
use wire::header::Field;

/// The CSS class of a field. It gives the field the same color in bits, hex and explanations.
pub fn class(field: Field) -> &'static str {
    match field {
        Field::Fin => "f-fin",
        Field::Rsv1 | Field::Rsv2 | Field::Rsv3 => "f-rsv",
        Field::Opcode => "f-opc",
        Field::Mask => "f-mask",
        Field::Length | Field::ExtendedLength => "f-len",
        Field::MaskingKey => "f-key",
        Field::Payload => "f-pay",
    }
}

/// The field under the pointer or the focus. Fields of one color light up together.
#[derive(Clone, Copy)]
pub struct Pointed(RwSignal<Option<&'static str>>);

impl Pointed {
    pub fn new() -> Self {
        Self(RwSignal::new(None))
    }

    pub fn at(self, class: &'static str) {
        self.0.set(Some(class));
    }

    pub fn away(self) {
        self.0.set(None);
    }

    pub fn is_at(self, class: &'static str) -> bool {
        self.0.get() == Some(class)
    }
}
