use super::*;

fn receipt(name: Option<&str>) -> Receipt {
    Receipt {
        course: "a-course".to_owned(),
        challenge: "first-echo".to_owned(),
        origin: Some(Origin::new(b"{}", &SessionId::from_random([3; 16]))),
        passed: "2026-11-25T11:05:08Z".to_owned(),
        name: name.map(str::to_owned),
        checks: 4,
        on_word: 1,
        evidence: "ab".repeat(32),
    }
}

#[test]
fn what_was_signed_is_read_back() {
    let key = Key::made().unwrap();
    for name in [None, Some("Ada: Lovelace > é"), Some("signature: x")] {
        let receipt = receipt(name);
        let text = receipt.signed(&key);
        assert_eq!(read_all(&text), [Ok(Verified { receipt, key: key.public().to_owned() })], "{text}");
    }
}

#[test]
fn mails_do_it_no_harm() {
    let key = Key::made().unwrap();
    let text = receipt(Some("Ada")).signed(&key);
    let broken: String = text
        .lines()
        .flat_map(|line| match line.len() {
            0..=60 => vec![line.to_owned()],
            _ => vec![line[..60].to_owned(), line[60..].to_owned()],
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let forms = [
        text.replace('\n', "\r\n"),
        text.replace('\n', "  \n"),
        text.lines().map(|line| format!("> > {line}\n")).collect(),
        text.replace('\n', "\n\n"),
        format!("Hello,\nhere it is:\n```\n{text}```\nBye"),
        format!("\u{FEFF}{text}").trim_start_matches('\u{FEFF}').to_owned(),
        broken,
    ];
    // Wrapped at spaces as mail clients do, with the longest possible names.
    for name in ["Ada ".repeat(20), "L".repeat(80), format!("{} checks {}", "é".repeat(35), "b".repeat(35))] {
        let receipt = receipt(Some(name.trim()));
        for columns in [72, 76] {
            let wrapped = wrapped(&receipt.signed(&key), columns);
            let expect = Verified { receipt: receipt.clone(), key: key.public().to_owned() };
            assert_eq!(read_all(&wrapped), [Ok(expect.clone())], "{wrapped}");
            let quoted: String = wrapped.lines().map(|line| format!("> {line}\r\n")).collect();
            assert_eq!(read_all(&quoted), [Ok(expect)], "{quoted}");
        }
    }
    for form in forms {
        assert!(matches!(&read_all(&form)[..], [Ok(_)]), "{form}\n{:?}", read_all(&form));
    }
    assert_eq!(read_all(&format!("{text}\n{text}{text}")).iter().filter(|read| read.is_ok()).count(), 3);
}

/// Wraps long lines at spaces.
fn wrapped(text: &str, columns: usize) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut length = 0;
        for word in line.split(' ') {
            let word_length = word.chars().count();
            let mark = if length == 0 {
                ""
            } else if length + 1 + word_length > columns {
                "\n"
            } else {
                " "
            };
            length = if mark == " " { length + 1 + word_length } else { word_length };
            wrapped.push_str(mark);
            wrapped.push_str(word);
        }
        wrapped.push('\n');
    }
    wrapped
}

#[test]
fn what_is_said_of_a_text_reads_as_it_is() {
    let key = Key::made().unwrap();
    let hostile = "framescope receipt 3\u{1b}[2J\u{202E}\u{7}\u{200B} valid: all\u{9b}31m";
    assert_eq!(read_all(hostile), [Err(Fault::Version("framescope receipt 3[2J valid: all31m".to_owned()))]);
    let long = format!("framescope receipt {}", "9".repeat(4000));
    let (good, line) = verdict(&read_all(&long)[0], &Trust::AnyKey);
    assert!(!good && line.chars().count() < 200, "{line}");
    // The signature is valid, but anyone can sign.
    for name in ["a\u{1b}[2J", "a\u{9b}2J", "\u{202E}a", "a\u{200B}b", "a\u{2066}b", "a\u{E0041}"] {
        let receipt = receipt(Some(name));
        assert_eq!(read_all(&receipt.signed(&key)), [Err(Fault::Malformed("name"))], "{name:?}");
        let course = Receipt { course: format!("a{name}"), name: None, ..receipt };
        assert_eq!(read_all(&course.signed(&key)), [Err(Fault::Malformed("course"))], "{name:?}");
    }
}

#[test]
fn the_first_format_is_still_read_and_says_that_it_binds_less() {
    let key = Key::made().unwrap();
    let old = Receipt { origin: None, ..receipt(Some("Ada")) };
    let text = old.signed(&key);
    assert!(text.starts_with("framescope receipt 1\ncourse: a-course\nchallenge: first-echo\npassed: "), "{text}");
    let read = read_all(&text).remove(0);
    assert_eq!(read, Ok(Verified { receipt: old, key: key.public().to_owned() }));
    let (good, line) = verdict(&read, &Trust::Key(key.public().to_owned()));
    assert!(good && line.contains("format 1, which binds neither"), "{line}");
    // A receipt of one format with the fields of the other.
    assert_eq!(read_all(&text.replace("receipt 1", "receipt 2")), [Err(Fault::Missing("content"))]);
    let new = receipt(None).signed(&key);
    assert_eq!(read_all(&new.replace("receipt 2", "receipt 1")), [Err(Fault::Missing("passed"))]);
}

#[test]
fn one_attempt_under_several_names_is_flagged() {
    let [ada, bob, other] = ["Ada", "Bob", "Ada"].map(|name| receipt(Some(name)));
    assert_eq!(shared([&ada, &other]), [""; 0]);
    let elsewhere = Origin::new(b"{}", &SessionId::from_random([4; 16]));
    let elsewhere = Receipt { origin: Some(elsewhere), ..bob.clone() };
    assert_eq!(shared([&ada, &elsewhere]), [""; 0]);
    let session = &ada.origin.as_ref().unwrap().session;
    let line = format!("shared: session {session} has receipts for several names: Ada, Bob, no name");
    assert_eq!(shared([&bob, &ada, &receipt(None), &elsewhere]), [line]);
    let old = |name| Receipt { origin: None, ..receipt(Some(name)) };
    assert!(shared([&old("Ada"), &old("Bob")])[0].starts_with("shared: evidence sha256:abab"));
}

#[test]
fn every_change_is_seen() {
    let key = Key::made().unwrap();
    let text = receipt(Some("Ada")).signed(&key);
    for line in text.lines().filter(|line| !line.starts_with("framescope") && !line.starts_with("signature")) {
        let (name, value) = line.split_once(": ").unwrap();
        let digit = if value.starts_with('1') { "2" } else { "1" };
        let changed = text.replace(line, &format!("{name}: {digit}{}", value.chars().skip(1).collect::<String>()));
        assert!(read_all(&changed)[0].is_err(), "{changed}");
        let without = text.replace(&format!("{line}\n"), "");
        assert!(read_all(&without)[0].is_err(), "{without}");
    }
    let other = Key::made().unwrap();
    assert_eq!(read_all(&text.replace(key.public(), other.public())), [Err(Fault::Signature)]);
    assert_eq!(read_all(&text.replace("course", "added: x\ncourse")), [Err(Fault::Missing("course"))]);
    assert_eq!(read_all("framescope receipt 3\n"), [Err(Fault::Version("framescope receipt 3".to_owned()))]);
    assert_eq!(read_all("nothing"), []);
}
