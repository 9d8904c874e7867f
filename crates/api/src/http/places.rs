//! Who may connect, and who has to go when it gets crowded: whoever only holds a connection must not keep out
//! those who would use one.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use ventanilla_service::network_of;

use super::serve::{Limits, PeerAddress};
use crate::Meters;

/// Of so many places one is kept free for who comes.
const PLACES_PER_SPARE: usize = 64;

/// Of so many connections one is among those who go next.
const CHOSEN_PART: usize = 16;

/// In which who was told to leave is gone, if it can leave.
const LEAVING_TIME_MAX: Duration = Duration::from_millis(100);

/// Who may connect.
#[derive(Debug)]
pub(super) struct Places {
    limits: Limits,
    meters: Arc<Meters>,
    opened_at: Instant,
    taken: Mutex<Taken>,
    /// A place was given back.
    freed: Notify,
}

/// No place can be had.
enum NoPlace {
    /// Now or in a moment.
    Refused,
    /// Until those have left who were told to.
    Yet,
}

#[derive(Debug, Default)]
struct Taken {
    by_address: HashMap<IpAddr, usize>,
    seats: HashMap<u64, Arc<Seat>>,
    next: u64,
    /// How many were told to leave and have not, and when the last was.
    told: Option<(usize, Instant)>,
    /// Who is told next, from the end, and since when it waits.
    next_to_go: Vec<(u64, Arc<Seat>)>,
}

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Seat {
    address: IpAddr,
    opened_at: Instant,
    /// Microseconds from `opened_at` to when it began to wait for its peer, from 1; 0 while a request is
    /// answered.
    waits_since_us: AtomicU64,
    is_told: AtomicBool,
    leave: Notify,
}

impl Seat {
    fn new(address: IpAddr, opened_at: Instant) -> Self {
        let (waits_since_us, is_told) = (AtomicU64::new(0), AtomicBool::new(false));
        let seat = Self { address, opened_at, waits_since_us, is_told, leave: Notify::new() };
        seat.wait();
        seat
    }

    /// It waits for what its peer sends: a handshake, a header, or a body.
    pub(super) fn wait(&self) {
        let elapsed_us = u64::try_from(self.opened_at.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.is_told.store(false, Ordering::Relaxed);
        self.waits_since_us.store(elapsed_us.max(1), Ordering::Relaxed);
    }

    /// A request is whole: nobody cuts it off from its answer.
    pub(super) fn work(&self) {
        self.waits_since_us.store(0, Ordering::Relaxed);
    }

    /// Resolves once the place is needed, and nothing but its peer keeps the connection. To be asked by the task
    /// that serves it, after that.
    pub(super) async fn left(&self) {
        loop {
            self.leave.notified().await;
            if self.waits_since_us.load(Ordering::Relaxed) != 0 {
                return;
            }
        }
    }

    /// Since when it waits, where it does and was not told to leave.
    fn waits_untold(&self) -> Option<u64> {
        let since_us = self.waits_since_us.load(Ordering::Relaxed);
        (since_us != 0 && !self.is_told.load(Ordering::Relaxed)).then_some(since_us)
    }

    fn tell(&self) {
        self.is_told.store(true, Ordering::Relaxed);
        self.leave.notify_one();
    }
}

/// One connection's place; dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    seat: Arc<Seat>,
}

impl Place {
    pub(super) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }
}

impl Places {
    pub(super) fn new(limits: Limits, meters: Arc<Meters>) -> Self {
        let (opened_at, taken) = (Instant::now(), Mutex::default());
        Self { limits, meters, opened_at, taken, freed: Notify::new() }
    }

    /// A place for a connection, where there is one, or soon will be.
    pub(super) async fn take(self: &Arc<Self>, PeerAddress(address): PeerAddress) -> Option<Place> {
        let address = network_of(address);
        let taken = async {
            loop {
                match self.try_take(address) {
                    Ok(place) => return Some(place),
                    Err(NoPlace::Refused) => return None,
                    Err(NoPlace::Yet) => self.freed.notified().await,
                }
            }
        };
        timeout(LEAVING_TIME_MAX, taken).await.unwrap_or_else(|_elapsed| {
            self.meters.connections.refused_in_all.add_one();
            None
        })
    }

