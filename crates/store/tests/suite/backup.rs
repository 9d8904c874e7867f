//! Copies of the books: one moment, checked, sealed, and every tampering told.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use rusqlite::Connection;
use ventanilla_store::backup::{checked, create_private, examine, lay_out, seal};
use ventanilla_store::{
    BackupError, Keys, Manifest, PasswordHash, SecondFactorRecord, SignInName, Store, UserRecord,
    Verification,
};

use crate::sqlite::keys;
use crate::world::{World, instant};

const SALT: [u8; 32] = [5; 32];

/// Books with a payment, and a plain backup of them.
struct Backed {
    folder: tempfile::TempDir,
    world: World,
}

impl Backed {
    fn up() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("datos"), keys()).unwrap();
        let world = World::made(store);
        world.pay(1, Some("a"));
        for act in ["act 1", "act 2"] {
            let mut tx = world.store.begin().unwrap();
            tx.append_trail(Some(world.company().id), act, instant()).unwrap();
            tx.commit().unwrap();
        }
        let mut tx = world.store.begin().unwrap();
        let user = ventanilla_domain::UserId::FIRST;
        let password_hash = PasswordHash::from_phc("$argon2id$".to_owned());
        let name = SignInName::from_text("ana").unwrap();
        tx.put_user(&UserRecord { id: user, name, password_hash, is_active: true }).unwrap();
        tx.put_second_factor(&SecondFactorRecord { user, sealed: "00".to_owned() }).unwrap();
        tx.commit().unwrap();
        let backed = Self { folder, world };
        backed.copy(&backed.plain());
        backed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn plain(&self) -> PathBuf {
        self.path("respaldo")
    }

    fn copy(&self, to: &Path) {
        create_private(to).unwrap();
        self.world.store.copy_into(to, instant(), "0.1.0").unwrap();
    }

    fn sealed(&self) -> PathBuf {
        let sealed = self.path("respaldo.cifrado");
        create_private(&sealed).unwrap();
        seal(&self.plain(), &keys(), &SALT, &sealed).unwrap();
        sealed
    }

    /// What a restore makes of a file: the store, opened, and found as its manifest says.
    fn restored(&self, file: &Path) -> Result<(Store, Manifest, Verification), BackupError> {
        let directory = self.path("restaurado");
        fs::remove_dir_all(&directory).ok();
        fs::create_dir(&directory).unwrap();
        let manifest = lay_out(file, &keys(), &directory.join("ventanilla.db"))?;
        let store = Store::open_sqlite(&directory, keys())?;
        let verification = checked(store.verify()?, &manifest)?;
        Ok((store, manifest, verification))
    }
}

#[test]
fn a_backup_is_one_moment_and_both_forms_give_it_back() {
    let backed = Backed::up();
    let at_backup = backed.world.store.verify().unwrap();
    backed.world.pay(2, Some("b"));
    let before = fs::read(backed.plain()).unwrap();
    let examined = examine(&backed.plain(), &keys()).unwrap();
    assert_eq!(examined.verification, at_backup);
    assert_eq!(examined.manifest.heads, at_backup.heads);
    assert_eq!(
        (examined.manifest.made_at, examined.manifest.version.as_str()),
        (instant(), "0.1.0")
    );
    for file in [backed.plain(), backed.sealed()] {
        let (_, manifest, verification) = backed.restored(&file).unwrap();
        assert_eq!((&manifest, &verification), (&examined.manifest, &at_backup));
    }
    assert_eq!(fs::read(backed.plain()).unwrap(), before, "whoever examines changes nothing");
    let names: Vec<_> =
        fs::read_dir(backed.folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "no log lies beside a backup: {names:?}");
}

#[test]
fn a_backup_is_read_by_any_sqlite_and_a_sealed_one_by_none() {
    let backed = Backed::up();
    let read = |file: &Path| -> rusqlite::Result<i64> {
        Connection::open(file)?.query_row("SELECT count(*) FROM payment", [], |row| row.get(0))
    };
    assert_eq!(read(&backed.plain()).unwrap(), 1);
    let sealed = backed.sealed();
    assert!(read(&sealed).is_err());
    let sealed = fs::read(sealed).unwrap();
    for told in ["SQLite", "Rivas", "payment-made"] {
        let found = sealed.windows(told.len()).any(|window| window == told.as_bytes());
        assert!(!found, "{told}");
    }
}

