//! The course, its lessons, and the blocks that a lesson is made of, as the relay hands them to the page.
//!
//! Every `html` here was rendered from Markdown and sanitised by the relay; code in it is highlighted with classes.

use crate::challenge::Summary;
use serde::{Deserialize, Serialize};

/// `GET /api/course`: all but the texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// Names the course in progress and receipts: lower-case letters, digits and hyphens.
    pub id: String,
    pub title: String,
    pub summary: String,
    /// BCP 47, for the page's `lang`.
    pub language: String,
    pub objectives: Vec<Objective>,
    pub lessons: Vec<LessonSummary>,
    pub challenges: Vec<Summary>,
}

/// What a learner can do afterwards, and where it is learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    pub text: String,
    /// The name of a lesson.
    pub lesson: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonSummary {
    /// The file's name without `.md`; its address is `/course/{id}`.
    pub id: String,
    pub title: String,
    pub summary: String,
    pub minutes: u16,
    /// What there is to do in it, in order: everything but prose.
    pub pieces: Vec<PieceSummary>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceSummary {
    /// Its address is `/course/{lesson}#{id}`.
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
    pub minutes: u16,
    pub blocks: Vec<Block>,
}

/// A part of a lesson. All but prose come from fenced blocks of the kind's name, which hold TOML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Block {
    /// Headings in it have ids, to be linked to.
    Prose {
        html: String,
    },
    Live(Live),
    Widget(Widget),
    Exercise(Exercise),
    Quiz(Quiz),
    Interview(Interview),
    Faq(Faq),
    Challenge(ChallengeLink),
}

/// Connections to the lab that the reader starts, and what to show of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    pub id: String,
    pub title: String,
    /// One, or two to be put side by side.
    pub runs: Vec<Run>,
    pub show: Show,
    /// What to look for, once it has run.
    pub look: Option<String>,
}

/// One connection, and what is done on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Above it, where there are two.
    pub title: Option<String>,
    pub scheme: Scheme,
    /// The middlebox on the way, with its settings, as in the address after `/via/`.
    pub via: Option<String>,
    /// The lab's settings, as in the URL.
    pub query: String,
    pub subprotocols: Vec<String>,
    /// Sent one after the other when the socket is open.
    pub send: Vec<Send>,
    /// Milliseconds between them.
    pub apart_ms: u32,
    /// What is closed with when all has been sent; `None` leaves it open.
    pub close: Option<Close>,
}

/// `ws` or `wss`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// As the page itself came.
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

/// The part of a run that is opened for the reader; all else is there to be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// The rows, with the newest chosen.
    #[default]
    Sequence,
    /// The request, line by line.
    Request,
    /// The response, line by line.
    Response,
    /// From the key to the accept value.
    Accept,
    /// The bits of the last frame of the browser's.
    Frame,
    /// The mask and the payload of that frame.
    Unmasking,
    /// What someone on the path would have read.
    Path,
    /// How it ended.
    Ending,
    /// The four states of the socket.
    Lifecycle,
}

/// One of the pieces that the page knows how to draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widget {
    pub id: String,
    pub title: String,
    pub what: WidgetKind,
    /// What it begins with, where it takes a text.
    pub text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WidgetKind {
    /// The opening handshake stepped through, with the reader's own key.
    HandshakeSteps,
    /// A frame bit by bit: type a message, flip a bit, see what a receiver would say.
    FrameBits,
    /// A message masked by hand, byte by byte.
    Masking,
    /// The life of a connection as a diagram that moves, beside a meeting of two people.
    Lifecycle,
    /// An image sent as a binary message, and shown as it comes back.
    Image,
}

/// A question that is answered in place, in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exercise {
    pub id: String,
    /// HTML.
    pub ask: String,
    /// Any of these will do, whatever the case and the spaces around.
    pub answers: Vec<String>,
    /// HTML, for whoever wants it.
    pub hint: Option<String>,
    /// HTML, shown when it was answered.
    pub why: String,
    /// Answers that are wrong for a known reason.
    pub slips: Vec<Slip>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    pub answer: String,
    /// HTML.
    pub says: String,
}

/// A multiple-choice question. Every option explains itself when it is chosen.
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

/// An interview question: the reader's own answer first, then one to compare with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interview {
    pub id: String,
    /// HTML.
    pub ask: String,
    /// HTML.
    pub answer: String,
    /// What a good answer has, to be ticked off by the reader. HTML without paragraphs.
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

/// A challenge, in the middle of a lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeLink {
    /// The challenge's own name.
    pub id: String,
    pub title: String,
    pub summary: String,
}

impl Block {
    /// Its name in addresses and progress; prose has none.
    #[must_use]
    pub fn piece(&self) -> Option<PieceSummary> {
        let (id, kind) = match self {
            Self::Prose { .. } => return None,
            Self::Live(it) => (&it.id, PieceKind::Live),
            Self::Widget(it) => (&it.id, PieceKind::Widget),
            Self::Exercise(it) => (&it.id, PieceKind::Exercise),
            Self::Quiz(it) => (&it.id, PieceKind::Quiz),
            Self::Interview(it) => (&it.id, PieceKind::Interview),
            Self::Faq(it) => (&it.id, PieceKind::Faq),
            Self::Challenge(it) => (&it.id, PieceKind::Challenge),
        };
        Some(PieceSummary { id: id.clone(), kind })
    }
}
