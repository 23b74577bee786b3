//! The course, its lessons, and the blocks of a lesson, as the relay sends them to the page.
//!
//! The relay rendered every `html` from Markdown and sanitized it. Code in it is highlighted with classes.

use crate::challenge::Summary;
use crate::check::Condition;
use crate::glossary::Definition;
use serde::{Deserialize, Serialize};

/// `GET /api/course`: everything except the texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// Names the course in progress and receipts: lowercase letters, digits and hyphens.
    pub id: String,
    pub title: String,
    pub summary: String,
    /// BCP 47, for the page's `lang`.
    pub language: String,
    pub objectives: Vec<Objective>,
    /// Empty if the course is not divided. Otherwise every lesson is in one of them.
    #[serde(default)]
    pub parts: Vec<Part>,
    pub lessons: Vec<LessonSummary>,
    pub challenges: Vec<Summary>,
    /// Whether there is a glossary. It is at `/course/glossary`.
    #[serde(default)]
    pub glossary: bool,
}

/// A part of a course: lessons that follow each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub title: String,
    pub summary: String,
    /// The ids of its lessons, in order. At least one.
    pub lessons: Vec<String>,
}

/// What a learner can do after the course, and which lesson teaches it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    pub text: String,
    /// The id of a lesson.
    pub lesson: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonSummary {
    /// The name of its file without `.md`. The lesson is at `/course/{id}`.
    pub id: String,
    pub title: String,
    pub summary: String,
    /// Without its challenges.
    pub minutes: u16,
    /// Its interactive pieces, in order: everything except prose.
    pub pieces: Vec<PieceSummary>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceSummary {
    /// The piece is at `/course/{lesson}#{id}`.
    pub id: String,
    pub kind: PieceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PieceKind {
    Live,
    Widget,
    Exercise,
    Quiz,
    WrongLine,
    Order,
    Interview,
    Faq,
    Challenge,
}

/// `GET /api/course/lessons/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    pub id: String,
    pub title: String,
    pub summary: String,
    /// Without its challenges.
    pub minutes: u16,
    pub blocks: Vec<Block>,
    /// The terms that the texts link to, in alphabetical order.
    #[serde(default)]
    pub terms: Vec<Definition>,
}

/// A part of a lesson. Every kind except prose comes from a fenced block with the name of the kind, which contains TOML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Block {
    /// Headings have ids, so that links can point to them.
    Prose {
        html: String,
    },
    Live(Live),
    Widget(Widget),
    Exercise(Exercise),
    Quiz(Quiz),
    WrongLine(WrongLine),
    Order(Order),
    Interview(Interview),
    Faq(Faq),
    Challenge(ChallengeLink),
}

/// Connections to the lab that the reader starts, and what to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    pub id: String,
    pub title: String,
    /// One run, or two to show side by side.
    pub runs: Vec<Run>,
    pub show: Show,
    /// Whether the reader sees and changes only the messages, not the address with its settings.
    #[serde(default)]
    pub simple: bool,
    /// What to look for after the run. HTML.
    pub look: Option<String>,
    /// A question to answer before the run.
    pub predict: Option<Prediction>,
}

/// What will a run show? The reader chooses an outcome before the run, and the run itself decides which one came true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// HTML.
    pub ask: String,
    pub outcomes: Vec<Outcome>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// HTML without paragraphs.
    pub text: String,
    /// HTML.
    pub why: String,
    /// The outcome came true if all of these were seen. Without any, it never comes true.
    pub seen: Vec<Seen>,
}

/// A condition on one run of a live piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The index of the run.
    pub run: usize,
    pub condition: Condition,
}

/// One connection, and what happens on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Shown above the run if there are two.
    pub title: Option<String>,
    pub scheme: Scheme,
    /// The middlebox on the route, with its settings, as in the URL after `/via/`.
    pub via: Option<String>,
    /// The lab's settings, as in the URL.
    pub query: String,
    pub subprotocols: Vec<String>,
    /// Sent in order once the socket is open.
    pub send: Vec<Send>,
    /// Milliseconds between them.
    pub apart_ms: u32,
    /// How to close after everything was sent; `None` leaves the connection open.
    pub close: Option<Close>,
}

