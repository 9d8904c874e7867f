//! Against real databases.

use std::collections::BTreeMap;
use std::thread;

use rusqlite::Connection;

use super::*;
use crate::postgres::trial::Trial;

fn keys() -> Keys {
    Keys::from_random([7; 64])
}

fn created(trial: &Trial) -> Result<(), OpenError> {
    create(&trial.address(), &trial.connect(), &keys())
}

fn opened(trial: &Trial) -> Result<(), OpenError> {
    open(&trial.address(), &trial.connect(), &keys())
}

/// Every table's columns, keys and checks, in one text.
fn schema(trial: &Trial) -> String {
    trial.sql(
        "SELECT table_name, column_name, data_type, is_nullable, column_default \
         FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
    ) + &trial.sql(
        "SELECT conrelid::regclass, contype, pg_get_constraintdef(oid) FROM pg_constraint \
         WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2, 3",
    ) + &trial.sql("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
}

#[test]
fn a_store_is_made_once_and_opened_by_its_keys() {
    let trial = Trial::new();
    assert!(matches!(opened(&trial), Err(OpenError::Missing(_))));
    created(&trial).unwrap();
    let exists = created(&trial).unwrap_err();
    assert!(matches!(&exists, OpenError::Exists(shown) if !shown.contains("clave")));
    opened(&trial).unwrap();
    let others = Keys::from_random([8; 64]);
    let foreign = open(&trial.address(), &trial.connect(), &others);
    assert!(matches!(foreign, Err(OpenError::ForeignKeys)));
}

#[test]
fn servers_that_start_at_once_make_one_store() {
    let trial = Trial::new();
    let made: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..6).map(|_| scope.spawn(|| created(&trial))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
    let exist = made.iter().filter(|made| matches!(made, Err(OpenError::Exists(_))));
    assert_eq!(exist.count(), 5, "{made:?}");
    let whole = Trial::new();
    created(&whole).unwrap();
    assert_eq!(schema(&trial), schema(&whole));
}

#[test]
fn a_making_that_was_cut_off_is_no_store_and_is_ended_by_the_next() {
    let whole = Trial::new();
    created(&whole).unwrap();
    let steps = steps(SCRIPTS[0]);
    let trial = Trial::new();
    for (done, written) in [(0, 0), (1, 0), (1, 1), (20, 19), (20, 20), (steps.len(), steps.len())]
    {
        trial.sql(&format!(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {}",
            trial.database.role()
        ));
        let connection = trial.connect();
        make_ledger(&connection).unwrap();
        steps[..done].iter().for_each(|step| connection.simple(step).unwrap());
        connection
            .run(
                "INSERT INTO schema_version (version, checksum, steps, steps_done) \
                 VALUES (1, ?1, ?2, ?3)",
                &[checksum(SCRIPTS[0]).into(), count(steps.len()).into(), count(written).into()],
            )
            .unwrap();
        assert!(matches!(opened(&trial), Err(OpenError::Missing(_))), "{done} {written}");
        created(&trial).unwrap();
        opened(&trial).unwrap();
        assert_eq!(schema(&trial), schema(&whole), "{done} {written}");
    }
}

#[test]
fn what_another_program_or_version_made_is_refused_and_stays() {
    let refused = |sql: &str| {
        let trial = Trial::new();
        trial.sql(sql);
        let refused = created(&trial).unwrap_err();
        assert!(matches!(opened(&trial), Err(OpenError::Missing(_))), "{sql}");
        assert_eq!(trial.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "1");
        refused.to_string()
    };
    assert!(refused("CREATE TABLE clientes (id BIGINT)").contains("clientes"));
    let other_ledger = "CREATE TABLE schema_version (version BIGINT, checksum BIGINT)";
    assert!(refused(other_ledger).contains("schema_version"));
    let trial = Trial::new();
    created(&trial).unwrap();
    for (sql, found) in [
        ("UPDATE schema_version SET checksum = sha256('x')", 3),
        ("INSERT INTO schema_version VALUES (4, sha256('x'), 1, 1)", 4),
    ] {
        trial.sql(sql);
        for refused in [opened(&trial), created(&trial)] {
            let Err(OpenError::OtherVersion { found: is, ours: 3 }) = refused else {
                panic!("{sql}: {refused:?}");
            };
            assert_eq!(is, found);
        }
    }
}

#[test]
fn the_role_that_serves_cannot_change_what_is_written_for_ever() {
    let trial = Trial::new();
    created(&trial).unwrap();
    let connection = trial.connect();
    for table in ["journal", "trail"] {
        for sql in [
            format!("UPDATE {table} SET company_id = 2"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            let error = connection.simple(&sql).unwrap_err();
            assert_eq!(code_of(&error), Some("42501"), "{sql}");
        }
        connection.simple(&format!("SELECT * FROM {table}")).unwrap();
    }
}

#[test]
fn a_schema_that_is_behind_is_brought_up_to_date_by_whoever_opens_it() {
    let trial = Trial::new();
    created(&trial).unwrap();
    let before = schema(&trial);
    trial.sql("UPDATE schema_version SET steps_done = steps - 1");
    trial.sql(&format!("GRANT DELETE ON journal TO {}", trial.database.role()));
    opened(&trial).unwrap();
    assert_eq!(trial.sql("SELECT sum(steps - steps_done) FROM schema_version"), "0");
    assert_eq!(schema(&trial), before);
    assert!(trial.connect().simple("DELETE FROM journal").is_err());
}

#[test]
fn a_role_that_may_make_no_tables_is_told_so() {
    let trial = Trial::new();
    trial.sql("REVOKE ALL ON SCHEMA public FROM PUBLIC, pg_database_owner");
    trial.sql(&format!("GRANT USAGE ON SCHEMA public TO {}", trial.database.role()));
    let refused = created(&trial).unwrap_err();
    assert!(matches!(&refused, OpenError::Unsuitable(why) if why.contains("crear tablas")));
}

/// Tables with their columns: name, type, whether each row has it.
type Tables = BTreeMap<String, Vec<(String, String, bool)>>;

/// The tables of a text with a column a line.
fn read_tables(text: &str) -> Tables {
    let mut tables = Tables::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        let [table, column, kind, is_required] = fields.as_slice() else {
            panic!("{line}");
        };
        let column = (column.to_string(), kind.to_string(), *is_required == "1");
        tables.entry((*table).to_owned()).or_default().push(column);
    }
    for columns in tables.values_mut() {
        columns.sort();
    }
    tables
}

fn sqlite_tables() -> Tables {
    let folder = tempfile::tempdir().unwrap();
    crate::sqlite::Sqlite::create(folder.path().join("data").as_path(), keys()).unwrap();
    let connection = Connection::open(folder.path().join("data/ventanilla.db")).unwrap();
    let sql = "SELECT t.name || '|' || c.name || '|' || \
               CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' ELSE 'text' END \
               || '|' || (c.\"notnull\" OR c.pk > 0) \
               FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
               WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'migration'";
    let mut statement = connection.prepare(sql).unwrap();
    let lines = statement.query_map([], |row| row.get(0)).unwrap();
    read_tables(&lines.collect::<Result<Vec<String>, _>>().unwrap().join("\n"))
}

#[test]
fn the_tables_are_those_of_sqlite_and_what_several_servers_need() {
    let trial = Trial::new();
    created(&trial).unwrap();
    let columns = "SELECT table_name, column_name, data_type, \
                   CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END \
                   FROM information_schema.columns WHERE table_schema = 'public'";
    let mut ours = read_tables(&trial.sql(columns));
    for table in ["schema_version", "schema_lock", "unsealed", "commit_mark", "sealer_lease"] {
        assert!(ours.remove(table).is_some(), "{table}");
    }
    ours.get_mut("installation").unwrap().retain(|(column, ..)| column != "processes");
    assert_eq!(ours, sqlite_tables());
}
