//! How long lessons take, with their challenges.

use crate::ui::format::{duration, plural};
use curriculum::challenge::Summary;
use curriculum::course::{Course, LessonSummary};

/// The time of some lessons.
pub(super) struct Time<'a> {
    lessons: u64,
    /// Without the challenges.
    minutes: u64,
    /// Each once.
    challenges: Vec<&'a Summary>,
}

impl<'a> Time<'a> {
    pub(super) fn of(course: &'a Course, lessons: impl IntoIterator<Item = &'a LessonSummary>) -> Self {
        let mut time = Self { lessons: 0, minutes: 0, challenges: Vec::new() };
        for lesson in lessons {
            time.lessons += 1;
            time.minutes += u64::from(lesson.minutes);
            for challenge in course.challenges_of(lesson) {
                if time.challenges.iter().all(|known| known.id != challenge.id) {
                    time.challenges.push(challenge);
                }
            }
        }
        time
    }

    /// All lessons, and all challenges, also the ones that no lesson contains.
    pub(super) fn of_all(course: &'a Course) -> Self {
        Self { challenges: course.challenges.iter().collect(), ..Self::of(course, &course.lessons) }
    }

    fn of_challenges(&self) -> u64 {
        self.challenges.iter().map(|challenge| u64::from(challenge.minutes)).sum()
    }

    /// With the challenges.
    pub(super) fn minutes(&self) -> u64 {
        self.minutes + self.of_challenges()
    }

    /// `6 min`, `11 min with 1 challenge`
    pub(super) fn words(&self) -> String {
        match self.challenges.len() {
            0 => duration(self.minutes),
            count => format!("{} with {}", duration(self.minutes()), plural(count as u64, "challenge")),
        }
    }

    /// `25 lessons and 18 challenges`
    pub(super) fn contents(&self) -> String {
        match self.challenges.len() {
            0 => plural(self.lessons, "lesson"),
            count => format!("{} and {}", plural(self.lessons, "lesson"), plural(count as u64, "challenge")),
        }
    }

    /// `12 lessons: 1 h 10 min`, `12 lessons: 1 h 10 min · 6 challenges: 40 min`
    pub(super) fn summary(&self) -> String {
        let lessons = format!("{}: {}", plural(self.lessons, "lesson"), duration(self.minutes));
        match self.challenges.len() {
            0 => lessons,
            count => {
                format!("{lessons} · {}: {}", plural(count as u64, "challenge"), duration(self.of_challenges()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curriculum::challenge::Place;
    use curriculum::course::{PieceKind, PieceSummary};

    #[test]
    fn a_challenge_counts_once() {
        let challenge = |id: &str, minutes| Summary {
            id: id.into(),
            title: String::new(),
            summary: String::new(),
            level: 1,
            minutes,
            place: Place::Anywhere,
        };
        let lesson = |minutes, challenges: &[&str]| LessonSummary {
            id: String::new(),
            title: String::new(),
            summary: String::new(),
            minutes,
            pieces: challenges.iter().map(|id| PieceSummary { id: (*id).into(), kind: PieceKind::Challenge }).collect(),
        };
        let course = Course {
            id: String::new(),
            title: String::new(),
            summary: String::new(),
            language: String::new(),
            objectives: Vec::new(),
            parts: Vec::new(),
            lessons: vec![lesson(50, &["a"]), lesson(20, &["a", "b"]), lesson(3, &[])],
            challenges: vec![challenge("a", 5), challenge("b", 10)],
            glossary: false,
        };
        let words = |range: std::ops::Range<usize>| Time::of(&course, &course.lessons[range]).words();
        assert_eq!((words(0..1).as_str(), words(2..3).as_str()), ("55 min with 1 challenge", "3 min"));
        let all = Time::of_all(&course);
        assert_eq!((all.minutes(), all.contents().as_str()), (88, "3 lessons and 2 challenges"));
        assert_eq!(all.summary(), "3 lessons: 1 h 13 min · 2 challenges: 15 min");
        assert_eq!(Time::of(&course, &course.lessons[2..]).summary(), "1 lesson: 3 min");
    }
}
