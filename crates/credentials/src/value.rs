//! Which part of a header's value is secret. What a reader may see stays: the name of a cookie, its attributes, and the scheme of
//! an authorization.

use crate::PLACEHOLDER;

/// The schemes of `Authorization`, from IANA's registry and in common use. Any other first word may be the secret itself.
const SCHEMES: [&str; 12] =
    ["basic", "bearer", "concealed", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "ntlm", "oauth", "vapid"];

/// Conceals the value of a header; `name` is in lower case. Returns whether there was anything to conceal.
pub(super) fn conceal_value(name: &str, value: &mut [u8]) -> bool {
    match name {
        "cookie" => value.split_mut(|&byte| byte == b';').fold(false, |any, pair| conceal_pair(pair) | any),
        "set-cookie" => value.split_mut(|&byte| byte == b';').next().is_some_and(conceal_pair),
        "authorization" | "proxy-authorization" => {
            let scheme = scheme(value);
            blot(&mut value[scheme..])
        }
        _ => blot(value),
    }
}

/// Replaces a value without the spaces around it. Returns whether there was any.
pub(super) fn blot(value: &mut [u8]) -> bool {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = value.iter().position(|byte| !is_space(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_space(byte)).map_or(begin, |last| last + 1);
    value[begin..end].fill(PLACEHOLDER);
    begin < end
}

/// Conceals `name=value` without the name. A cookie without a name is all value; base64 may end it with `=`.
fn conceal_pair(pair: &mut [u8]) -> bool {
    let value = pair.iter().position(|&byte| byte == b'=').map_or(0, |equals| equals + 1);
    let only_padding = value > 1 && !pair[value..].is_empty() && pair[value..].iter().all(|&byte| byte == b'=');
    blot(&mut pair[if only_padding { 0 } else { value }..])
}

/// Where the credentials begin: after a known scheme, or at the front.
fn scheme(value: &[u8]) -> usize {
    let begin = value.iter().position(|&byte| byte != b' ').unwrap_or(value.len());
    let Some(length) = value[begin..].iter().position(|&byte| byte == b' ') else { return begin };
    let word = &value[begin..begin + length];
    let is_known = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()));
    if is_known { begin + length } else { begin }
}
