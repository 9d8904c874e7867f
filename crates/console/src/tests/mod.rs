//! Pages as a browser gets them, over books in memory.

mod access;
mod admin;
mod books;
mod house;
mod limits;
mod looks;
mod people;
mod way_in;
mod window;
