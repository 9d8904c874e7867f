//! A disk that dies with its server: an old copy of the books and the mirror are all that was answered.

use fastrand::Rng;

use super::payments::Collecting;
use super::{Journal, Load, live_and_die};
use crate::common::{Installation, Server};

/// Payments and reversals on a disk that is lost with every life.
struct OnDyingDisk(Collecting);

impl Load for OnDyingDisk {
    const CYCLES: u32 = 12;
    const LIFE_MS: [u64; 2] = [30, 150];

    type Caller = <Collecting as Load>::Caller;

    fn callers(&mut self, server: &Server, random: &mut Rng) -> Vec<Self::Caller> {
        self.0.callers(server, random)
    }

    fn befall(&mut self, installation: &Installation) {
        installation.put_back("copia.db", "espejo");
    }

    fn check(&mut self, server: &Server, journals: Vec<Journal<Self::Caller>>, random: &mut Rng) {
        self.0.check(server, journals, random);
    }

    fn check_all(&mut self, server: &Server) {
        self.0.check_all(server);
    }
}

#[test]
fn a_server_that_dies_with_its_disk_loses_and_doubles_no_payment() {
    let installation = Installation::with_company();
    let mut load = OnDyingDisk(Collecting::made(&installation));
    installation.serve_mirrored("espejo").stop();
    installation.copy_books("copia.db");
    live_and_die(&installation, "datos", &mut load);
    load.0.tell();
}
