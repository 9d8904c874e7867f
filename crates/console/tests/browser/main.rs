//! The pages in a real browser, over books in memory and a clock that stands still: what is seen, what is
//! clicked and typed, and what everybody can use.
#![expect(clippy::unwrap_used, reason = "a test stops where something fails")]

mod administration;
mod barriers;
mod books;
mod house;
mod looks;
mod phone;
mod roles;
mod way_in;
mod window;
