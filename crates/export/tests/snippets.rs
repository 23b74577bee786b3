//! The snippets in the documentation match the rendered ones.
//!
//! `UPDATE_GOLDEN=1 cargo test -p export --test snippets` writes the files again.

use export::snippet::Parameters;

/// `odd` has all characters that need escaping.
const ODD: [&str; 4] = [
    "it's \"quoted\" \\ and\nin two lines\t<URL>",
    "</script><!-- ${1 + 1} `id` $(id) {MESSAGES} %s %d !! ; & | * ~ #",
    "Grüße, 世界 🦀 \u{202e}\u{1b}[31m\u{2028}\0",
    "-n",
];

#[track_caller]
fn check(name: &str, parameters: &Parameters) {
    for snippet in parameters.snippets() {
        let end = match snippet.language {
            "javascript" => "js",
            "python" => "py",
            "rust" => "rs",
            _ => "sh",
        };
        let path = format!("{}/golden/{name}.{end}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &snippet.code).expect("golden/ can be written to");
        }
        let golden = std::fs::read_to_string(&path).expect("the file is there");
        assert_eq!(golden, snippet.code, "golden/{name}.{end}");
    }
}

fn owned(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

#[test]
fn ordinary_parameters() {
    let parameters = Parameters::new("ws://127.0.0.1:8080/echo".to_owned(), owned(&["chat"]), owned(&["Hello"]));
    check("connect", &parameters.expect("a right parameters"));
}

#[test]
fn parameters_with_special_characters() {
    let parameters =
        Parameters::new("ws://127.0.0.1:8080/echo?a='b\"&c=${d}".to_owned(), owned(&["it's", "$`|~"]), owned(&ODD));
    check("odd", &parameters.expect("a right parameters"));
}
