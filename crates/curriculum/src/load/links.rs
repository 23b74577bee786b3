//! Checks that each link inside the course has a target.

use super::markdown::{ASSETS, Link};
use super::sanitize::SCHEMES;
use std::collections::{BTreeMap, BTreeSet};
use toml_fields::{Problems, did_you_mean, list_names};

/// Paths of the page other than lessons and challenges.
const PAGES: [&str; 5] = ["/", "/course", "/challenges", "/receipt", "/recording"];

/// Everything that a link can point to.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// The ids in each lesson.
    pub(super) lessons: BTreeMap<String, BTreeSet<String>>,
    pub(super) challenges: BTreeSet<String>,
    pub(super) assets: BTreeSet<String>,
    /// The ids of the glossary, if there is one.
    pub(super) terms: Option<BTreeSet<String>>,
}

impl Targets {
    pub(super) fn check(&self, links: &[Link], problems: &Problems) {
        for link in links {
            if let Err((what, fix)) = self.follow(link) {
                problems.add(&link.file, Some(link.line), format!("the link {} {what}", link.to), fix);
            }
        }
    }

    fn follow(&self, link: &Link) -> Result<(), (String, String)> {
        let to = link.to.as_str();
        let (path, anchor) = to.split_once('#').map_or((to, None), |(path, anchor)| (path, Some(anchor)));
        if let Some(name) = path.strip_prefix("assets/").or_else(|| path.strip_prefix(ASSETS)) {
            return find(name, &self.assets, "an image");
        }
        if let ("/course/glossary", Some(terms)) = (path, &self.terms) {
            return anchor.map_or(Ok(()), |anchor| find(anchor, terms, "a term"));
        }
        if let Some(lesson) = path.strip_prefix("/course/") {
            find(lesson, self.lessons.keys(), "a lesson")?;
            return self.anchor(lesson, anchor);
        }
        if let Some(challenge) = path.strip_prefix("/challenges/") {
            return find(challenge, &self.challenges, "a challenge");
        }
        let scheme = path.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| !scheme.contains(['/', '?']));
        match (path, &link.lesson) {
            ("", Some(lesson)) => self.anchor(lesson, anchor),
            _ if scheme.is_some_and(|scheme| SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme))) => Ok(()),
            _ if scheme.is_some() => Err((
                "uses a scheme that is not allowed".to_owned(),
                format!("The allowed schemes are {}.", list_names(&SCHEMES)),
            )),
            _ if path.starts_with("//") || PAGES.contains(&path) => Ok(()),
            // Paths of the relay: `/echo`, `/?behaviour`, `/api/…`.
            _ if ["/?", "/echo", "/api/", "/lab"].iter().any(|own| path.starts_with(own)) => Ok(()),
            _ => Err((
                "does not lead anywhere in this course".to_owned(),
                "Lessons are at `/course/ID`, challenges at `/challenges/ID` and images at `assets/NAME`.".to_owned(),
            )),
        }
    }

    fn anchor(&self, lesson: &str, anchor: Option<&str>) -> Result<(), (String, String)> {
        let (Some(anchor), Some(ids)) = (anchor, self.lessons.get(lesson)) else { return Ok(()) };
        find(anchor, ids, "a heading or block").map_err(|(what, fix)| (format!("{what} in the lesson {lesson}"), fix))
    }
}

fn find<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a String> + Clone,
    what: &str,
) -> Result<(), (String, String)> {
    if known.clone().into_iter().any(|known| known == name) {
        return Ok(());
    }
    let near = did_you_mean(name, known.into_iter().map(String::as_str));
    let fix = near.unwrap_or_else(|| "Correct or remove it.".to_owned());
    Err((format!("points to {what} `{name}` that does not exist"), fix))
}