#[test]
fn a_backup_amid_writes_is_a_prefix_of_the_journal_to_the_last_link() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_sqlite(&folder.path().join("datos"), keys()).unwrap();
    let world = World::made(store.clone());
    let count = 5;
    thread::scope(|scope| {
        let (written, writes) = mpsc::channel();
        let world = &world;
        scope.spawn(move || {
            while written.send(()).is_ok() {
                let payment = world.pay(1, None);
                world.reverse(&payment, None);
            }
        });
        for number in 0..count {
            while writes.try_recv().is_ok() {}
            // What the first tells of may have been written before the last copy.
            writes.recv().and_then(|()| writes.recv()).expect("whoever writes goes on");
            let to = folder.path().join(format!("copia{number}"));
            create_private(&to).unwrap();
            store.copy_into(&to, instant(), "0.1.0").unwrap();
        }
    });
    let entries = |store: &Store| {
        let company = world.company();
        store.snapshot().unwrap().view().entries(&company, 1, usize::MAX >> 1).unwrap()
    };
    let all = entries(&store);
    let mut lens = Vec::new();
    for number in 0..count {
        let directory = folder.path().join(format!("libros{number}"));
        fs::create_dir(&directory).unwrap();
        let copy = folder.path().join(format!("copia{number}"));
        let manifest = lay_out(&copy, &keys(), &directory.join("ventanilla.db")).unwrap();
        let books = Store::open_sqlite(&directory, keys()).unwrap();
        checked(books.verify().unwrap(), &manifest).unwrap();
        let copied = entries(&books);
        assert_eq!(copied, all[..copied.len()], "copy {number}");
        lens.push(copied.len());
    }
    assert!(lens.is_sorted_by(|one, next| one < next), "writes went on: {lens:?}");
}

#[test]
fn what_was_restored_can_be_backed_up_again() {
    let backed = Backed::up();
    let (store, ..) = backed.restored(&backed.plain()).unwrap();
    let again = backed.path("otro");
    create_private(&again).unwrap();
    store.copy_into(&again, instant(), "0.1.0").unwrap();
    examine(&again, &keys()).unwrap();
}

#[test]
fn every_edit_of_a_plain_backup_is_told() {
    let journal = "DROP TRIGGER journal_refuses_update; DROP TRIGGER journal_refuses_delete; ";
    let head = "SELECT max(entry_number) FROM journal";
    for (sql, told) in [
        ("UPDATE payment SET amount_minor = amount_minor + 1".to_owned(), "does not verify"),
        (
            format!("{journal} UPDATE journal SET recorded_at_us = 1 WHERE entry_number = 3"),
            "verify",
        ),
        (format!("{journal} DELETE FROM journal WHERE entry_number = ({head})"), "verify"),
        ("UPDATE collector SET is_active = 0".to_owned(), "collectors, users or trails"),
        ("UPDATE mirror SET identities_version = 99".to_owned(), "collectors, users or trails"),
        (
            "UPDATE collector SET secret_digest = zeroblob(32)".to_owned(),
            "collectors, users or trails",
        ),
        (
            "INSERT INTO app_user VALUES (9, 'intruso', '$argon2id$', 1)".to_owned(),
            "collectors, users or trails",
        ),
        (
            "INSERT INTO integrator VALUES (9, 'intruso', '$argon2id$', 1)".to_owned(),
            "collectors, users or trails",
        ),
        ("DELETE FROM second_factor".to_owned(), "collectors, users or trails"),
        (
            "INSERT INTO recovery_code SELECT user_id, zeroblob(32) FROM app_user".to_owned(),
            "collectors, users or trails",
        ),
        // The last row of a trail, with what points to it: sound in itself.
        (
            "DROP TRIGGER trail_refuses_delete; DELETE FROM trail WHERE number = 2; \
             UPDATE trail_head SET number = 1, chain = (SELECT chain FROM trail)"
                .to_owned(),
            "collectors, users or trails",
        ),
        ("UPDATE backup_manifest SET manifest = manifest || ' '".to_owned(), "manifest"),
        ("UPDATE backup_manifest SET authenticated = zeroblob(32)".to_owned(), "manifest"),
        ("DROP TABLE backup_manifest".to_owned(), "no manifest"),
        (
            "CREATE TRIGGER sneak AFTER INSERT ON payment BEGIN SELECT 1; END".to_owned(),
            "does not verify",
        ),
    ] {
        let backed = Backed::up();
        Connection::open(backed.plain()).unwrap().execute_batch(&sql).unwrap();
        let restored = backed.restored(&backed.plain()).map(drop).unwrap_err();
        let examined = examine(&backed.plain(), &keys()).map(drop).unwrap_err();
        for error in [restored, examined] {
            assert!(error.to_string().contains(told), "{sql}: {error}");
        }
    }
}

