//! Services over books in a database: several side by side, and one whose database breaks.

#[cfg(test)]
mod cut;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod injected;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod side_by_side;
#[cfg(test)]
mod world;
