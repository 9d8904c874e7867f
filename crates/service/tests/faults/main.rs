//! Use cases over a store that is a network away and fails: what each does is done once, whatever was in
//! its way and wherever.

#[cfg(test)]
mod deeds;
#[cfg(test)]
mod outcomes;
#[cfg(test)]
mod races;
#[cfg(test)]
mod window;
#[cfg(test)]
mod world;
