//! The mirror: every entry a second time, and the books back from an old copy and from it.

mod replay;
mod writing;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;
use ventanilla_domain::{
    BillVersion, CompanyId, Contract, Event, IntegratorId, Member, Money, RevenueShare, Role,
    UserId,
};
use ventanilla_store::{
    ConsoleSessionRecord, InvitationRecord, Mirror, PasswordHash, SecondFactorRecord,
    SessionRecord, SignInName, SignInRecord, Store, TokenRecord,
};

use crate::former::{full_issuer, logo};
use crate::sqlite::keys;
use crate::world::{COLLECTOR, World, id, instant};

/// Books on a disk, and a place for their mirror.
struct Place {
    folder: TempDir,
    world: World,
}

impl Place {
    /// Books with what [`World::made`] has and a mirror that is level with them.
    fn mirrored() -> (Self, Mirror) {
        let folder = tempfile::tempdir().unwrap();
        let world = World::made(Store::create_sqlite(&folder.path().join("data"), keys()).unwrap());
        let place = Self { folder, world };
        let mut mirror = Mirror::make(&place.mirror(), keys()).unwrap();
        mirror.catch_up(&place.world.store).unwrap();
        (place, mirror)
    }

    fn mirror(&self) -> PathBuf {
        self.folder.path().join("espejo")
    }

    fn segment(&self, number: u32) -> PathBuf {
        self.mirror().join(format!("segment-{number:08}.jsonl"))
    }

    /// A copy of the books as they stand.
    fn copied(&self, name: &str) -> World {
        let copy = self.folder.path().join(name);
        fs::create_dir(&copy).unwrap();
        let data = self.folder.path().join("data/ventanilla.db");
        let sql = format!("VACUUM INTO '{}'", copy.join("ventanilla.db").display());
        Connection::open(data).unwrap().execute_batch(&sql).unwrap();
        World { store: Store::open_sqlite(&copy, keys()).unwrap() }
    }

    /// Every table of a copy of the books, but for what ends with a restore.
    fn rows(&self, name: &str) -> BTreeMap<String, Vec<Vec<Value>>> {
        let database = self.folder.path().join(name).join("ventanilla.db");
        let connection = Connection::open(database).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' \
                   AND name NOT IN ('token', 'user_session', 'console_session', 'invitation', \
                   'second_factor_step')";
        let mut tables = connection.prepare(sql).unwrap();
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
        tables
            .map(|table| table.unwrap())
            .map(|table| (table.clone(), all_of(&connection, &table)))
            .collect()
    }
}

fn all_of(connection: &Connection, table: &str) -> Vec<Vec<Value>> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect());
    rows.unwrap().map(Result::unwrap).collect()
}

fn named<Id>(id: Id, name: &str) -> SignInRecord<Id> {
    SignInRecord {
        id,
        name: SignInName::from_text(name).unwrap(),
        password_hash: PasswordHash::from_phc(format!("$argon2id$of {name}")),
        is_active: true,
    }
}

impl World {
    fn entries(&self) -> i64 {
        self.counters().next_entry.to_i64() - 1
    }

    /// One of each kind of act, and who may do them.
    fn act(&self) {
        let payment = self.pay(1, Some("a\"\\b/c"));
        self.reverse(&payment, Some("b"));
        self.pay(1, None);
        self.change_version();
        self.change_member(316, |member| Member { phone: None, ..member });
        self.change_contract(|contract| Contract { address: None, ..contract });
        self.keep(Event::IssuerKept(Box::new(full_issuer())));
        self.head_papers_with(&logo(7));
        self.with_payables();
        self.identify();
        let company = id(CompanyId::from_i64, 13);
        for body in ["{\"at_us\":1}\n{\"name\":\"á\\n\"}", "{}"] {
            self.note(Some(company), body);
            self.note(None, body);
        }
    }

    /// A row of a trail.
    fn note(&self, company: Option<CompanyId>, body: &str) {
        let mut tx = self.store.begin().unwrap();
        tx.append_trail(company, body, instant()).unwrap();
        tx.commit().unwrap();
    }

    /// Another amount of a bill that is owed.
    fn change_version(&self) {
        let before = self.version(3);
        let mut terms = before.terms.clone();
        terms.amount = Money::from_minor(350, terms.amount.currency());
        let revenue = vec![RevenueShare { account: None, amount: terms.amount }];
        let version = BillVersion { number: 2, terms, revenue, ..before.clone() };
        self.keep_version(version, Some(before));
    }

    fn identify(&self) {
        let mut tx = self.store.begin().unwrap();
        let (user, company) = (id(UserId::from_i64, 1), id(CompanyId::from_i64, 13));
        tx.put_user(&named(user, "contaduría@coop.example")).unwrap();
        tx.put_integrator(&named(id(IntegratorId::from_i64, 1), "USUARIO")).unwrap();
        tx.put_right(user, company, Role::Accountant).unwrap();
        tx.put_second_factor(&SecondFactorRecord { user, sealed: "00ff".to_owned() }).unwrap();
        tx.put_recovery_code(user, &[8; 32]).unwrap();
        tx.put_recovery_code(user, &[9; 32]).unwrap();
        tx.commit().unwrap();
    }

    /// A token and a session, which no mirror has.
    fn sign_in(&self) {
        let mut tx = self.store.begin().unwrap();
        let (digest, expires_at) = ([5; 32], instant());
        let collector = id(ventanilla_domain::CollectorId::from_i64, COLLECTOR);
        tx.put_token(TokenRecord { digest, collector, issued_at: None, expires_at }).unwrap();
        let user = id(UserId::from_i64, 1);
        let session = SessionRecord { digest, user, renewed_at: instant(), is_permanent: true };
        tx.put_session(&session).unwrap();
        let invitation =
            InvitationRecord { digest: [6; 32], user: Some(user), expires_at: instant() };
        tx.put_invitation(&invitation).unwrap();
        let console = ConsoleSessionRecord {
            digest: [7; 32],
            user,
            opened_at: instant(),
            renewed_at: instant(),
            proven_at: Some(instant()),
            address: "192.0.2.7".parse().unwrap(),
        };
        tx.put_console_session(&console).unwrap();
        assert!(tx.take_step(user, 1).unwrap());
        tx.commit().unwrap();
    }
}

/// The lines of a file.
fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn write_lines(path: &Path, lines: &[String]) {
    fs::write(path, lines.join("\n") + "\n").unwrap();
}
