//! The lists in `Sec-WebSocket-Extensions` and `Sec-WebSocket-Protocol`. RFC 6455 §9.1 and §11.3.4.

/// One extension of a list with its parameters, in the order written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    pub name: &'a str,
    /// Name, and the value if one is given, unquoted.
    pub parameters: Vec<(&'a str, Option<&'a str>)>,
}

/// Reads an extension list: `name; parameter; parameter=value, name …`. `None` when it does not follow the grammar.
#[must_use]
pub fn parse(list: &str) -> Option<Vec<Extension<'_>>> {
    split_outside_quotes(list, ',').filter(|item| !item.is_empty()).map(extension).collect()
}

/// The tokens of a comma-separated list, empty ones left out. `None` when one is no token.
#[must_use]
pub fn tokens(list: &str) -> Option<Vec<&str>> {
    let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| is_token(item).then_some(item)).collect()
}

fn extension(item: &str) -> Option<Extension<'_>> {
    let mut parts = split_outside_quotes(item, ';');
    let name = parts.next().filter(|name| is_token(name))?;
    let parameters = parts.map(parameter).collect::<Option<_>>()?;
    Some(Extension { name, parameters })
}

fn parameter(part: &str) -> Option<(&str, Option<&str>)> {
    let Some((name, value)) = part.split_once('=') else { return is_token(part).then_some((part, None)) };
    let (name, value) = (name.trim_end(), value.trim_start());
    let value = value.strip_prefix('"').map_or(Some(value), |quoted| quoted.strip_suffix('"'))?;
    // §9.1: a quoted value must be a token once its quotes are gone.
    (is_token(name) && is_token(value)).then_some((name, Some(value)))
}

fn split_outside_quotes(list: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    list.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
    .map(str::trim)
}

/// Whether `text` is a token. RFC 9110 §5.6.2.
#[must_use]
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
