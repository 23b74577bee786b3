//! The glossary of a course, as the relay sends it to the page. The relay sanitized every HTML.

use serde::{Deserialize, Serialize};

/// `GET /api/course/glossary`: all terms, in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glossary {
    pub terms: Vec<Term>,
}

/// A term and its short definition, which a lesson shows beside the first use of the term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The term is at `/course/glossary#{id}`.
    pub id: String,
    pub term: String,
    /// HTML without paragraphs and links.
    pub short: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    #[serde(flatten)]
    pub definition: Definition,
    /// HTML.
    pub more: Option<String>,
    /// What teaches it: the id of a lesson, or `lesson#piece`.
    pub lesson: Option<String>,
}
