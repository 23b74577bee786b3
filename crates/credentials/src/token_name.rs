//! Names that mark a value as a token: of parameters and of headers.

/// Names that mean a token as a whole. Letters and digits in lower case, without what is between them.
const WHOLE: [&str; 14] = [
    "auth",
    "authorization",
    "bearer",
    "code",
    "credential",
    "credentials",
    "jwt",
    "key",
    "otp",
    "pwd",
    "session",
    "sid",
    "sig",
    "ticket",
];

/// How the names of tokens end: `access_token`, `X-Amz-Signature`, `apiKey`.
const ENDINGS: [&str; 17] = [
    "accesskey",
    "apikey",
    "assertion",
    "authkey",
    "bearer",
    "credential",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "secretkey",
    "sessionid",
    "sessionkey",
    "signature",
    "token",
];

/// Longer names mark nothing.
const LONGEST: usize = 100;

/// Whether the value of a parameter or of a header with this name is a token.
pub(crate) fn marks_token(name: &str) -> bool {
    if name.len() > LONGEST {
        return false;
    }
    let plain = plain(name);
    WHOLE.contains(&&*plain) || ends_like_token(&plain)
}

/// Whether a subprotocol that is followed by a token has this name. Fewer words count, because `auth` and `session` are also names of
/// protocols.
pub(crate) fn precedes_token(name: &str) -> bool {
    let plain = plain(name);
    plain == "authorization" || ends_like_token(&plain)
}

fn ends_like_token(plain: &str) -> bool {
    ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// `X-Access_Token` and `xAccessToken` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tokens() {
        for name in [
            "token",
            "access_token",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "X-CSRF-Token",
            "connectionToken",
            "apiKey",
            "api_key",
            "auth[token]",
            "jwt",
            "JSESSIONID",
            "PHPSESSIONID",
            "sid",
            "key",
            "Password",
            "client_secret",
        ] {
            assert!(marks_token(name), "{name}");
        }
        let long = "token".repeat(30);
        for name in [
            "",
            "to",
            "pass",
            "header",
            "keyboard",
            "tokens",
            "author",
            "host",
            "sec-websocket-key",
            "sec-websocket-accept",
            "sec-websocket-protocol",
            "sec-websocket-extensions",
            "origin",
            "user-agent",
            "room",
            "close-code",
            &long,
        ] {
            assert!(!marks_token(name), "{name}");
        }
    }
}
