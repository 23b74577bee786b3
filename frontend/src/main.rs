//! The page: the browser's own WebSocket on one side, what the relay saw of it on the other.
//!
//! | module | what it holds |
//! |---|---|
//! | [`app`] | routes and the frame around every page |
//! | [`net`] | the only files that touch sockets and fetch |
//! | [`store`] | what the page knows; actions in, read signals out |
//! | [`views`] | the parts a person can point at |
//! | [`ui`] | what several of them are made of |

#![expect(unreachable_pub, reason = "a binary: `pub` marks what other modules use, and nothing outside can reach in")]

mod app;
mod net;
mod store;
mod ui;
mod views;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
