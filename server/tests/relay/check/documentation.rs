//! The examples in docs/check.md.

use super::{Check, echo};
use crate::support::Lab;

const DOCUMENTATION: &str = include_str!("../../../../docs/check.md");

/// The examples in TOML.
fn examples() -> impl Iterator<Item = &'static str> {
    DOCUMENTATION.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next())
}

/// Every block is a file, or the steps of a scenario, that is read without a problem.
#[tokio::test]
async fn every_example_is_read() {
    assert!(examples().count() >= 5);
    for example in examples() {
        let file = match example {
            file if file.contains("[[scenario]]") => file.to_owned(),
            // Tables of a scenario, or its steps.
            part => format!("[[scenario]]\nname = \"example\"\n{}", part.replace("[connect", "[scenario.connect")),
        };
        let read = scenario::read::read("check.md", &file, &mut |_| Ok(b"a file".to_vec()));
        assert!(read.is_ok(), "{file}\n{read:?}");
    }
}

/// The first example passes against the relay, as the text says.
#[tokio::test]
async fn the_first_example_passes() {
    let lab = Lab::new().await;
    let ran = Check::new(examples().next().unwrap()).run(&echo(&lab)).await;
    ran.passed();
}
