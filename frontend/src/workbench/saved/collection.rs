//! What is saved, as a file.

use super::item::Item;
use super::variable::Variable;
use serde::{Deserialize, Serialize};

/// The name of the file format. A change that old readers cannot read gets a new number.
const FORMAT: &str = "framescope.saved.v1";
/// The largest file, in bytes.
pub(super) const MAX_FILE: usize = 8 << 20;
/// The most items, and the most variables.
pub(super) const MAX_ITEMS: usize = 1_000;
pub(super) const MAX_VARIABLES: usize = 100;

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    #[serde(default)]
    format: String,
    #[serde(default)]
    pub(super) items: Vec<Item>,
    #[serde(default)]
    pub(super) variables: Vec<Variable>,
}

impl File {
    /// The file of a collection, without the values of secrets and without tokens of connections.
    pub(super) fn written(items: &[Item], variables: &[Variable]) -> String {
        let variables = variables.iter().map(|variable| match variable.secret {
            true => Variable { value: String::new(), ..variable.clone() },
            false => variable.clone(),
        });
        let items = items.iter().map(Item::without_tokens).collect();
        let file = Self { format: FORMAT.to_owned(), items, variables: variables.collect() };
        // Plain data always becomes JSON.
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }

    /// # Errors
    /// What is wrong, where, and what to do, as a sentence.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text.len() > MAX_FILE {
            return Err(format!("The file has {} bytes, but the limit is {MAX_FILE}. Split it.", text.len()));
        }
        let file: Self = serde_json::from_str(text)
            .map_err(|error| format!("The file cannot be read: {error}. Choose a file that was exported here."))?;
        if file.format != FORMAT {
            return Err(format!("The file is not a collection: its `format` should be `{FORMAT}`."));
        }
        if file.items.len() > MAX_ITEMS || file.variables.len() > MAX_VARIABLES {
            let (items, variables) = (file.items.len(), file.variables.len());
            return Err(format!(
                "The file has {items} items and {variables} variables. At most {MAX_ITEMS} and {MAX_VARIABLES} can be saved. Split it."
            ));
        }
        for (number, item) in (1..).zip(&file.items) {
            item.check().map_err(|why| format!("Item {number} of the file: {why}"))?;
        }
        for (number, variable) in (1..).zip(&file.variables) {
            variable.check().map_err(|why| format!("Variable {number} of the file: {why}"))?;
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::{Connection, SavedSetup};
    use super::super::item::{Body, MAX_CONTENT, What, said};
    use super::*;
    use observation::command::Composed;
    use observation::{MessageKind, Party};
    use replay::{Conversation, Message};

    fn item(name: &str, what: What) -> Item {
        Item { name: name.into(), folder: String::new(), what }
    }

    fn message(name: &str, text: &str) -> Item {
        Item { folder: "chat".into(), ..item(name, What::Message(Body::Text(text.into()))) }
    }

    fn frame(opcode: u8) -> What {
        let header = r#"{"fin":false,"opcode":OPCODE,"payload":"00ff"}"#.replace("OPCODE", &opcode.to_string());
        What::Frame(serde_json::from_str::<Composed>(&header).expect("a frame"))
    }

    #[test]
    fn a_file_has_everything_but_secrets() {
        let connection = |setup: &str| Connection { setup: setup.into() };
        let rules = serde_json::json!([{"then": "drop"}]);
        let setup = SavedSetup {
            connection: connection("#play?"),
            rules: Some(rules),
            script: None,
            messages: vec!["a".into()],
        };
        let heard =
            Message { from: Party::Client, kind: MessageKind::Binary, at_us: 5, content: vec![0, 255], bytes: 2 };
        let heard = Conversation { messages: vec![heard], ..Conversation::default() };
        let items = [
            message("login", "{{token}}"),
            item("half", frame(1)),
            item("quiet", What::Connection(connection("#play?lab=deflate%3Doff"))),
            item("late", What::Setup(setup)),
            item("twice", What::Replay(said(&heard))),
        ];
        let variable = |name: &str, secret| Variable { name: name.into(), value: "s3cret".into(), secret };
        let text = File::written(&items, &[variable("token", true), variable("host", false)]);
        assert_eq!(text.matches("s3cret").count(), 1);
        let read = File::read(&text).expect("its own file");
        assert_eq!(read.items, items);
        assert_eq!(
            read.variables,
            [Variable { value: String::new(), ..variable("token", true) }, variable("host", false)]
        );
        let with_token = item("a", What::Connection(connection("#play?url=wss://h/%3Ftoken%3Ds3cret")));
        assert!(!File::written(&[with_token], &[]).contains("s3cret"));
    }

    #[test]
    fn an_error_says_where_it_is() {
        #[track_caller]
        fn check(text: &str, says: &str) {
            let said = File::read(text).expect_err(text);
            assert!(said.contains(says), "{said}");
        }
        let file = |items: &[Item]| File::written(items, &[]);
        check("{", "line 1 column 1");
        check("{}", "its `format` should be `framescope.saved.v1`");
        check(
            &file(&[message("a", ""), message("", "")]),
            "Item 2 of the file: The name needs from 1 to 80 characters",
        );
        check(&file(&[message("a", &"x".repeat(MAX_CONTENT + 1))]), "Item 1 of the file: A saved message has at most");
        check(&file(&[item("a", frame(16))]), "Item 1 of the file: The frame cannot be sent: an opcode has four bits");
        check(&file(&vec![message("a", "b"); MAX_ITEMS + 1]), "The file has 1001 items");
        check(&" ".repeat(MAX_FILE + 1), "but the limit is");
        let wrong =
            |name: &str| File::written(&[], &[Variable { name: name.into(), value: String::new(), secret: false }]);
        check(&wrong("1a"), "Variable 1 of the file: “1a” cannot be the name of a variable");
        check(&wrong("now"), "{{now}} always has a value of its own");
    }
}