#[test]
fn a_backup_whose_journal_was_cut_off_whole_is_told() {
    // The end of a journal with all that follows from it: sound in itself, and older than it says.
    let older = Backed::up();
    let backed = Backed::up();
    backed.world.pay(2, Some("b"));
    let newer = backed.path("nuevo");
    backed.copy(&newer);
    let manifest = |file: &Path| -> (String, Vec<u8>) {
        let sql = "SELECT manifest, authenticated FROM backup_manifest";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Connection::open(file).unwrap().query_row(sql, [], row).unwrap()
    };
    let sql = "UPDATE backup_manifest SET manifest = ?1, authenticated = ?2";
    Connection::open(older.plain()).unwrap().execute(sql, manifest(&newer)).unwrap();
    let error = older.restored(&older.plain()).map(drop).unwrap_err();
    assert!(error.to_string().contains("do not end where it says"), "{error}");
}

#[test]
fn a_byte_that_flipped_is_told_or_was_no_part_of_the_books() {
    let backed = Backed::up();
    let whole = backed.restored(&backed.plain()).unwrap().2;
    let (plain, sealed) = (fs::read(backed.plain()).unwrap(), fs::read(backed.sealed()).unwrap());
    let flipped = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 0x40;
        fs::write(backed.path("malo"), bytes).unwrap();
        backed.restored(&backed.path("malo"))
    };
    let mut told = 0;
    for at in (0..plain.len()).step_by(plain.len() / 60) {
        match flipped(&plain, at) {
            Err(_) => told += 1,
            Ok((.., verification)) => assert_eq!(verification, whole, "byte {at}"),
        }
    }
    // Most of a small file is room that no row takes.
    assert!(told >= 5, "{told} were told");
    for at in (0..sealed.len()).step_by(sealed.len() / 60) {
        assert!(flipped(&sealed, at).is_err(), "byte {at}");
    }
}

#[test]
fn what_is_no_backup_of_these_keys_is_told_apart() {
    let backed = Backed::up();
    let (plain, sealed) = (backed.plain(), backed.sealed());
    let text = backed.path("texto");
    fs::write(&text, "no es un respaldo").unwrap();
    let foreign = Keys::from_random([9; 64]);
    let laid = |file: &Path, keys: &Keys, name: &str| {
        lay_out(file, keys, &backed.path(name)).map(drop).unwrap_err()
    };
    assert!(matches!(laid(&text, &keys(), "a"), BackupError::NotABackup));
    assert!(matches!(
        laid(&backed.path("datos/ventanilla.db"), &keys(), "b"),
        BackupError::NoManifest
    ));
    assert!(matches!(laid(&plain, &foreign, "c"), BackupError::ForeignKeys));
    assert!(matches!(laid(&sealed, &foreign, "d"), BackupError::ForeignKeys));
    for len in [17, 3000, 40_000] {
        fs::write(&text, &fs::read(&plain).unwrap()[..len]).unwrap();
        assert!(backed.restored(&text).is_err(), "{len} bytes of a plain one");
        fs::write(&text, &fs::read(&sealed).unwrap()[..len]).unwrap();
        assert!(backed.restored(&text).is_err(), "{len} bytes of a sealed one");
    }
}