    fn try_take(self: &Arc<Self>, address: IpAddr) -> Result<Place, NoPlace> {
        let is_limited = !address.is_loopback();
        let mut taken = self.lock();
        let of_address = taken.by_address.get(&address).copied().unwrap_or(0);
        let meters = &self.meters.connections;
        if is_limited && of_address >= self.limits.connections_per_address_len_max {
            meters.refused_by_address.add_one();
            return Err(NoPlace::Refused);
        }
        let len_max = self.limits.connections_len_max;
        let spare = len_max / PLACES_PER_SPARE;
        let now = Instant::now();
        // One goes for each who comes, and no more while those who were told to leave have not left.
        let is_crowded = taken.seats.len() + spare > len_max + taken.leaving(now);
        if is_crowded && taken.make_room(now) {
            meters.shed.add_one();
        }
        if taken.seats.len() >= len_max {
            if taken.leaving(now) > 0 {
                return Err(NoPlace::Yet);
            }
            meters.refused_in_all.add_one();
            return Err(NoPlace::Refused);
        }
        meters.open.rise();
        let seat = Arc::new(Seat::new(address, self.opened_at));
        let number = taken.next;
        taken.next += 1;
        taken.seats.insert(number, Arc::clone(&seat));
        taken.by_address.insert(address, of_address + 1);
        Ok(Place { places: Arc::clone(self), number, seat })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Tells one of those who wait to leave; whether there was one.
    fn make_room(&mut self, now: Instant) -> bool {
        let next = self.next_to_go().or_else(|| {
            self.choose();
            self.next_to_go()
        });
        if let Some(seat) = &next {
            seat.tell();
            self.told = Some((self.leaving(now) + 1, now));
        }
        next.is_some()
    }

    fn next_to_go(&mut self) -> Option<Arc<Seat>> {
        // Whoever was at work since it was chosen is not who waits longest any more.
        let mut chosen = std::iter::from_fn(|| self.next_to_go.pop());
        let next = chosen.find(|(since_us, seat)| seat.waits_untold() == Some(*since_us));
        next.map(|(_, seat)| seat)
    }

    /// Chooses who goes next: of those that wait, first those of the addresses that hold most connections, then
    /// those that wait longest. It takes a look at everybody, so it is done for many at once.
    fn choose(&mut self) {
        let mut waiting = Vec::new();
        for seat in self.seats.values() {
            if let Some(since_us) = seat.waits_untold() {
                let of_address = self.by_address.get(&seat.address).copied().unwrap_or(1);
                waiting.push((Reverse(of_address.checked_ilog2()), since_us, seat));
            }
        }
        let order = |(holds, since_us, _): &(_, u64, _)| (*holds, *since_us);
        let len = self.seats.len().div_ceil(CHOSEN_PART);
        if len < waiting.len() {
            waiting.select_nth_unstable_by_key(len, order);
            waiting.truncate(len);
        }
        waiting.sort_unstable_by_key(order);
        let chosen = waiting.iter().rev().map(|(_, since_us, seat)| (*since_us, Arc::clone(seat)));
        self.next_to_go = chosen.collect();
    }

    /// How many are expected to leave in a moment. One at work since it was told does not.
    fn leaving(&self, now: Instant) -> usize {
        let told = self.told.filter(|(_, at)| now.duration_since(*at) < LEAVING_TIME_MAX);
        told.map_or(0, |(len, _)| len)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.meters.connections.open.fall();
        // Nobody is to wait for who is gone.
        self.seat.work();
        let mut taken = self.places.lock();
        taken.seats.remove(&self.number);
        if let Some((len, _)) = &mut taken.told {
            *len = len.saturating_sub(1);
        }
        if let Some(len) = taken.by_address.get_mut(&self.seat.address) {
            *len -= 1;
            if *len == 0 {
                taken.by_address.remove(&self.seat.address);
            }
        }
        drop(taken);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::meters::ConnectionMeters;

    fn peer(text: &str) -> PeerAddress {
        PeerAddress(text.parse().unwrap())
    }

    fn places(connections_len_max: usize, connections_per_address_len_max: usize) -> Arc<Places> {
        let limits =
            Limits { connections_len_max, connections_per_address_len_max, ..Limits::default() };
        Arc::new(Places::new(limits, Arc::default()))
    }

    impl Places {
        fn counted(&self) -> [u64; 4] {
            let ConnectionMeters { open, shed, refused_in_all, refused_by_address } =
                &self.meters.connections;
            [open.get(), shed.get(), refused_in_all.get(), refused_by_address.get()]
        }
    }

    impl Place {
        /// Whether its connection would end now.
        async fn leaves(&self) -> bool {
            timeout(Duration::ZERO, self.seat.left()).await.is_ok()
        }
    }

    async fn leaving(places: &[Place]) -> Vec<usize> {
        let mut leaving = Vec::new();
        for (at, place) in places.iter().enumerate() {
            if place.leaves().await {
                leaving.push(at);
            }
        }
        leaving
    }

    #[tokio::test]
    async fn places_are_limited_by_address_and_in_all() {
        let places = places(5, 2);
        let take = |text| places.try_take(network_of(peer(text).0)).ok();
        let first = take("192.0.2.1");
        let second = take("::ffff:192.0.2.1");
        assert!(first.is_some() && second.is_some() && take("192.0.2.1").is_none());
        let network = take("2001:db8::1");
        let neighbour = take("2001:db8::2");
        assert!(network.is_some() && neighbour.is_some());
        assert!(take("2001:db8::3").is_none(), "a network of IPv6 counts as one address");
        assert_eq!(places.counted(), [4, 0, 0, 2]);
        drop((second, neighbour));
        let loopback = [take("127.0.0.1"), take("127.0.0.1"), take("127.0.0.1")];
        assert!(loopback.iter().all(Option::is_some));
        assert!(take("192.0.2.1").is_none(), "no place at all is left");
        assert_eq!(places.counted(), [5, 0, 1, 2]);
        drop((first, network, loopback));
        assert_eq!(places.counted(), [0, 0, 1, 2]);
        let taken = places.lock();
        assert!(taken.seats.is_empty() && taken.by_address.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn when_it_gets_crowded_those_who_wait_longest_make_room() {
        let places = places(128, 256);
        let mut held = Vec::new();
        for _ in 0..127 {
            held.push(places.take(peer("192.0.2.1")).await.unwrap());
            advance(Duration::from_millis(1)).await;
        }
        // The first is answered at the moment, and the second has just been.
        held[0].seat.work();
        held[1].seat.wait();
        assert_eq!(places.counted(), [127, 0, 0, 0], "there is room");
        held.push(places.take(peer("192.0.2.1")).await.unwrap());
        assert_eq!(places.counted(), [128, 1, 0, 0]);
        assert_eq!(leaving(&held).await, [2], "it has waited longest");
        let (new, ()) = tokio::join!(places.take(peer("192.0.2.1")), async {
            assert_eq!(places.counted(), [128, 2, 0, 0], "one goes for each who comes");
            assert_eq!(leaving(&held).await, [3]);
            held.drain(2..4);
        });
        held.push(new.expect("who comes waits for them"));
        assert_eq!(places.counted(), [127, 2, 0, 0]);
        held.push(places.take(peer("192.0.2.1")).await.unwrap());
        assert!(places.take(peer("192.0.2.1")).await.is_none(), "they never left");
        assert!(places.take(peer("192.0.2.1")).await.is_none());
        assert_eq!(places.counted(), [128, 5, 2, 0], "who stays has been at work: others go");
    }

    #[tokio::test(start_paused = true)]
    async fn those_go_first_who_hold_most() {
        let places = places(128, 256);
        let mut held = vec![places.take(peer("198.51.100.1")).await.unwrap()];
        advance(Duration::from_secs(30)).await;
        for _ in 0..126 {
            held.push(places.take(peer("192.0.2.1")).await.unwrap());
        }
        advance(Duration::from_secs(1)).await;
        held.push(places.take(peer("198.51.100.2")).await.unwrap());
        let leaving = leaving(&held).await;
        assert!(!leaving.is_empty() && !leaving.contains(&0), "{leaving:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_cut_off_from_an_answer_and_then_the_newest_finds_no_place() {
        let places = places(64, 256);
        let mut held = Vec::new();
        for _ in 0..64 {
            held.push(places.take(peer("192.0.2.1")).await.unwrap());
        }
        for place in &held {
            place.seat.work();
        }
        assert!(places.take(peer("192.0.2.2")).await.is_none());
        assert_eq!(places.counted()[2], 1);
        assert_eq!(leaving(&held).await, [0; 0], "told while it waited, and at work since");
    }
}
