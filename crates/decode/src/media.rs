//! Images, and compressed content.

use crate::signature::{image_kind, is_compressed};
use crate::tree::{Node, Value};
use crate::walk::Walk;
use crate::{Format, detect, read, summary};
use flate2::bufread::{GzDecoder, ZlibDecoder};
use imagesize::ImageError;
use std::io::Read;

/// The kind of an image and its size.
pub(crate) fn image(walk: &mut Walk<'_>) -> (Node, String) {
    let bytes = walk.rest();
    let mut root = Node::new("image", Value::Map, Some(walk.at()..walk.at() + bytes.len()));
    walk.count();
    let Some(kind) = image_kind(bytes) else {
        walk.stop("The message does not begin like an image.");
        return (root, String::new());
    };
    root.children.push(Node::word("kind", kind, None));
    match imagesize::blob_size(bytes) {
        Ok(size) => {
            for (name, pixels) in [("width", size.width), ("height", size.height)] {
                root.children.push(Node::new(name, Value::Number(pixels.to_string()), None).noted("pixels"));
            }
            walk.skip(bytes.len());
            (root, format!("{kind} image, {} × {}", size.width, size.height))
        }
        Err(ImageError::IoError(_)) => {
            walk.skip(bytes.len());
            walk.short("the header of the image");
            (root, format!("{kind} image"))
        }
        Err(_) => {
            walk.stop(format!("It begins like a {kind} image, but its header is damaged."));
            (root, format!("{kind} image"))
        }
    }
}

/// Compressed content, with what is in it. Content that is compressed twice is shown as bytes.
pub(crate) fn compressed(walk: &mut Walk<'_>) -> (Node, String) {
    let (start, bytes) = (walk.at(), walk.rest());
    let is_gzip = bytes.starts_with(&[0x1F, 0x8B]);
    let kind = if is_gzip { "gzip" } else { "zlib" };
    let mut root = Node::new(kind, Value::Map, Some(start..start + bytes.len()));
    walk.count();
    if !is_compressed(bytes) {
        walk.stop("The message begins like neither gzip nor zlib.");
        return (root, String::new());
    }
    let limit = walk.limits.inflated;
    let mut inflated = Vec::new();
    // One byte more, to know whether there is one.
    let (outcome, left) = if is_gzip {
        let mut decoder = GzDecoder::new(bytes);
        (decoder.by_ref().take(limit as u64 + 1).read_to_end(&mut inflated), decoder.get_ref().len())
    } else {
        let mut decoder = ZlibDecoder::new(bytes);
        (decoder.by_ref().take(limit as u64 + 1).read_to_end(&mut inflated), decoder.get_ref().len())
    };
    walk.skip(bytes.len() - left);
    let is_too_long = inflated.len() > limit;
    inflated.truncate(limit);
    match outcome {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => walk.short("the compressed data"),
        Err(error) => walk.stop(format!("The compressed data is damaged: {error}.")),
        Ok(_) if is_too_long => walk.stop(format!("Only the first {limit} bytes of the content are decompressed.")),
        Ok(_) if left > 0 => walk.stop(format!("The compressed data is complete, but {left} more bytes follow.")),
        Ok(_) => {}
    }
    let format = detect::value(&inflated, walk.limits).filter(|&format| format != Format::Compressed);
    let format = format.unwrap_or(if detect::is_printable(&inflated) { Format::Text } else { Format::Bytes });
    let mut inside = walk.inside(&inflated);
    let (content, words) = read(format, &mut inside, &crate::Context::default());
    walk.join(&inside);
    let size = format!("{kind}, {} bytes decompressed", inflated.len());
    root.children.push(content.without_spans().named("content").noted(format.name()));
    (root, summary::joined([size, words]))
}
