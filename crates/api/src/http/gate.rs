//! How often anybody may ask (docs/decisions/0018): decided before a body is read and before the books are
//! looked at, because what it holds off should cost less than what it asks for.

use std::net::IpAddr;
use std::sync::Arc;

use ventanilla_domain::{CollectorId, IntegratorId};
use ventanilla_service::network_of;

use super::buckets::{Buckets, Limited, Rate};
use super::known::Known;
use crate::Meters;

/// What callers may ask, by whom they are counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Of one address (one /64 of IPv6) that is not known by its token.
    pub address: Rate,
    /// Of one collector, whatever addresses its tokens come from, and of one integrator.
    pub collector: Rate,
    /// Whether the loopback addresses are limited too.
    pub limits_loopback: bool,
}

impl Default for Rates {
    /// No honest caller comes near the first. There is no second unless it is asked for: the document promises
    /// that to whoever has a token.
    fn default() -> Self {
        Self {
            address: Rate { per_second: 500, burst: 5_000 },
            collector: Rate { per_second: 0, burst: 1_000 },
            limits_loopback: false,
        }
    }
}

/// Whom a credential showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Caller {
    Collector(CollectorId),
    Integrator(IntegratorId),
}

/// What every request passes.
#[derive(Debug)]
pub(crate) struct Gate {
    limits_loopback: bool,
    addresses: Option<Buckets>,
    callers: Option<Buckets>,
    known: Known,
    meters: Arc<Meters>,
}

impl Gate {
    pub(crate) fn new(rates: Rates, meters: Arc<Meters>) -> Self {
        Self {
            limits_loopback: rates.limits_loopback,
            addresses: Buckets::new(rates.address),
            callers: Buckets::new(rates.collector),
            known: Known::default(),
            meters,
        }
    }

    /// Lets a request pass that is not read yet. It counts for the collector whose token it bears, where that
    /// is known, or else for its address: so whoever floods from an address holds up no collector behind it.
    pub(crate) fn pass(
        &self,
        address: IpAddr,
        token: Option<&str>,
        now_us: u64,
    ) -> Result<Passed<'_>, Limited> {
        if !self.limits(address) {
            return Ok(Passed { known: None, was_known: false });
        }
        let collector = token.and_then(|token| self.known.whose(token));
        match collector {
            Some(collector) => self.pass_caller(Caller::Collector(collector), now_us),
            None => self.pass_address(address, now_us),
        }?;
        Ok(Passed { known: Some(&self.known), was_known: collector.is_some() })
    }

    /// Lets a request pass of which only its body told the integrator.
    pub(crate) fn pass_integrator(
        &self,
        integrator: IntegratorId,
        address: IpAddr,
        now_us: u64,
    ) -> Result<(), Limited> {
        if !self.limits(address) {
            return Ok(());
        }
        self.pass_caller(Caller::Integrator(integrator), now_us)
    }

    fn pass_caller(&self, caller: Caller, now_us: u64) -> Result<(), Limited> {
        let Some(buckets) = &self.callers else { return Ok(()) };
        let passed = buckets.take(&caller, now_us);
        passed.inspect_err(|_| self.meters.limited.collector.add_one())
    }

    fn pass_address(&self, address: IpAddr, now_us: u64) -> Result<(), Limited> {
        let Some(buckets) = &self.addresses else { return Ok(()) };
        let passed = buckets.take(&network_of(address), now_us);
        passed.inspect_err(|_| self.meters.limited.address.add_one())
    }

    fn limits(&self, address: IpAddr) -> bool {
        self.limits_loopback || !address.is_loopback()
    }
}

/// A request that passed, from which the gate learns whose its token is. Of whom nobody counts, it learns nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed<'g> {
    known: Option<&'g Known>,
    was_known: bool,
}

impl Passed<'_> {
    /// The token was accepted: from now on its requests count for its collector.
    pub(crate) fn accepted(self, token: &str, collector: CollectorId) {
        if let Some(known) = self.known.filter(|_| !self.was_known) {
            known.learn(token, collector);
        }
    }

    /// The token was refused: from now on its requests count for their addresses.
    pub(crate) fn refused(self, token: &str) {
        if let Some(known) = self.known.filter(|_| self.was_known) {
            known.forget(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "192.0.2.1";

    fn gate(limits_loopback: bool) -> Gate {
        let rates = Rates {
            address: Rate { per_second: 1, burst: 3 },
            collector: Rate { per_second: 1, burst: 5 },
            limits_loopback,
        };
        Gate::new(rates, Arc::default())
    }

    impl Gate {
        fn passed(&self, address: &str, token: Option<&str>) -> usize {
            let address = address.parse().unwrap();
            (0..9).filter(|_| self.pass(address, token, 0).is_ok()).count()
        }

        fn counted(&self) -> [u64; 2] {
            [self.meters.limited.collector.get(), self.meters.limited.address.get()]
        }
    }

    #[test]
    fn who_is_known_counts_as_itself_and_who_is_not_as_the_address() {
        let gate = gate(false);
        let [bank, till] = [1, 2].map(|id| CollectorId::from_i64(id).unwrap());
        gate.known.learn("a", bank);
        gate.known.learn("b", bank);
        gate.known.learn("c", till);
        assert_eq!(gate.passed(HOME, Some("unknown")), 3);
        assert_eq!(gate.passed(HOME, None), 0, "one bucket for all that nobody knows");
        assert_eq!(gate.counted(), [0, 15]);
        assert_eq!(gate.passed(HOME, Some("a")), 5, "no flood of its address holds it up");
        assert_eq!(gate.passed("198.51.100.1", Some("b")), 0, "all its tokens, from anywhere");
        assert_eq!(gate.passed(HOME, Some("c")), 5, "another collector");
        assert_eq!(gate.counted(), [17, 15]);
        gate.known.forget("c");
        assert_eq!(gate.passed("198.51.100.1", Some("c")), 3);
    }

    #[test]
    fn an_integrator_is_not_the_collector_of_its_number() {
        let gate = gate(false);
        gate.known.learn("a", CollectorId::from_i64(1).unwrap());
        assert_eq!(gate.passed(HOME, Some("a")), 5);
        let integrator = IntegratorId::from_i64(1).unwrap();
        let pass = || gate.pass_integrator(integrator, HOME.parse().unwrap(), 0).is_ok();
        assert_eq!((0..9).filter(|_| pass()).count(), 5);
    }

    #[test]
    fn the_addresses_of_a_network_count_together() {
        let gate = gate(false);
        assert_eq!(gate.passed("2001:db8::1", None), 3);
        assert_eq!(gate.passed("2001:db8::ffff:2", None), 0);
        assert_eq!(gate.passed("2001:db8:0:1::1", None), 3);
        assert_eq!(gate.passed(HOME, None), 3);
        assert_eq!(gate.passed("::ffff:192.0.2.1", None), 0);
    }

    #[test]
    fn the_machine_itself_is_limited_only_where_that_is_asked_for() {
        for (limits_loopback, by_address, by_token) in [(false, 9, 9), (true, 3, 5)] {
            let gate = gate(limits_loopback);
            gate.known.learn("a", CollectorId::from_i64(1).unwrap());
            for address in ["127.0.0.1", "::1"] {
                assert_eq!(gate.passed(address, None), by_address, "{address}");
            }
            assert_eq!(gate.passed("127.0.0.2", Some("a")), by_token);
        }
    }
}
