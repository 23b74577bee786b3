//! A URL for bytes in the page's memory. Dropping it revokes the URL.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, Url};

pub struct ObjectUrl(String);

impl ObjectUrl {
    /// `None` if the browser cannot create one.
    pub fn of(bytes: &[u8], mime: &str) -> Option<Self> {
        let options = BlobPropertyBag::new();
        options.set_type(mime);
        let parts = js_sys::Array::of1(&JsValue::from(js_sys::Uint8Array::from(bytes)));
        let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
        Url::create_object_url_with_blob(&blob).ok().map(Self)
    }

    /// The file of the link that was clicked, which is made on demand. Keep it while the view is there: the browser reads it later.
    pub fn of_link(click: &web_sys::MouseEvent, bytes: &[u8], mime: &str) -> Option<Self> {
        let link: web_sys::Element = click.current_target()?.dyn_into().ok()?;
        let url = Self::of(bytes, mime)?;
        link.set_attribute("href", &url.0).ok()?;
        Some(url)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for ObjectUrl {
    fn drop(&mut self) {
        // Revoking our own URL cannot fail. If it did, the browser would free it with the page.
        let _ = Url::revoke_object_url(&self.0);
    }
}
