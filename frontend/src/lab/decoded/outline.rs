//! A decoded tree as lines: which are shown, which match a search, and the path of each.

use decode::{Node, Step, Value};

/// The most characters of a value in a line.
const SHOWN: usize = 120;
/// The most bytes of a value in a line.
const SHOWN_BYTES: usize = 16;
/// Trees with at most so many lines are open at first.
const SMALL: usize = 60;

/// One line of the tree, which is in the order of the document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) value: String,
    /// The CSS class of its value.
    pub(super) class: &'static str,
    pub(super) note: String,
    pub(super) depth: usize,
    pub(super) parent: Option<usize>,
    /// The index after its last descendant.
    pub(super) end: usize,
    pub(super) has_children: bool,
    /// Its bytes in the payload, or those of the nearest line around it.
    pub(super) span: Option<(usize, usize)>,
    /// From the root, such as `$.list[0].id`.
    pub(super) path: String,
}

pub(super) fn lines(root: &Node) -> Vec<Line> {
    let mut lines = Vec::new();
    add(root, None, "$".to_owned(), &mut lines);
    lines
}

fn add(node: &Node, parent: Option<usize>, path: String, lines: &mut Vec<Line>) {
    let index = lines.len();
    let around = parent.and_then(|parent| lines[parent].span);
    let (value, class) = shown(node);
    lines.push(Line {
        name: node.name.clone(),
        value,
        class,
        note: node.note.clone(),
        depth: parent.map_or(0, |parent| lines[parent].depth + 1),
        parent,
        end: 0,
        has_children: !node.children.is_empty(),
        span: node.span.as_ref().map(|span| (span.start, span.end)).or(around),
        path: path.clone(),
    });
    for child in &node.children {
        add(child, Some(index), format!("{path}{}", step(child)), lines);
    }
    lines[index].end = lines.len();
}

/// A step of a path, as JSONPath has it. RFC 9535 §2.3.
fn step(node: &Node) -> String {
    match node.step {
        Step::Index(index) => format!("[{index}]"),
        Step::Key => {
            let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let starts = node.name.chars().next().is_some_and(|first| !first.is_ascii_digit());
            if starts && is_name(&node.name) {
                format!(".{}", node.name)
            } else {
                format!("[{}]", decode::tree::quoted(&node.name))
            }
        }
    }
}

fn shown(node: &Node) -> (String, &'static str) {
    let count = |what: &str| {
        let count = node.children.len();
        format!("{count} {what}{}", if count == 1 { "" } else { "s" })
    };
    match &node.value {
        Value::Null | Value::Bool(_) => (node.value.literal(), "v-word"),
        Value::Number(_) => (node.value.literal(), "v-number"),
        Value::Text(text) => (decode::tree::quoted(&clipped(text)), "v-text"),
        Value::Word(word) => (clipped(word), "v-word"),
        Value::Map => (count("field"), "muted"),
        Value::List => (count("item"), "muted"),
        Value::Bytes(bytes) => {
            let front = decode::tree::hex(&bytes[..bytes.len().min(SHOWN_BYTES)]);
            let more = if bytes.len() > SHOWN_BYTES { format!(" … {} bytes", bytes.len()) } else { String::new() };
            (format!("{front}{more}"), "v-bytes")
        }
    }
}

fn clipped(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Which lines are open at first: all of a small tree, two levels of a large one.
pub(super) fn open_at_first(lines: &[Line]) -> Vec<bool> {
    lines.iter().map(|line| lines.len() <= SMALL || line.depth < 2).collect()
}

/// The lines that are not inside a closed one.
pub(super) fn unfolded(lines: &[Line], open: &[bool]) -> Vec<usize> {
    let mut shown = Vec::new();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        shown.push(index);
        index = if open.get(index) == Some(&true) { index + 1 } else { line.end };
    }
    shown
}

/// The lines whose name or value contains the text, in any case, and the lines around them. And which of them match.
pub(super) fn found(lines: &[Line], text: &str) -> (Vec<usize>, Vec<usize>) {
    let text = text.to_lowercase();
    let is_match = |line: &Line| line.name.to_lowercase().contains(&text) || line.value.to_lowercase().contains(&text);
    let matches: Vec<_> = (0..lines.len()).filter(|&index| is_match(&lines[index])).collect();
    let mut shown: Vec<_> =
        matches.iter().flat_map(|&index| std::iter::successors(Some(index), |&index| lines[index].parent)).collect();
    shown.sort_unstable();
    shown.dedup();
    (shown, matches)
}

/// The node of a line.
pub(super) fn node(root: &Node, index: usize) -> Option<&Node> {
    fn nth<'a>(node: &'a Node, left: &mut usize) -> Option<&'a Node> {
        if *left == 0 {
            return Some(node);
        }
        *left -= 1;
        node.children.iter().find_map(|child| nth(child, left))
    }
    let mut left = index;
    nth(root, &mut left)
}

/// The value of a line for the clipboard: text without quotes, bytes in hex, the rest as JSON.
pub(super) fn copied(root: &Node, index: usize) -> String {
    match node(root, index) {
        Some(Node { value: Value::Text(text) | Value::Word(text), children, .. }) if children.is_empty() => {
            text.clone()
        }
        Some(Node { value: value @ Value::Bytes(_), .. }) => value.literal(),
        Some(node) => decode::tree::to_json(node),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{copied, found, lines, open_at_first, unfolded};
    use decode::{Context, decode};

    const TEXT: &str = r#"{"type":"chat","list":[{"odd key":1},"two"],"in":{"id":7}}"#;

    #[test]
    fn paths_lead_to_their_values() {
        let root = decode(TEXT.as_bytes(), &Context::default()).root;
        let lines = lines(&root);
        let paths: Vec<_> = lines.iter().map(|line| line.path.as_str()).collect();
        let expected = ["$", "$.type", "$.list", "$.list[0]", "$.list[0][\"odd key\"]", "$.list[1]", "$.in", "$.in.id"];
        assert_eq!(paths, expected);
        assert_eq!(copied(&root, 1), "chat");
        assert_eq!(copied(&root, 3), "{\n  \"odd key\": 1\n}");
        let (start, end) = lines[5].span.expect("bytes");
        assert_eq!(&TEXT[start..end], "\"two\"");
    }

    #[test]
    fn folding_hides_what_is_inside_and_a_search_shows_what_is_around() {
        let lines = lines(&decode(TEXT.as_bytes(), &Context::default()).root);
        let mut open = open_at_first(&lines);
        assert_eq!(unfolded(&lines, &open).len(), lines.len());
        open[2] = false;
        assert_eq!(unfolded(&lines, &open), [0, 1, 2, 6, 7]);
        assert_eq!(found(&lines, "ODD"), (vec![0, 2, 3, 4], vec![4]));
        assert_eq!(found(&lines, "nothing"), (vec![], vec![]));
    }
}
