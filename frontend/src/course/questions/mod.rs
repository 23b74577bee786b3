//! The questions of a lesson, and its links to challenges.

mod challenge_card;
mod choices;
mod exercise;
mod faq;
mod interview;
mod order;
mod quiz;
mod wrong_line;

pub(super) use challenge_card::ChallengeCard;
pub(super) use exercise::ExerciseView;
pub(super) use faq::{FaqView, QUESTION};
pub(super) use interview::InterviewView;
pub(super) use order::OrderView;
pub(super) use quiz::QuizView;
pub(super) use wrong_line::WrongLineView;
