//! The places of those who wait for a slow hash.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::network_of;

/// Slow hashes that may wait or run; whoever comes on top is told at once to come later.
const LEN_MAX: usize = 64;
/// Those of one network: it can make up names without end, and is not to shut everyone else out.
/// The loopback addresses have no such limit: a proxy on this machine is everybody.
const OF_NETWORK_LEN_MAX: usize = 8;

/// Who waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    len: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// One's place; dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Place {
    queue: Arc<Queue>,
    network: Option<IpAddr>,
}

impl Queue {
    /// A place for whoever asks from an address, if there is one; administration asks from none.
    pub(super) fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let network = address.map(network_of).filter(|network| !network.is_loopback());
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len >= LEN_MAX {
            return None;
        }
        if let Some(network) = network {
            let of_network = taken.by_network.get(&network).copied().unwrap_or(0);
            if of_network >= OF_NETWORK_LEN_MAX {
                return None;
            }
            taken.by_network.insert(network, of_network + 1);
        }
        taken.len += 1;
        Some(Place { queue: Arc::clone(self), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.queue.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.len -= 1;
        let Some(network) = self.network else { return };
        if let Some(of_network) = taken.by_network.get_mut(&network) {
            *of_network -= 1;
            if *of_network == 0 {
                taken.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places taken from an address, as many of `asked` as there are.
    fn take(queue: &Arc<Queue>, address: &str, asked: usize) -> Vec<Place> {
        let address = Some(address.parse().unwrap());
        (0..asked).map_while(|_| queue.take(address)).collect()
    }

    #[test]
    fn a_network_has_eight_places_and_this_machine_all() {
        let queue = Arc::default();
        let mut first = take(&queue, "192.0.2.1", 9);
        assert_eq!(first.len(), 8);
        assert!(take(&queue, "::ffff:192.0.2.1", 1).is_empty());
        let near = take(&queue, "2001:db8::1", 8);
        assert_eq!(near.len(), 8);
        assert!(take(&queue, "2001:db8::2", 1).is_empty() && queue.take(None).is_some());
        first.pop();
        assert_eq!(take(&queue, "192.0.2.1", 2).len(), 1, "given back");
        let own = take(&queue, "127.0.0.1", 64);
        assert_eq!(own.len(), 64 - 7 - 8);
        assert!(queue.take(None).is_none() && take(&queue, "192.0.2.2", 1).is_empty());
        drop((first, near, own));
        let taken = queue.taken.lock().unwrap();
        assert!(taken.len == 0 && taken.by_network.is_empty());
    }
}
