//! A backup beside a busy server: one moment, and nobody waits long; and on a disk that is full.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{Office, contents, elapsed_ms, pay};
use crate::common::{bills, check, import, note, verify};

#[test]
fn a_backup_beside_a_busy_server_is_an_exact_prefix() {
    let office = Office::opened();
    let installation = &office.installation;
    let all = bills(400, 8);
    import(installation, &all[12..]);
    let server = installation.serve();
    let over = AtomicBool::new(false);
    let mut slowest_ms = 0;
    let mut client = server.client(&office.bank);
    thread::scope(|scope| {
        let paying = scope.spawn(|| {
            let mut slowest_ms = 0;
            for (number, bill) in all[12..].iter().enumerate() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let ms = elapsed_ms(|| {
                    pay(&mut client, *bill, &number.to_string());
                });
                slowest_ms = slowest_ms.max(ms);
            }
            slowest_ms
        });
        for number in 0..4 {
            office.backup(&format!("r{number}{}", if number % 2 == 0 { "" } else { " --encrypt" }));
        }
        over.store(true, Ordering::SeqCst);
        slowest_ms = paying.join().unwrap();
    });
    server.stop();
    note(format_args!("drill: the slowest payment beside backups took {slowest_ms} ms"));
    assert!(slowest_ms < 2_000, "a payment waited {slowest_ms} ms");
    verify(installation, "datos");
    let export = |data: &str| {
        let line = ["export", "events", "--after=0", "--data", data, "--secrets=datos.secrets"];
        installation.done(&line).out
    };
    let whole = export("datos");
    let mut lens = Vec::new();
    for number in 0..4 {
        let data = format!("copia{number}");
        let line = format!(
            "restore r{number} --data {data} --secrets datos.secrets --waive banco --waive kiosco"
        );
        check(installation, &[(&line, 0, "Restaurado en copia")]);
        let copied = export(&data);
        assert!(whole.starts_with(&copied), "backup {number} is a prefix");
        lens.push(copied.lines().count());
    }
    assert!(lens.is_sorted() && lens[3] > lens[0], "payments went on meanwhile: {lens:?}");
}

/// A small file system of its own; gone with the value. `None` where this machine makes none.
struct SmallDisk<'d>(&'d Path);

impl<'d> SmallDisk<'d> {
    fn mounted(at: &'d Path, kib: u32) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let size = format!("size={kib}k");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        let is_mounted = mounted.is_ok_and(|mounted| mounted.status.success());
        is_mounted.then_some(Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0).status().ok();
    }
}

#[test]
fn a_backup_onto_a_full_disk_leaves_nothing_and_payments_go_on() {
    let office = Office::opened();
    let installation = &office.installation;
    let folder = installation.path("disco");
    let Some(_disk) = SmallDisk::mounted(&folder, 128) else {
        note("drill: no small disk can be mounted here; a full one is not tried");
        return;
    };
    let server = installation.serve();
    let mut client = server.client(&office.bank);
    pay(&mut client, office.bills[0], "a");
    for line in ["backup disco/r --data datos", "backup disco/r --encrypt --data datos"] {
        check(installation, &[(line, 3, "disco/r: ")]);
        check(installation, &[(line, 3, "el disco está lleno")]);
        assert_eq!(contents(&folder), [], "{line} leaves nothing");
        let names = contents(&installation.path("datos")).into_iter().map(|(name, _)| name);
        let left: Vec<_> = names.filter(|name| name.contains("parcial")).collect();
        assert_eq!(left, [""; 0], "{line}");
    }
    pay(&mut client, office.bills[1], "b");
    server.stop();
    verify(installation, "datos");
}

#[test]
fn a_restoration_onto_a_full_disk_says_so_at_every_step() {
    let office = Office::opened();
    let installation = &office.installation;
    office.backup("r");
    let kib = u32::try_from(fs::metadata(installation.path("r")).unwrap().len() / 1024).unwrap();
    let line = "restore r --data disco/datos --secrets datos.secrets --waive banco --waive kiosco";
    let mut codes = Vec::new();
    // From a disk too small for the copy to one that has room for the log beside it.
    for more in (0..=128).step_by(4) {
        let folder = installation.path("disco");
        let Some(disk) = SmallDisk::mounted(&folder, kib + more) else {
            note("drill: no small disk can be mounted here; a full one is not tried");
            return;
        };
        let ran = installation.run(&line.split(' ').collect::<Vec<_>>());
        let is_told = ran.code == 0 || ran.err.contains("el disco está lleno");
        assert!(is_told, "{more} KiB more: {ran:?}");
        codes.push(ran.code);
        drop(disk);
        fs::remove_dir(&folder).unwrap();
    }
    assert!(codes.starts_with(&[3]) && codes.ends_with(&[0]), "{codes:?}");
}

#[test]
fn what_a_killed_backup_left_is_removed_by_the_next() {
    let office = Office::opened();
    let installation = &office.installation;
    installation.write("datos/99999.respaldo-parcial", "restos");
    installation.write("viejo.99999.respaldo-parcial", "restos");
    installation.write("ajeno.parcial", "no");
    office.backup("r --encrypt");
    assert!(!installation.path("datos/99999.respaldo-parcial").exists());
    assert!(!installation.path("viejo.99999.respaldo-parcial").exists());
    assert_eq!(installation.read("ajeno.parcial"), "no");
}
