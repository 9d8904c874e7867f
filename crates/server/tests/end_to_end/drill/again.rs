//! Restorations over books that are there: they stay beside, and their numbers are given to nobody.

use std::fs;

use super::{Office, events, pay};
use crate::common::{check, verify};

#[test]
fn an_installation_is_restored_in_place_and_what_it_held_stays_beside() {
    let office = Office::opened();
    let Office { installation, bank, bills, .. } = &office;
    office.backup("r");
    let server = installation.serve();
    pay(&mut server.client(bank), bills[0], "a");
    let line = "restore r --data datos --waive banco --waive kiosco";
    check(installation, &[(line, 3, "otro servidor ya atiende estos datos")]);
    server.stop();
    check(
        installation,
        &[
            ("restore r --data datos --waive nadie", 2, "no hay ningún recaudador «nadie»"),
            (
                "restore r --data datos --report banco=no.csv",
                2,
                "no.csv: no se pudo leer: no existe",
            ),
            (
                "restore r --data datos --report banco=r --waive kiosco --waive 13:banco",
                2,
                "del recaudador «13:banco» se dan --report y --waive",
            ),
            ("import report r --data datos --collector nadie", 2, "«nadie» en los libros"),
        ],
    );
    let ran = installation.done(&format!("{line} --waive 13:banco").split(' ').collect::<Vec<_>>());
    assert!(ran.out.contains("Lo que había quedó en datos.before-restore-"), "{ran:?}");
    assert_eq!(ran.out.matches("sin el reporte de «banco»").count(), 1, "{ran:?}");
    verify(installation, "datos");
    let names = fs::read_dir(installation.path(".")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let aside: Vec<_> = names.filter(|name| name.contains("before-restore")).collect();
    let [aside] = &aside[..] else { panic!("{aside:?}") };
    let secrets = ["--secrets", "datos.secrets"];
    let ran = installation.run(&[&["verify", "--data", aside][..], &secrets].concat());
    assert!(ran.code == 0 && ran.out.contains("1 pago"), "{ran:?}");
    assert_eq!(events(installation, "datos"), []);
    // A second one finds the first one's books.
    check(installation, &[(line, 0, "Lo que había quedó en datos.before-restore-")]);
    verify(installation, "datos");
}

#[test]
fn a_backup_that_is_restored_twice_gives_no_number_twice() {
    let office = Office::opened();
    let Office { installation, bank, bills, .. } = &office;
    office.backup("r");
    let line = "restore r --data datos --waive banco --waive kiosco";
    // The backup's next is 1; what is displaced has given two, then one more after a restoration.
    for (paid, next, lead) in [
        (
            &[1, 2][..],
            "IdCobranza 1000003, movimiento 1000003, ",
            "tenía 2 asientos más que el respaldo\n",
        ),
        (
            &[1_000_003],
            "IdCobranza 2000004, movimiento 2000004, ",
            "tenía 2 asientos más que el respaldo\n",
        ),
        (
            &[2_000_004],
            "IdCobranza 3000005, movimiento 3000005, ",
            "tenía 2 asientos más que el respaldo\n",
        ),
    ] {
        let server = installation.serve();
        let mut client = server.client(bank);
        let given =
            bills.iter().zip(paid).map(|(bill, _)| pay(&mut client, *bill, &bill.id.to_string()));
        assert_eq!(given.collect::<Vec<_>>(), paid);
        server.stop();
        let ran = installation.done(&line.split(' ').collect::<Vec<_>>());
        assert!(ran.out.contains(next), "{next}: {ran:?}");
        assert!(ran.out.contains(lead), "{lead}: {ran:?}");
        verify(installation, "datos");
    }
    // Books that are no good are no reason not to restore: their numbers are not known.
    installation.write("datos/ventanilla.db", "ruinas");
    fs::remove_file(installation.path("datos/ventanilla.db-wal")).ok();
    let unread = ": sus libros no se pudieron leer, y no se miró qué números dieron\nSigue:\n";
    let ran = installation.done(&line.split(' ').collect::<Vec<_>>());
    assert!(ran.out.contains(unread) && ran.out.contains("siguen IdCobranza 1000001, "), "{ran:?}");
}

#[test]
fn the_next_steps_name_what_the_restoration_was_told() {
    let office = Office::opened();
    let installation = &office.installation;
    office.backup("r");
    installation.write("libros.toml", "data = \"datos\"\nsecrets = \"datos.secrets\"\n");
    let line = "restore r --config libros.toml --waive banco --waive kiosco";
    let next = "\n  2. ventanilla serve --data datos --config libros.toml\n";
    check(installation, &[(line, 0, next)]);
}
