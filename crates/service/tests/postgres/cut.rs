//! The connection to the database is cut after every so many bytes of a payment, in either direction: whoever
//! pays hears of one payment, and that is all there is.

use std::thread;
use std::time::Duration;

use ventanilla_domain::Payment;
use ventanilla_rig::{Cluster, Cut, Database, Direction, Options, Proxy};
use ventanilla_service::{Accepted, Clock};

use crate::world::{PayFailure, Server, database, from_environment, note, until_told};

/// Every so many bytes the conversation is cut, where the environment says nothing.
const STEP: u64 = 7;
/// More bills than there are bytes in the conversation of two payments.
const BILLS: i64 = 20_000;

const DIRECTIONS: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

/// A server that reaches its database through a proxy.
struct Cable {
    proxy: Proxy,
    server: Server,
    next_bill: i64,
    _database: Database,
}

impl Cable {
    fn laid() -> Self {
        let database = database();
        let made = Server::made(&database.url(), Clock::System, BILLS);
        let proxy = Proxy::start(Cluster::shared().unwrap().port()).unwrap();
        let server = made.beside(&database.url_at(proxy.port()));
        Self { proxy, server, next_bill: 0, _database: database }
    }

    /// Pays until it is told how that ended.
    fn pay(&self, bill: i64, key: Option<&str>) -> Result<Accepted<Payment>, PayFailure> {
        until_told(|| self.server.pay(bill, key))
    }

    /// A payment whose conversation is cut, once connections are there and know their statements and the
    /// sealer has nothing left to do; whether it was cut.
    fn pay_cut(&mut self, direction: Direction, len: u64) -> bool {
        let bill = self.warmed();
        self.proxy.cut_after(direction, len, Cut::Closed);
        let key = format!("k{bill}");
        let paid = self.pay(bill, Some(&key)).unwrap();
        let is_cut = !self.proxy.disarm();
        let again = self.pay(bill, Some(&key)).unwrap();
        assert!(
            again.is_replay && again.act == paid.act,
            "{direction:?} {len}: {paid:?} {again:?}"
        );
        is_cut
    }

    /// The bytes of a payment that is not cut, to the server and back.
    fn measure(&mut self) -> [u64; 2] {
        let bill = self.warmed();
        let passed = || DIRECTIONS.map(|direction| self.proxy.passed(direction));
        let before = passed();
        self.pay(bill, Some(&format!("k{bill}"))).unwrap();
        let after = passed();
        [after[0] - before[0], after[1] - before[1]]
    }

    /// Pays a bill; the next one.
    fn warmed(&mut self) -> i64 {
        self.next_bill += 2;
        let bill = self.next_bill - 1;
        self.pay(bill, Some(&format!("k{bill}"))).unwrap();
        self.server.store.settle().unwrap();
        self.next_bill
    }
}

#[test]
fn a_payment_cut_off_after_any_byte_is_one_payment() {
    let mut cable = Cable::laid();
    let step = from_environment("VENTANILLA_HA_STEP").unwrap_or(STEP);
    let measured = cable.measure();
    let (mut cuts, mut missed) = (0, 0);
    for (direction, len) in DIRECTIONS.into_iter().zip(measured) {
        for cut_after in (0..len).step_by(usize::try_from(step).unwrap()) {
            let is_cut = cable.pay_cut(direction, cut_after);
            (cuts, missed) = (cuts + u32::from(is_cut), missed + u32::from(!is_cut));
        }
    }
    let [to, back] = measured;
    note(format_args!("{to} bytes to the database, {back} back; {cuts} cuts, {missed} missed"));
    assert!(cuts > 0 && missed <= cuts / 20, "{cuts} {missed}");
    assert_eq!(cable.server.verified(), u64::try_from(cable.next_bill).unwrap());
}

/// How many commits wait for a standby.
fn waiting(cluster: &Cluster) -> String {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    cluster.sql("postgres", sql).unwrap()
}

/// Has commits wait for a standby, which there is not, or lets them go.
fn await_standby(cluster: &Cluster, name: &str) {
    for sql in [
        format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'").as_str(),
        "SELECT pg_reload_conf()",
        "CHECKPOINT",
    ] {
        cluster.sql("postgres", sql).unwrap();
    }
}

#[test]
fn a_commit_under_way_is_waited_for_though_its_connection_is_gone() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let database = cluster.database().unwrap();
    let made = Server::made(&database.url(), Clock::System, 2);
    let proxy = Proxy::start(cluster.port()).unwrap();
    let server = made.beside(&database.url_at(proxy.port()));
    server.pay(1, None).unwrap();
    server.store.settle().unwrap();
    await_standby(&cluster, "nadie");
    thread::scope(|scope| {
        // Without a key: whoever runs it again finds the bill paid, by itself.
        let paying = scope.spawn(|| server.pay(2, None));
        while waiting(&cluster) == "0" {
            thread::sleep(Duration::from_millis(10));
        }
        proxy.cut(Cut::Closed);
        proxy.mend();
        thread::sleep(Duration::from_secs(1));
        let is_told = paying.is_finished();
        await_standby(&cluster, "");
        assert!(!is_told, "it was not known yet");
        let paid = paying.join().unwrap();
        assert!(matches!(paid, Ok(Accepted { is_replay: false, .. })), "{paid:?}");
    });
    assert_eq!(server.verified(), 2);
}
