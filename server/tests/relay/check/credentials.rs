//! Values of environment variables are sent, and appear neither in the output nor in a file.

use super::{Check, one};
use crate::support::Lab;
use observation::Event;
use std::fs;

#[tokio::test]
async fn values_of_variables_appear_nowhere() {
    const SECRET: &str = "s3cr3t-tok3n";
    let lab = Lab::new().await;
    for deflate in [false, true] {
        let lines = format!(
            "url = \"?room=${{TOKEN}}\"\nconnect = {{ deflate = {deflate}, headers = [\"Authorization: Bearer ${{TOKEN}}\", \"X-Mine: ${{SHORT}}\"] }}\n\
             steps = [\n{{ send.text = \"{{'token':'${{TOKEN}}'}}\" }},\n{{ expect.contains = \"other\" }},\n]"
        );
        let check = Check::new(&one(&lines));
        let url = format!("ws://{}/lab/{}", lab.relay.address(), lab.id);
        let variables = [("TOKEN", SECRET), ("SHORT", "abc")];
        // A setting that the lab does not have.
        let ran = check.run_with(&url, &["a.toml", "--junit", "junit.xml"], &variables).await;
        ran.failed(&["came: a refusal with status 400"]);
        let url = format!("ws://{}/echo", lab.relay.address());
        let check_echo = Check::new(&one(&lines.replace("url = \"?room=${TOKEN}\"\n", "")));
        let ran_echo = check_echo.run_with(&url, &["a.toml", "--junit", "junit.xml"], &variables).await;
        ran_echo.failed(&["a text message of 24 bytes, `{'token':'************'}`: it does not contain `other`"]);
        for (check, ran) in [(&check, &ran), (&check_echo, &ran_echo)] {
            let mut texts = vec![ran.out.clone(), ran.errors.clone()];
            for file in ["junit.xml", "framescope-recordings/a-one.json"] {
                texts.push(fs::read_to_string(check.folder.0.join(file)).unwrap());
            }
            for text in &texts {
                assert!(!text.contains(SECRET) && !text.contains(&lab.id), "{text}");
            }
            for observation in check.recording("a-one.json").observations {
                match observation.event {
                    Event::Opening(opening) => assert_concealed(&opening.request, &opening.concealed),
                    Event::Refusal(refusal) => assert_concealed(&refusal.request, &refusal.concealed),
                    Event::Frame(frame) => {
                        assert!(!String::from_utf8_lossy(&frame.content()).contains(SECRET));
                        assert!(!String::from_utf8_lossy(&frame.unmasked_payload()).contains(SECRET));
                        // What inflates to a value is not kept.
                        assert!(!deflate || frame.opcode != 1 || frame.payload.is_empty());
                    }
                    _ => {}
                }
            }
        }
    }
}

fn assert_concealed(request: &[u8], concealed: &[String]) {
    let request = String::from_utf8_lossy(request);
    assert!(request.contains("Authorization: Bearer ************\r\nX-Mine: ***\r\n"), "{request}");
    assert_eq!(concealed, ["authorization", "x-mine"]);
}

#[tokio::test]
async fn a_header_that_must_stay_readable_takes_no_variable() {
    let check = Check::new(&one("connect.headers = [\"Host: ${TOKEN}\"]"));
    let ran = check.run_with("ws://a", &["a.toml"], &[("TOKEN", "abcdef")]).await;
    assert_eq!(ran.code, 2);
    ran.says(&["a.toml:3: the header `Host` cannot have a variable"]);
    let ran = check.run_with("ws://a", &["a.toml"], &[("TOKEN", "ab\r\nc: d")]).await;
    ran.says(&["the value of the header `Host` has characters that no header can have"]);
}
