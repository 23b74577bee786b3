//! How images and compressed content begin.

use imagesize::ImageType;

/// The kind of an image. Of its formats, messages carry these; the others have signatures of two bytes, which
/// any binary message may begin with.
pub(crate) fn image_kind(bytes: &[u8]) -> Option<&'static str> {
    Some(match imagesize::image_type(bytes).ok()? {
        ImageType::Png => "PNG",
        ImageType::Jpeg => "JPEG",
        ImageType::Gif => "GIF",
        ImageType::Webp => "WebP",
        ImageType::Heif(_) => "HEIF or AVIF",
        ImageType::Bmp if bytes.len() > 26 && bytes[6..10] == [0; 4] => "BMP",
        ImageType::Ico if bytes.len() > 22 => "ICO",
        ImageType::Psd => "PSD",
        ImageType::Jxl if bytes.starts_with(b"\0\0\0\x0cJXL ") => "JPEG XL",
        _ => return None,
    })
}

pub(crate) fn is_image(bytes: &[u8]) -> bool {
    image_kind(bytes).is_some()
}

/// gzip (RFC 1952 §2.3.1) or zlib (RFC 1950 §2.2).
pub(crate) fn is_compressed(bytes: &[u8]) -> bool {
    match *bytes {
        [0x1F, 0x8B, 8, ..] => true,
        // Deflate with a window of 32 KiB, without a dictionary.
        [0x78, flags, _, _, _, _, ..] => flags & 0x20 == 0 && (0x7800 + u16::from(flags)) % 31 == 0,
        _ => false,
    }
}
