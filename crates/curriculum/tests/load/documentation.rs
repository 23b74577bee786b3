//! Completeness of `docs/course-authors.md`.

use crate::{CHALLENGE, LESSON, read, starter, write};
use std::fs;

/// Compares the tables in `docs/course-authors.md` with the names that serde lists.
#[test]
fn the_documentation_lists_every_name() {
    let documentation = include_str!("../../../../docs/course-authors.md");
    let folder = starter();
    for (file, from, row) in [
        (CHALLENGE, "message =", true),
        (CHALLENGE, "kind = \"words", true),
        (LESSON, "what = \"frame-bits", false),
        (LESSON, "title = \"Whole\"", false),
    ] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let name = from.trim_end_matches(" =").rsplit('"').next().unwrap().to_owned();
        let odd = match from.starts_with("title") {
            true => text.replace(from, "scheme = \"?\""),
            false => text.replace(from, &from.replace(&name, "odd")),
        };
        write(&folder, file, odd);
        let problems = read(&folder).unwrap_err();
        write(&folder, file, text);
        let problem = problems.iter().find(|problem| problem.contains("expected one of")).unwrap();
        let names = problem.split("expected one of").nth(1).unwrap().split('`').skip(1).step_by(2);
        let wanted: Vec<_> =
            names.map(|name| if row { format!("\n| `{name}` |") } else { format!("`{name}`") }).collect();
        assert!(wanted.len() > 2);
        for name in wanted {
            assert!(documentation.contains(&name), "{name:?} of {problem}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    for (name, _) in curriculum::console::NAMES {
        assert!(documentation.contains(&format!("`{name}`")), "{name}");
    }
    for (_, form) in curriculum::values::DERIVED {
        assert!(documentation.contains(&format!("`{form}`")), "{form}");
    }
}
