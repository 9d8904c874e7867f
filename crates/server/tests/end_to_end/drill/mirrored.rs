//! The drill with a mirror: all that was answered is there again, and nobody is asked for anything.

use std::fs;

use jiff::Timestamp;
use ventanilla_store::{Keys, Mirror, Store};

use super::{Office, contents, pay};
use crate::common::{Bill, Client, Installation, Server, check, run, verify, wait_until};

/// What was told of payments before the machine was gone.
struct Told {
    office: Office,
    /// Under which key which `IdCobranza` was given, for which bill.
    paid: Vec<(&'static str, i64, Bill)>,
    /// The bill of the third was paid, and the payment reversed.
    undone: i64,
    /// Its token lives, but for the restoration.
    bank: Client,
    /// Its collector was disabled after the backup.
    kiosk: Client,
}

impl Told {
    /// Payments and a backup, then more of them, a reversal, a collector disabled, a token revoked and
    /// attempts that were refused, over two lives of a server with a mirror. The second is killed.
    fn spent() -> Self {
        let office = Office::opened();
        let Office { installation, bank, kiosk, bills, .. } = &office;
        let mut paid = Vec::new();
        let server = installation.serve_mirrored("espejo");
        let (mut banks, kiosks) = (server.client(bank), server.client(kiosk));
        let mut take =
            |client: &mut Client, key, bill| paid.push((key, pay(client, bill, key), bill));
        take(&mut banks, "uno", bills[0]);
        office.backup("noche.respaldo --encrypt");
        take(&mut banks, "dos", bills[1]);
        // What it had found sound is attested when it stops.
        server.stop();
        let server = installation.serve_mirrored("espejo");
        let mut banks = banks.at(server.address());
        take(&mut banks, "tres", bills[2]);
        let undone = paid[2].1;
        let body = format!(r#"{{"IdCobranza":"{undone}","IdFactura":{}}}"#, bills[2].id);
        banks.post("revertirpago", &body).values();
        revoke_a_token(&office, &server);
        installation.done(&["collector", "disable", "--data=datos", "--name=kiosco"]);
        let again = banks.post("realizarpago", &bills[1].to_payment(Some("otra")));
        assert_eq!(again.code(), "FACTURA_YA_PAGADA");
        // The trail is written at most a second later.
        let told = ["explain", "--bill", &bills[1].id.to_string(), "--data=datos"];
        wait_until("the trail", || installation.done(&told).out.contains("FACTURA_YA_PAGADA"));
        wait_until("the mirror", || is_level(installation));
        server.kill();
        Self { paid, undone, bank: banks, kiosk: kiosks, office }
    }

    /// A bare machine with the backup and the kit, and with the disk of the mirror.
    fn carried(&self) -> Installation {
        let bare = Installation::nothing();
        for name in ["noche.respaldo", "datos.recovery-kit", "datos.checkpoints"] {
            fs::copy(self.office.installation.path(name), bare.path(name)).unwrap();
        }
        fs::rename(bare.path("datos.checkpoints"), bare.path("guardados")).unwrap();
        for gone in ["datos.secrets", "datos.checkpoints"] {
            fs::remove_file(self.office.installation.path(gone)).unwrap();
        }
        fs::remove_dir_all(self.office.installation.path("datos")).unwrap();
        fs::rename(self.office.installation.path("espejo"), bare.path("espejo")).unwrap();
        bare
    }

    fn restore(&self, bare: &Installation) {
        let line = "restore noche.respaldo --data datos --kit datos.recovery-kit --mirror espejo \
                    --by ana";
        let mut command = bare.command(&line.split_whitespace().collect::<Vec<_>>());
        let ran = run(command.env("VENTANILLA_RECOVERY_CODE", &self.office.code));
        assert_eq!(ran.code, 0, "{ran:?}");
        for told in [
            "Restaurado en datos el respaldo del ",
            "Claves escritas en datos.secrets, desde el kit\n",
            // Two payments and a reversal.
            "/espejo: 3 asientos y ",
            "siguen IdCobranza 4, movimiento 5, idPago 1",
            "Sigue: ventanilla serve --data datos --mirror /",
        ] {
            assert!(ran.out.contains(told), "{told}: {ran:?}");
        }
        assert!(!ran.out.contains("Revise uno por uno"), "{ran:?}");
    }

    /// Everything that was answered is there, under its `IdCobranza`.
    fn check_books(&self, bare: &Installation) {
        let told = |line: &str| bare.done(&line.split(' ').collect::<Vec<_>>()).out;
        let events = told("export events --after 0 --data datos --format jsonl");
        assert_eq!(events.lines().count(), 4, "three payments and a reversal: {events}");
        assert!(!events.contains("restaur"), "{events}");
        let bill = self.paid[1].2.id;
        let attempts = told(&format!("explain --bill {bill} --data datos"));
        assert!(attempts.contains("FACTURA_YA_PAGADA"), "of before: {attempts}");
        let trail = told("trail --data datos");
        for act in ["token-revoke", "collector-disable", "restauración\thecho\tana"] {
            assert!(trail.contains(act), "{act}: {trail}");
        }
        assert_eq!(trail.matches("collector-disable").count(), 1, "{trail}");
        let ran = bare.done(&["collector", "list", "--data=datos"]);
        let kiosk = ran.out.lines().find(|line| line.contains("kiosco")).unwrap();
        assert!(kiosk.contains("inactivo"), "{ran:?}");
    }

    /// The window goes on with the same credentials, the same mirror and the next number.
    fn go_on(&self, bare: &Installation) {
        let server = bare.serve_mirrored("espejo");
        for old in [&self.bank, &self.kiosk] {
            let answer = old.at(server.address()).post("consultardeuda", r#"{"Contrato":"1"}"#);
            assert_eq!((answer.status, answer.code().as_str()), (401, "TOKEN_INVALIDO"));
        }
        let disabled = Client::new(server.address()).post("token", &self.office.kiosk.to_body());
        assert_eq!(disabled.code(), "CREDENCIAL_INACTIVA");
        let mut bank = server.client(&self.office.bank);
        for (key, payment, bill) in &self.paid {
            let asked = bank.post("consultarpago", &format!(r#"{{"IdTransaccion":"{key}"}}"#));
            let found = asked.values();
            assert_eq!(found[0]["IdCobranza"], payment.to_string(), "{key}: {found}");
            if *payment != self.undone {
                let again = bank.post("realizarpago", &bill.to_payment(Some(key)));
                assert!(again.is_replay(), "{key}: {again:?}");
            }
        }
        let last = self.paid.iter().map(|(_, payment, _)| *payment).max().unwrap();
        assert_eq!(pay(&mut bank, self.paid[2].2, "cuatro"), last + 1, "the next number");
        server.stop();
        assert!(is_level(bare), "and it is in the mirror");
    }
}

/// Ends one token of the bank, by its id.
fn revoke_a_token(office: &Office, server: &Server) {
    let tokens = || {
        let line = ["token", "list", "--collector=banco", "--data=datos", "--json"];
        office.installation.run(&line).json().as_array().unwrap().clone()
    };
    let before = tokens();
    let mut ended = server.client(&office.bank);
    let new = tokens().into_iter().find(|token| !before.contains(token)).unwrap();
    let id = new["Id"].as_str().unwrap();
    office.installation.done(&["token", "revoke", id, "--data=datos"]);
    let answer = ended.post("consultardeuda", r#"{"Contrato":"1"}"#);
    assert_eq!(answer.code(), "TOKEN_INVALIDO");
}

fn is_level(installation: &Installation) -> bool {
    let ran = installation.run(&["mirror", "status", "--data=datos"]);
    ran.out.ends_with("al día\n")
}

#[test]
fn a_bare_machine_with_the_mirror_asks_for_nothing_and_loses_nothing() {
    let told = Told::spent();
    let bare = told.carried();
    told.restore(&bare);
    verify(&bare, "datos");
    // What was attested of the lost machine's books and trails is there.
    fs::copy(bare.path("guardados"), bare.path("datos.checkpoints")).unwrap();
    let attested = fs::read_to_string(bare.path("guardados")).unwrap();
    let last = attested.lines().last().unwrap();
    assert!(last.contains(" books:13:") && last.contains(" trail:13:"), "{last}");
    verify(&bare, "datos");
    told.check_books(&bare);
    told.go_on(&bare);
    verify(&bare, "datos");
}

/// An office with a backup of its mirrored books in `r`, and what came after it in the mirror only; and
/// the bank with a token of before.
fn with_a_lost_payment() -> (Office, Client) {
    let office = Office::opened();
    let Office { installation, bank, bills, .. } = &office;
    let server = installation.serve_mirrored("espejo");
    let mut client = server.client(bank);
    pay(&mut client, bills[0], "a");
    office.backup("r");
    pay(&mut client, bills[1], "b");
    server.stop();
    (office, client)
}

#[test]
fn a_mirror_that_does_not_join_is_refused_and_changes_nothing() {
    let (office, _) = with_a_lost_payment();
    let installation = &office.installation;
    let (foreign, _) = with_a_lost_payment();
    fs::rename(foreign.installation.path("espejo"), installation.path("ajeno")).unwrap();
    fs::create_dir(installation.path("vacio")).unwrap();
    let segment = "segment-00000001.jsonl";
    let copied = |name: &str, edit: fn(&mut Vec<&str>)| {
        let copy = installation.path(name);
        fs::create_dir(&copy).unwrap();
        fs::copy(installation.path("espejo/mirror.json"), copy.join("mirror.json")).unwrap();
        let text = installation.read(&format!("espejo/{segment}"));
        let mut lines = text.lines().collect();
        edit(&mut lines);
        fs::write(copy.join(segment), lines.join("\n") + "\n").unwrap();
    };
    copied("alterado", |lines| {
        lines.remove(3);
    });
    copied("dejado", |lines| lines.truncate(5));
    trimmed(installation, "podado");
    let before = contents(&installation.path("datos"));
    let mirrors = [
        ("ajeno", 1, "ajeno: es el espejo de otra instalación; nada cambió"),
        ("vacio", 2, "ahí no está el espejo"),
        ("falta", 2, "ahí no está el espejo"),
        ("alterado", 1, "la línea 4 no sigue a la anterior"),
        ("dejado", 1, "termina antes que el respaldo"),
        ("podado", 1, "no está en los datos ni en el espejo: hace falta un respaldo más reciente"),
    ];
    for (mirror, code, told) in mirrors {
        let line = format!("restore r --data datos --mirror {mirror}");
        check(installation, &[(&line, code, told)]);
        assert_eq!(contents(&installation.path("datos")), before, "{mirror}");
        assert!(!installation.path("datos.restoring").exists(), "{mirror}");
    }
}

/// A mirror of the books that begins after the backup.
fn trimmed(installation: &Installation, name: &str) {
    let keys = || Keys::read_file(&installation.path("datos.secrets")).unwrap();
    let store = Store::open_sqlite(&installation.path("datos"), keys()).unwrap();
    let mirror = Mirror::make(&installation.path(name), keys()).unwrap();
    let mut mirror = mirror.with_segment_len_max(1);
    mirror.catch_up(&store).unwrap();
    note(&store);
    mirror.catch_up(&store).unwrap();
    assert!(mirror.trim(&store.ends().unwrap()).unwrap() > 0);
}

fn note(store: &Store) {
    let mut tx = store.begin().unwrap();
    tx.append_trail(None, "{}", Timestamp::UNIX_EPOCH).unwrap();
    tx.commit().unwrap();
}

#[test]
fn without_its_mirror_a_backup_that_names_one_is_restored_and_says_so() {
    let (office, bank) = with_a_lost_payment();
    let installation = &office.installation;
    fs::copy(installation.path("datos.secrets"), installation.path("otros.secrets")).unwrap();
    let line = "restore r --data otros --waive banco --waive kiosco";
    check(installation, &[(line, 0, "restaure con «--mirror /")]);
    check(installation, &[("mirror status --data otros", 0, "no hay espejo")]);
    installation.serve_data("otros").stop();
    // It was not too late: the same backup with the mirror has all of it.
    let line = "restore r --data datos --mirror espejo";
    check(installation, &[(line, 0, " --mirror /")]);
    // What looks at them writes nothing there; whoever serves with it does, the restoration too.
    let mirror = contents(&installation.path("espejo"));
    check(installation, &[("mirror status --data datos", 0, "no hay espejo")]);
    installation.serve().stop();
    assert_eq!(contents(&installation.path("espejo")), mirror);
    let server = installation.serve_mirrored("espejo");
    // No collector changed since the backup, so the mirror alone would not have ended it.
    let answer = bank.at(server.address()).post("consultardeuda", r#"{"Contrato":"1"}"#);
    assert_eq!(answer.code(), "TOKEN_INVALIDO");
    server.stop();
    assert!(is_level(installation));
    check(installation, &[("explain --key b --data datos", 0, "Cobranza 2: ")]);
    verify(installation, "datos");
}

#[test]
fn a_backup_and_what_it_leaves_of_the_mirror_are_the_books() {
    let (office, _) = with_a_lost_payment();
    let Office { installation, bank, bills, .. } = &office;
    let keys = || Keys::read_file(&installation.path("datos.secrets")).unwrap();
    let grow = |count| {
        let store = Store::open_sqlite(&installation.path("datos"), keys()).unwrap();
        let mut mirror = Mirror::at(&installation.path("espejo"), keys()).with_segment_len_max(1);
        for _ in 0..count {
            note(&store);
            mirror.catch_up(&store).unwrap();
        }
    };
    grow(3);
    check(installation, &[("backup tarde --encrypt --data datos", 0, "cifrado")]);
    grow(2);
    let server = installation.serve_mirrored("espejo");
    pay(&mut server.client(bank), bills[2], "c");
    let trim = |backup: &str| format!("mirror trim --backup {backup} --data datos");
    let foreign = Office::opened();
    foreign.backup("ajeno");
    fs::copy(foreign.installation.path("ajeno"), installation.path("ajeno")).unwrap();
    check(
        installation,
        &[
            (&trim("ajeno"), 1, "es de otra instalación"),
            (&trim("no"), 2, "no: no se pudo leer: no existe"),
            (&trim("socios.csv"), 1, "no es un respaldo de Ventanilla"),
            (&trim("r"), 0, "se quitó: 0 segmentos, 0 KiB\n"),
            // That it was made stands in the mirror, and not in itself.
            (&trim("tarde"), 0, "se quitó: 3 segmentos, "),
            (&trim("tarde"), 0, "se quitó: 0 segmentos, 0 KiB\nqueda: "),
        ],
    );
    server.kill();
    let gap = "restore r --data datos --mirror espejo";
    check(installation, &[(gap, 1, "hace falta un respaldo más reciente")]);
    fs::remove_dir_all(installation.path("datos")).unwrap();
    let line = "restore tarde --data datos --mirror espejo";
    check(installation, &[(line, 0, "siguen IdCobranza 4")]);
    verify(installation, "datos");
    for key in ["a", "b", "c"] {
        check(installation, &[(&format!("explain --key {key} --data datos"), 0, "  Cobranza ")]);
    }
}
