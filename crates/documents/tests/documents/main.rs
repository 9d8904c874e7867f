//! What is printed and handed out, read by others: the text and the pictures of pages by poppler, QR codes
//! by zbar, workbooks by calamine. A machine without the programs fails these tests; `cargo xtask ci`
//! installs them.

#[cfg(test)]
mod invoices;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod logos;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod read;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod samples;
