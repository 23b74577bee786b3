//! Texts for a challenge's level and place.

use curriculum::challenge::Place;

pub fn level(level: u8) -> String {
    let words = match level {
        1 => "trivial",
        2 => "easy",
        3 => "medium",
        4 => "tricky",
        _ => "hard",
    };
    format!("Level {level} of 5: {words}")
}

pub fn place(place: Place) -> &'static str {
    match place {
        Place::Anywhere => "in the browser or from your own machine",
        Place::Browser => "in the browser",
    }
}
