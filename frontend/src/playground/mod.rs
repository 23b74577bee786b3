//! The playground: a form that connects, the lab's views of what happened, and a composer.

mod banner;
mod behaviours;
mod composer;
mod compression;
mod connect_bar;
mod connect_form;
mod console;
mod export;
mod link_rules;
mod next_messages;
pub mod page;
mod route;
mod sending;
mod session;
mod session_chip;
mod welcome;