/// `ws` or `wss`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// The counterpart of the page's own scheme.
    #[default]
    Page,
    Ws,
    Wss,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Send {
    Text(String),
    /// Hex.
    Bytes(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    pub code: Option<u16>,
    pub reason: String,
}

/// The view that opens after a run. The reader can choose any other view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// The sequence of rows, with the newest selected.
    #[default]
    Sequence,
    /// The request, line by line.
    Request,
    /// The response, line by line.
    Response,
    /// From the key to the accept value.
    Accept,
    /// The bits of the last frame that the browser sent.
    Frame,
    /// The mask and the payload of that frame.
    Unmasking,
    /// What someone on the path could have read.
    Path,
    /// How the connection ended.
    Ending,
    /// The four states of the socket.
    Lifecycle,
}

/// An interactive piece that is built into the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widget {
    pub id: String,
    pub title: String,
    pub what: WidgetKind,
    /// The initial text, if the widget has one.
    pub text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WidgetKind {
    /// The opening handshake step by step, with the reader's own key.
    HandshakeSteps,
    /// A frame bit by bit: type a message, flip a bit, see how a receiver would react.
    FrameBits,
    /// A message masked by hand, byte by byte.
    Masking,
    /// The lifecycle of a connection as an animated diagram, next to a meeting of two people.
    Lifecycle,
    /// An image that is sent as a binary message and shown when it comes back.
    Image,
}

/// A question with a text field for the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exercise {
    pub id: String,
    /// HTML.
    pub ask: String,
    /// The right answers. Case and surrounding spaces are ignored.
    pub answers: Vec<String>,
    /// HTML, shown on request.
    pub hint: Option<String>,
    /// HTML, shown after the answer.
    pub why: String,
    /// Common wrong answers, each with an explanation.
    pub slips: Vec<Slip>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    pub answer: String,
    /// HTML.
    pub says: String,
}

/// A multiple-choice question. Every option has an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiz {
    pub id: String,
    /// HTML.
    pub ask: String,
    pub options: Vec<Choice>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// HTML without paragraphs.
    pub text: String,
    pub right: bool,
    /// HTML.
    pub why: String,
}

/// A block of text in which one line is wrong. The reader chooses a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongLine {
    pub id: String,
    /// HTML.
    pub ask: String,
    /// In the order of the text.
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Plain text, to be shown as it is.
    pub text: String,
    /// One line of a block is wrong.
    pub wrong: bool,
    /// HTML.
    pub why: String,
}

/// Items that the reader puts in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: String,
    /// HTML.
    pub ask: String,
    /// In the right order.
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// HTML without paragraphs.
    pub text: String,
    /// HTML, shown once the order is right.
    pub why: String,
}

/// An interview question: the reader answers first, then compares with a model answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interview {
    pub id: String,
    /// HTML.
    pub ask: String,
    /// HTML.
    pub answer: String,
    /// What a good answer contains, as a checklist. HTML without paragraphs.
    pub points: Vec<String>,
    pub demo: Live,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faq {
    pub id: String,
    /// HTML without paragraphs.
    pub ask: String,
    /// HTML.
    pub answer: String,
}

/// A link from a lesson to a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeLink {
    /// The id of the challenge.
    pub id: String,
    pub title: String,
    pub summary: String,
}

impl Course {
    /// The part that contains this lesson: its index and itself. `None` if the course has no parts.
    #[must_use]
    pub fn part_of(&self, lesson: &str) -> Option<(usize, &Part)> {
        self.parts.iter().enumerate().find(|(_, part)| part.lessons.iter().any(|id| id == lesson))
    }

    /// The challenges of a lesson, in order.
    pub fn challenges_of<'a>(&'a self, lesson: &'a LessonSummary) -> impl Iterator<Item = &'a Summary> {
        let ids = lesson.pieces.iter().filter(|piece| piece.kind == PieceKind::Challenge).map(|piece| &piece.id);
        ids.filter_map(|id| self.challenges.iter().find(|challenge| challenge.id == *id))
    }
}

impl Block {
    /// Its id and kind; prose has none.
    #[must_use]
    pub fn piece(&self) -> Option<PieceSummary> {
        let (id, kind) = match self {
            Self::Prose { .. } => return None,
            Self::Live(it) => (&it.id, PieceKind::Live),
            Self::Widget(it) => (&it.id, PieceKind::Widget),
            Self::Exercise(it) => (&it.id, PieceKind::Exercise),
            Self::Quiz(it) => (&it.id, PieceKind::Quiz),
            Self::WrongLine(it) => (&it.id, PieceKind::WrongLine),
            Self::Order(it) => (&it.id, PieceKind::Order),
            Self::Interview(it) => (&it.id, PieceKind::Interview),
            Self::Faq(it) => (&it.id, PieceKind::Faq),
            Self::Challenge(it) => (&it.id, PieceKind::Challenge),
        };
        Some(PieceSummary { id: id.clone(), kind })
    }
}
