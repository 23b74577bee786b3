//! RFC 6455 §9.1 and §11.3: the lists of extensions and subprotocols.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use wire::extension::{is_token, items, parse, tokens};

/// The parsed list in canonical form; `None` if it is malformed.
fn canonical(list: &str) -> Option<String> {
    let extensions = parse(list)?.into_iter().map(|extension| {
        let parameters = extension.parameters.iter().map(|(name, value)| match value {
            Some(value) => format!("; {name}={value}"),
            None => format!("; {name}"),
        });
        extension.name.to_owned() + &parameters.collect::<String>()
    });
    Some(extensions.collect::<Vec<_>>().join(", "))
}

#[test]
fn extension_lists() {
    #[track_caller]
    fn check(list: &str, expect: &str) {
        assert_eq!(canonical(list).as_deref(), Some(expect), "{list}");
    }
    check("", "");
    check("foo", "foo");
    check("bar; baz=2", "bar; baz=2"); // §9.1
    check("deflate-stream", "deflate-stream");
    check("mux; max-channels=4; flow-control, deflate-stream", "mux; max-channels=4; flow-control, deflate-stream");
    check("private-extension", "private-extension");
    check("foo, bar; baz=2", "foo, bar; baz=2");
    check(
        "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
    );
    check("a;b;c=d,e", "a; b; c=d, e");
    check(" \ta ;\tb = c , ", "a; b=c");
    check(",a,,b,", "a, b");
    check("a; b; b", "a; b; b");
    // §9.1: a quoted value means the token inside it.
    check("a; b=\"10\"", "a; b=10");
    check("a; b=\"c\" ; d", "a; b=c; d");
    check(r#"a; b="1\0""#, "a; b=10");
    check(r#"a; b="\1\0", c"#, "a; b=10, c");
}

#[test]
fn malformed_extension_lists() {
    #[track_caller]
    fn check(list: &str) {
        assert_eq!(canonical(list), None, "{list}");
    }
    check("a b");
    check("a;");
    check("; a");
    check("a;;b");
    check("a; b=");
    check("a; =b");
    check("a=b");
    check("a; b=c=d");
    check("a; b c");
    check("a/1");
    check("\u{e9}");
    check("\u{a0}a");
    // Unquoted, the value must be a token: not empty, no space, comma, semicolon or quote.
    check("a; b=\"\"");
    check("a; b=\"c d\"");
    check("a; b=\"c,d\"");
    check("a; b=\"c;d\"");
    check("a; b=\"c");
    check("a; b=\"");
    check("a; b=c\"");
    check("a; b=\"c\"d");
    check("a; \"b\"");
    check("\"a\"");
    check(r#"a; b="c\"""#);
    check(r#"a; b="c\""#);
    check(r#"a; b="c\", d""#);
    check(r#"a; b="\""#);
    check(r#"a; b=\c"#);
}

#[test]
fn token_lists() {
    assert_eq!(tokens("chat, superchat"), Some(vec!["chat", "superchat"]));
    assert_eq!(tokens(""), Some(vec![]));
    assert_eq!(tokens(" , a ,\tb,"), Some(vec!["a", "b"]));
    assert_eq!(tokens("a b"), None);
    assert_eq!(tokens("a;b"), None);
    assert_eq!(tokens("a, \u{2003}b"), None);
}

#[test]
fn list_items_are_separated_by_commas() {
    assert_eq!(items(" a; b=\"c\" ,,\tnot a token ,").collect::<Vec<_>>(), ["a; b=\"c\"", "not a token"]);
    assert_eq!(items(" ,\t, ").count(), 0);
    // Items keep their order.
    let list = "x, permessage-deflate; client_max_window_bits,, y";
    let names: Vec<_> = parse(list).unwrap().iter().map(|extension| extension.name).collect();
    assert!(items(list).zip(&names).all(|(item, name)| item.starts_with(name)) && items(list).count() == names.len());
}

/// RFC 9110 §5.6.2
#[test]
fn tokens_contain_only_these_characters() {
    let all: String = ('\0'..='\u{ff}').filter(|c| is_token(&c.to_string())).collect();
    assert_eq!(all, "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
    assert!(!is_token(""));
}
