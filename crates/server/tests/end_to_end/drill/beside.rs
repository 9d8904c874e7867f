//! A backup beside a busy server: one moment, and nobody waits long; and on a disk that is full.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{Office, contents, elapsed_ms, pay};
use crate::common::{Installation, Ran, bills, check, import, note, run, verify};

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

/// Runs a command for which there is no more room in some files from their `nth` write on; `$$` in a name
/// is the command's process.
fn filled_up(installation: &Installation, line: &str, files: &[&str], nth: usize) -> Ran {
    let folder = installation.path(".").canonicalize().unwrap();
    let paths = files.iter().map(|file| format!("-P \"{}/{file}\" ", folder.display()));
    let paths: String = paths.collect();
    // The process that is traced keeps the number of the shell.
    let shell = format!(
        "exec strace -D -f -q -o /dev/null {paths}-e trace=write,pwrite64 \
         -e inject=write,pwrite64:error=ENOSPC:when={nth}+ ventanilla {line}"
    );
    run(&mut installation.shell(".", &shell))
}

#[test]
fn a_backup_onto_a_full_disk_leaves_nothing_and_payments_go_on() {
    let office = Office::opened();
    let installation = &office.installation;
    let folder = installation.path("disco");
    fs::create_dir(&folder).unwrap();
    let server = installation.serve();
    let mut client = server.client(&office.bank);
    pay(&mut client, office.bills[0], "a");
    // What is encrypted goes out in one write.
    let lines =
        [("backup disco/r --data datos", 1..=4), ("backup disco/r --encrypt --data datos", 1..=1)];
    for (line, writes) in lines {
        for nth in writes {
            let ran = filled_up(installation, line, &["disco/r.$$.respaldo-parcial"], nth);
            assert_eq!(ran.code, 3, "{line}: {ran:?}");
            let is_told = ran.err.contains("disco/r: ") && ran.err.contains("el disco está lleno");
            assert!(is_told, "{line}: {ran:?}");
            assert_eq!(contents(&folder), [], "{line} leaves nothing");
            let names = contents(&installation.path("datos")).into_iter().map(|(name, _)| name);
            let left: Vec<_> = names.filter(|name| name.contains("parcial")).collect();
            assert_eq!(left, [""; 0], "{line}");
        }
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
    let line = "restore r --data nuevos --secrets datos.secrets --waive banco --waive kiosco";
    let files = ["nuevos.restoring/ventanilla.db", "nuevos.restoring/ventanilla.db-wal"];
    let mut codes = Vec::new();
    for nth in 1..200 {
        let ran = filled_up(installation, line, &files, nth);
        let is_told = ran.code == 0 || ran.err.contains("el disco está lleno");
        assert!(is_told, "at write {nth}: {ran:?}");
        assert!(!installation.path("nuevos.restoring").exists(), "at write {nth}");
        codes.push(ran.code);
        if ran.code == 0 {
            break;
        }
    }
    let failed = codes.iter().filter(|code| **code == 3).count();
    assert!(codes.ends_with(&[0]) && failed + 1 == codes.len() && failed > 4, "{codes:?}");
    let ran = installation.run(&["verify", "--data", "nuevos", "--secrets", "datos.secrets"]);
    assert!(ran.code == 0 && ran.out.contains("sin diferencias"), "{ran:?}");
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
