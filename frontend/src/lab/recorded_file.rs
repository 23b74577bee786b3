//! A recorded session in a file of this computer: exported as JSON, a capture, or a HAR file.

use crate::lab::store::record::CAPACITY;
use crate::ui::later::later;
use import::{ImportError, Limits};
use observation::Document;
use std::time::Duration;

/// What an `<input type="file">` for such files offers.
pub const ACCEPT: &str = ".json,.har,.pcap,.pcapng,.cap,application/json";

/// How much of a file is read. Observations that do not fit into the record would be dropped from its start.
const LIMITS: Limits = Limits { observations: CAPACITY, ..Limits::PAGE };

// The parsers of all formats. They load while the browser reads the file.
later!(importer: fn(&[u8]) -> Result<Document, ImportError> = |bytes| {
    import::import(bytes, &LIMITS, Duration::from_millis(js_sys::Date::now() as u64))
});

/// Reads a file. The document has at least one observation.
///
/// # Errors
/// Why it cannot be opened, as a sentence.
pub async fn read(file: web_sys::File) -> Result<Document, String> {
    document(&file).await.map_err(|why| format!("Cannot open {}: {why}.", file.name()))
}

async fn document(file: &web_sys::File) -> Result<Document, String> {
    if file.size() > LIMITS.file as f64 {
        return Err(ImportError::TooLarge { bytes: file.size() as u64, limit: LIMITS.file }.to_string());
    }
    let importer = importer();
    let buffer = wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await;
    let buffer = buffer.map_err(|_| "the browser could not read the file. Choose it again")?;
    let missing = "a part of this page failed to load. If the server was updated, reload the page";
    let import = importer.await.map_err(|_| missing)?;
    let document = import(&js_sys::Uint8Array::new(&buffer).to_vec()).map_err(|error| error.to_string())?;
    match document.observations.is_empty() {
        true => Err("the recording is empty. Export a session that has had a connection".to_owned()),
        false => Ok(document),
    }
}
