//! The page: the browser's own WebSocket on one side, what the relay saw of it on the other.
//!
//! Each room uses the rooms below it and none above:
//!
//! | room | what it holds |
//! |---|---|
//! | [`app`] | the routes |
//! | [`embed`] | single pieces inside pages of other sites |
//! | [`playground`], [`course`], [`challenge`], [`recording`] | the pages, each with its own state and views |
//! | [`workbench`] | what can be done with a recorded connection: replay it, script it, compare it |
//! | [`shell`] | what surrounds every page: top bar, navigation, theme |
//! | [`lab`] | a session and everything that can be seen of it |
//! | [`address`] | the URLs of the relay: where they lead, their route and their settings |
//! | [`ui`] | what several views are made of |
//! | [`net`] | the only files that touch sockets and fetch |
//! | [`site`] | where this site is on its host |

#![expect(unreachable_pub, reason = "a binary: `pub` marks what other modules use, and nothing outside can reach in")]

mod address;
mod app;
mod challenge;
mod course;
mod embed;
mod lab;
mod net;
mod playground;
mod recording;
mod shell;
mod site;
mod ui;
mod workbench;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
