//! URLs of WebSockets: where one leads, the route it takes to a lab, the settings in its query, and links that hold a setup.

pub mod catalogue;
pub mod route;
pub mod settings;
pub mod setup;
pub mod target;
