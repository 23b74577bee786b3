//! Parses the lists in `Sec-WebSocket-Extensions` and `Sec-WebSocket-Protocol`. RFC 6455 §9.1 and §11.3.4.

use std::borrow::Cow;

/// One extension of a list, with its parameters in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    pub name: &'a str,
    /// Each parameter's name and its unquoted value, if it has one.
    pub parameters: Vec<(&'a str, Option<Cow<'a, str>>)>,
}

/// Parses an extension list such as `name; parameter; parameter=value, name`. `None` if it does not follow the grammar.
#[must_use]
pub fn parse(list: &str) -> Option<Vec<Extension<'_>>> {
    items(list).map(extension).collect()
}

/// The elements of a comma-separated list, unparsed. Empty ones are left out.
pub fn items(list: &str) -> impl Iterator<Item = &str> {
    // Splitting at a comma or semicolon inside quotes is harmless: such a value is invalid anyway, because it is not a token,
    // and a part with only one quote is rejected.
    list.split(',').map(trim).filter(|item| !item.is_empty())
}

/// The tokens of a comma-separated list. Empty elements are left out. `None` if an element is not a token.
#[must_use]
pub fn tokens(list: &str) -> Option<Vec<&str>> {
    items(list).map(|item| is_token(item).then_some(item)).collect()
}

fn extension(item: &str) -> Option<Extension<'_>> {
    let mut parts = item.split(';').map(trim);
    let name = parts.next().filter(|name| is_token(name))?;
    let parameters = parts.map(parameter).collect::<Option<_>>()?;
    Some(Extension { name, parameters })
}

fn parameter(part: &str) -> Option<(&str, Option<Cow<'_, str>>)> {
    let Some((name, value)) = part.split_once('=') else { return is_token(part).then_some((part, None)) };
    let (name, value) = (trim(name), trim(value));
    let value = match value.strip_prefix('"') {
        Some(quoted) => unescape(quoted.strip_suffix('"')?),
        None => value.into(),
    };
    // §9.1: the unquoted value must be a token.
    (is_token(name) && is_token(&value)).then_some((name, Some(value)))
}

/// Removes the escapes from the inside of a quoted string: `\c` becomes `c`. RFC 9110 §5.6.4.
fn unescape(quoted: &str) -> Cow<'_, str> {
    if !quoted.contains('\\') {
        return quoted.into();
    }
    let mut plain = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        // A `\` at the end stays. It is not valid in a token, so the value is rejected.
        plain.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    plain.into()
}

/// `item` without surrounding whitespace, which in HTTP means spaces and tabs only. RFC 9110 §5.6.3.
pub(crate) fn trim(item: &str) -> &str {
    item.trim_matches([' ', '\t'])
}

/// Whether `text` is a token. RFC 9110 §5.6.2.
#[must_use]
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
