//! The files that are handed out, read back by others' readers.

#[cfg(test)]
mod csv;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod large;
#[cfg(test)]
mod xlsx;
