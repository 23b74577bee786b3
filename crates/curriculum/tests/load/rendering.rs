//! Markdown as the page gets it.

use crate::{CHALLENGE, LESSON, read, starter, write};
use std::fs;

#[test]
fn markdown_in_fields_is_cleaned_too() {
    let folder = starter();
    let text = fs::read_to_string(folder.join(LESSON)).unwrap();
    let evil = "<b onclick=alert(1)>b</b><script>alert(2)</script><q cite=javascript:alert(3)>q</q>";
    let text =
        text.replace("why = \"", &format!("why = \"{evil}")).replace("text = \"The", &format!("text = \"{evil}The"));
    write(&folder, LESSON, text.replace("## Blocks", evil));
    let challenge = fs::read_to_string(folder.join(CHALLENGE)).unwrap();
    write(&folder, CHALLENGE, challenge.replace("hints = [\"", &format!("hints = [\"{evil}")) + evil);
    let loaded = read(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let html = serde_json::to_string(&(&loaded.lessons, &loaded.challenges)).unwrap();
    for gone in ["alert", "onclick", "script>", "javascript:"] {
        assert!(!html.contains(gone), "{gone} in {html}");
    }
    assert_eq!(html.matches("<b>b</b><q>q</q>").count(), 19);
}
