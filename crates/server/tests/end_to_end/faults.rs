//! A disk that fails at a commit, and an import that is cut off in the middle.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::common::{
    Client, Installation, PATIENCE, Server, bills, files, import, note, now, run, verify,
    wait_until, with_bills,
};

/// Makes every sync of a process fail from now on, as a dying disk does.
pub(crate) fn fail_syncs(pid: u32) -> Child {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-q", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"]);
    strace.args(["-e", "inject=fsync,fdatasync:error=EIO", "-p", &pid.to_string()]);
    let strace = strace.stdin(Stdio::null()).spawn().unwrap();
    let deadline = now() + PATIENCE;
    let is_traced = || {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        tasks.filter_map(Result::ok).all(|task| {
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            !status.contains("\nTracerPid:\t0\n")
        })
    };
    while !is_traced() {
        assert!(now() < deadline, "strace did not attach to {pid}");
        thread::sleep(Duration::from_millis(5));
    }
    strace
}

#[test]
fn a_commit_that_fails_is_unknown_and_ends_the_server() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let bills = bills(4, 2);
    import(&installation, &bills);
    let mut server = installation.serve();
    let mut client = server.client(&credentials);
    let first = client.post("realizarpago", &bills[0].to_payment(Some("uno"))).values();
    // Nothing of the trail waits to be written, or that would be the commit that fails.
    wait_until("the trail", || {
        let line = ["explain", "--key", "uno", "--data", "datos"];
        installation.run(&line).out.contains("hecho")
    });
    let mut strace = fail_syncs(server.pid());
    let answer = client.post("realizarpago", &bills[1].to_payment(Some("dos")));
    assert_eq!((answer.status, answer.code().as_str()), (503, "RESULTADO_DESCONOCIDO"));
    assert_eq!(server.ended(PATIENCE), 3);
    strace.wait().unwrap();

    let server = installation.serve();
    let mut client = server.client(&credentials);
    let again = client.post("realizarpago", &bills[0].to_payment(Some("uno")));
    assert!(again.is_replay() && again.values() == first, "an answered payment stands: {again:?}");
    let retried = client.post("realizarpago", &bills[1].to_payment(Some("dos"))).values();
    let rows =
        client.post("consultarpago", &format!(r#"{{"IdFactura":{}}}"#, bills[1].id)).values();
    let ids: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["IdCobranza"]).collect();
    assert_eq!(ids, [&retried["IdCobranza"]], "an unknown outcome, retried, is one payment");
    server.stop();
    verify(&installation, "datos");
}

#[test]
fn what_a_killed_server_wrote_is_synced_before_an_answer_rests_on_it() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let bills = bills(2, 1);
    import(&installation, &bills);
    let server = installation.serve();
    let mut client = server.client(&credentials);
    client.post("realizarpago", &bills[0].to_payment(Some("uno"))).values();
    server.kill();
    let syncs = installation.path("syncs");
    let mut traced = Command::new("strace");
    traced.args(["-D", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o"]).arg(&syncs);
    traced.arg(env!("CARGO_BIN_EXE_ventanilla"));
    traced.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(installation.path("datos"));
    let server = Server::start(&mut traced);
    let synced = fs::read_to_string(&syncs).unwrap();
    let log = synced.lines().find(|line| line.contains("ventanilla.db-wal"));
    assert!(log.is_some_and(|line| line.contains("fdatasync")), "{synced}");
    server.stop();
    verify(&installation, "datos");
}

#[test]
fn an_import_that_is_cut_off_is_finished_by_its_repeat() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let all = bills(10_000, 8);
    // The first contract's bills are there, so that somebody can pay while the rest comes.
    import(&installation, &all[..8]);
    let (members, lines) = files(&all);
    installation.write("socios.csv", members);
    installation.write("facturas.csv", lines);
    installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
    let server = installation.serve();
    let mut client = server.client(&credentials);
    let arguments = ["import", "bills", "facturas.csv", "--data", "datos"];
    let mut importing = installation
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = now() + PATIENCE;
    while owed(&mut client, 300) == 0 {
        assert!(now() < deadline, "nothing is imported");
    }
    let waited = all[..7].iter().map(|bill| {
        let started = now();
        client.post("realizarpago", &bill.to_payment(None)).values();
        started.elapsed()
    });
    let waited = waited.max().unwrap();
    importing.kill().unwrap();
    importing.wait().unwrap();
    note(format_args!("faults: the slowest payment beside an import took {waited:?}"));
    assert!(waited < Duration::from_secs(2), "a payment waited {waited:?} for the import");
    assert_eq!(owed(&mut client, 10_000), 0, "the import was over before it was cut off");
    verify(&installation, "datos");

    let ran = installation.run(&[&arguments[..], &["--json"]].concat()).json();
    let (new, same) = (ran["Nuevas"].as_u64().unwrap(), ran["Iguales"].as_u64().unwrap());
    assert!(new > 0 && same > 8 && new + same == 80_000, "{ran}");
    assert_eq!(owed(&mut client, 10_000), 8);
    assert_eq!(owed(&mut client, 1), 1);
    server.stop();
    verify(&installation, "datos");
}

/// How many bills a contract owes.
fn owed(client: &mut Client, contract: u32) -> usize {
    let answer = client.post("consultardeuda", &format!(r#"{{"Contrato":"{contract}"}}"#));
    answer.values().as_array().unwrap().len()
}

#[test]
fn a_print_out_is_not_stopped_by_a_disk_that_takes_nothing() {
    let installation = with_bills();
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let body = r#"{"IdFactura":1,"Periodo":"202401","Contrato":"1","Monto":10}"#;
    server.client(&credentials).post("realizarpago", body).values();
    server.stop();
    let before = installation.done(&["trail", "--data", "datos"]).out;
    let line = ["invoice", "1", "--data", "datos", "--output", "factura.pdf"];
    let printing = installation.command(&line);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-q", "-o", "/dev/null", "-e", "trace=pwrite64"]);
    strace
        .args(["-e", "inject=pwrite64:error=ENOSPC", "-P"])
        .arg(installation.path("datos/ventanilla.db-wal"));
    strace.arg(printing.get_program()).args(printing.get_args());
    let ran = run(strace.current_dir(installation.path(".")).stdin(Stdio::null()));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(fs::read(installation.path("factura.pdf")).unwrap().starts_with(b"%PDF-"));
    assert_eq!(installation.done(&["trail", "--data", "datos"]).out, before, "it was not noted");
    installation.done(&line);
    assert!(installation.done(&["trail", "--data", "datos"]).out.contains("impresión"));
    verify(&installation, "datos");
}
