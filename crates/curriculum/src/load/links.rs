//! Whether each link inside the course leads somewhere.

use super::clean::SCHEMES;
use super::fields::listed;
use super::markdown::{ASSETS, Link};
use super::problem::{Problems, meant};
use std::collections::{BTreeMap, BTreeSet};

/// The page's own addresses beside lessons and challenges.
const PAGES: [&str; 5] = ["/", "/course", "/challenges", "/receipt", "/recording"];

/// What there is to lead to.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// The ids in each lesson.
    pub(super) lessons: BTreeMap<String, BTreeSet<String>>,
    pub(super) challenges: BTreeSet<String>,
    pub(super) assets: BTreeSet<String>,
}

impl Targets {
    pub(super) fn check(&self, links: &[Link], problems: &Problems) {
        for link in links {
            if let Err((what, todo)) = self.follow(link) {
                problems.add(&link.file, Some(link.line), format!("the link to {} {what}", link.to), todo);
            }
        }
    }

    fn follow(&self, link: &Link) -> Result<(), (String, String)> {
        let to = link.to.as_str();
        let (path, anchor) = to.split_once('#').map_or((to, None), |(path, anchor)| (path, Some(anchor)));
        if let Some(name) = path.strip_prefix("assets/").or_else(|| path.strip_prefix(ASSETS)) {
            return find(name, &self.assets, "picture");
        }
        if let Some(lesson) = path.strip_prefix("/course/") {
            find(lesson, self.lessons.keys(), "lesson")?;
            return self.anchor(lesson, anchor);
        }
        if let Some(challenge) = path.strip_prefix("/challenges/") {
            return find(challenge, &self.challenges, "challenge");
        }
        let scheme = path.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| !scheme.contains(['/', '?']));
        match (path, &link.lesson) {
            ("", Some(lesson)) => self.anchor(lesson, anchor),
            _ if scheme.is_some_and(|scheme| SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme))) => Ok(()),
            _ if scheme.is_some() => {
                Err(("leads where the page takes nobody".to_owned(), format!("Links are {}.", listed(&SCHEMES))))
            }
            _ if path.starts_with("//") || PAGES.contains(&path) => Ok(()),
            // The relay's own: `/echo`, `/?behaviour`, `/api/…`.
            _ if ["/?", "/echo", "/api/", "/lab"].iter().any(|own| path.starts_with(own)) => Ok(()),
            _ => Err((
                "leads to nothing here".to_owned(),
                "Lessons are at `/course/ID`, challenges at `/challenges/ID`, pictures at `assets/NAME`.".to_owned(),
            )),
        }
    }

    fn anchor(&self, lesson: &str, anchor: Option<&str>) -> Result<(), (String, String)> {
        let (Some(anchor), Some(ids)) = (anchor, self.lessons.get(lesson)) else { return Ok(()) };
        find(anchor, ids, "heading or piece").map_err(|(what, todo)| (format!("{what} in the lesson {lesson}"), todo))
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
    let near = meant(name, known.into_iter().map(String::as_str));
    let todo = near.unwrap_or_else(|| "Put it right, or take it out.".to_owned());
    Err((format!("names a {what} `{name}` that there is not"), todo))
}
