//! Goes through the texts of a handshake. They can be incomplete or malformed, and their lines can be HTTP/2 fields.

use crate::value::{self, conceal_value};
use std::collections::BTreeSet;

/// Conceals the values of the headers that `is_secret` names, in lower case, and adds these names to `names`. `other` gets each
/// other line, with the name of its header if it has one.
pub(crate) fn conceal_head(
    text: &mut [u8],
    names: &mut BTreeSet<String>,
    is_secret: impl Fn(&str) -> bool,
    mut other: impl FnMut(Option<&str>, &mut [u8], &mut BTreeSet<String>),
) {
    let mut secret: Option<String> = None;
    for line in text.split_mut(|&byte| byte == b'\n') {
        // A bare CR ends no line, but a lenient parser may think so.
        for (index, part) in line.split_mut(|&byte| byte == b'\r').enumerate() {
            let folded = index > 0 || matches!(part.first(), Some(b' ' | b'\t'));
            if let Some(name) = secret.as_ref().filter(|_| folded) {
                // The rest of a value, or all of it. Obsolete line folding: RFC 9112 §5.2.
                if value::blot(part) {
                    names.insert(name.clone());
                }
                continue;
            }
            secret = None;
            let Some((name, value)) = split_field(part) else {
                other(None, part, names);
                continue;
            };
            if !is_secret(&name) {
                other(Some(&name), part, names);
                continue;
            }
            if conceal_value(&name, value) {
                names.insert(name.clone());
            }
            secret = Some(name);
        }
    }
}

/// Calls `each` for every head of a response: those of interim responses and the last one. A body follows, which stays as it is.
pub(crate) fn heads_of_response(text: &mut [u8], mut each: impl FnMut(&mut [u8])) {
    let mut at = 0;
    loop {
        let end = at + end_of_head(&text[at..]);
        each(&mut text[at..end]);
        at = end;
        if !text[at..].starts_with(b"HTTP/") {
            break;
        }
    }
}

/// Conceals the headers that `/relay/…?header=Name: value` adds, in the request line or in `:path`.
pub(crate) fn conceal_added_headers(text: &mut [u8], names: &mut BTreeSet<String>, is_secret: impl Fn(&str) -> bool) {
    for line in text.split_mut(|&byte| byte == b'\n') {
        let is_target = line.starts_with(b":path: /relay/")
            || line.windows(8).position(|window| window == b" /relay/").is_some_and(|at| !line[..at].contains(&b':'));
        let Some(query) = line.iter().position(|&byte| byte == b'?').filter(|_| is_target) else { continue };
        let end = line[query..].iter().position(|byte| b" \r".contains(byte)).map_or(line.len(), |end| query + end);
        conceal_added_in(&mut line[query + 1..end], names, &is_secret);
    }
}

/// The same in the query of a URL.
pub(crate) fn conceal_added_in(query: &mut [u8], names: &mut BTreeSet<String>, is_secret: impl Fn(&str) -> bool) {
    for part in query.split_mut(|&byte| byte == b'&') {
        let header = form_urlencoded::parse(part).find(|(name, _)| name == "header");
        let Some((_, header)) = header else { continue };
        let name = header.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
        let value = after_colon(part);
        if is_secret(&name) && !part[value..].is_empty() {
            part[value..].fill(crate::PLACEHOLDER);
            names.insert(name);
        }
    }
}

/// The length of the head at the front of `text`, including its empty line; all of it if there is none.
fn end_of_head(text: &[u8]) -> usize {
    let ends = [&b"\r\n\r\n"[..], b"\n\n"].map(|end| {
        let at = text.windows(end.len()).position(|window| window == end);
        at.map_or(text.len(), |at| at + end.len())
    });
    ends.into_iter().min().unwrap_or(text.len())
}

/// The name in lower case, and the value with the spaces around it. A pseudo-header field of HTTP/2 begins with a colon.
fn split_field(line: &mut [u8]) -> Option<(String, &mut [u8])> {
    let colon = 1 + line.get(1..)?.iter().position(|&byte| byte == b':')?;
    let (name, value) = line.split_at_mut(colon);
    let name = std::str::from_utf8(name).ok()?.trim().to_ascii_lowercase();
    Some((name, &mut value[1..]))
}

/// Where the value begins in `header=Name:value`. The colon may be percent-encoded.
fn after_colon(part: &[u8]) -> usize {
    let plain = part.iter().position(|&byte| byte == b':').map(|at| at + 1);
    let encoded = part.windows(3).position(|window| window.eq_ignore_ascii_case(b"%3a")).map(|at| at + 3);
    plain.into_iter().chain(encoded).min().unwrap_or(part.len())
}
