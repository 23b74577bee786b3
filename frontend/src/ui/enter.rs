//! The Enter key in text inputs that act on it.

use web_sys::KeyboardEvent;

/// The key code of a key that an input method handles. UI Events, §7.3.1.
const HANDLED_BY_INPUT_METHOD: u32 = 229;

/// Whether Enter was pressed, and not to end a composition: an input method takes Enter to accept what it suggests. Safari ends the
/// composition before it reports the key, so only the key code tells there (WebKit bug 165004).
pub fn is_enter(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.is_composing() && event.key_code() != HANDLED_BY_INPUT_METHOD
}
