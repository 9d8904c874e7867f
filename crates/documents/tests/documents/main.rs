//! What is printed, read by others: the text and the pictures of the pages by poppler, the QR codes by
//! zbar. A machine without them fails these tests; `cargo xtask ci` installs them.

#[cfg(test)]
mod invoices;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod read;
#[cfg(test)]
mod samples;
