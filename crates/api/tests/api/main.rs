//! The API over a real service, through the router and, where the wire itself matters, sockets.

#[cfg(test)]
mod abuse;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod colppy;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod fields;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod members;
#[cfg(test)]
mod monitor;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod printing;
#[cfg(test)]
mod rates;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod repeats;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod smuggling;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod trail;
#[cfg(test)]
mod world;
