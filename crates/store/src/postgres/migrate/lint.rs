//! What our scripts may say, so that they run unchanged on every engine that speaks PostgreSQL's language, also
//! where tables are spread over machines by company.

use super::{LEDGER, SCRIPTS, steps};

/// Tables that belong to no company: found by their own ids.
const OF_NO_COMPANY: [&str; 15] = [
    "installation",
    "mirror",
    "collector",
    "token",
    "integrator",
    "app_user",
    "user_right",
    "user_session",
    "console_session",
    "invitation",
    "second_factor",
    "second_factor_step",
    "recovery_code",
    "schema_version",
    "schema_lock",
];

/// Words that name what some engine lacks, with what follows them where that matters.
const REFUSED: [&str; 17] = [
    "SEQUENCE",
    "BIGSERIAL",
    "SMALLSERIAL",
    "GENERATED",
    "IDENTITY",
    "TRIGGER",
    "FUNCTION",
    "PROCEDURE",
    "LISTEN",
    "NOTIFY",
    "TEMP",
    "TEMPORARY",
    "UNLOGGED",
    "USING",
    "WHERE",
    "SKIP",
    "COLLATE",
];

const TYPES: [&str; 3] = ["BIGINT", "TEXT", "BYTEA"];

/// What is wrong with a statement.
fn problems(sql: &str) -> Vec<String> {
    let words = words(sql);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut found: Vec<String> = REFUSED
        .iter()
        .filter(|word| words.contains(word))
        .map(|word| format!("says {word}"))
        .collect();
    if words.iter().any(|word| word.starts_with("PG_") || word.contains("ADVISORY")) {
        found.push("calls the system".to_owned());
    }
    if sql.contains('/') {
        found.push("divides".to_owned());
    }
    match words.as_slice() {
        ["CREATE", "TABLE", "IF", "NOT", "EXISTS", table, "(", body @ ..]
        | ["CREATE", "TABLE", table, "(", body @ ..] => found.extend(table_problems(table, body)),
        ["CREATE", "UNIQUE", "INDEX", _, "ON", table, key @ ..]
        | ["CREATE", "INDEX", _, "ON", table, key @ ..] => found.extend(key_problem(table, key)),
        ["ALTER", "TABLE", _, "ADD", "COLUMN", column, kind, rest @ ..] => {
            if !TYPES.contains(kind) {
                found.push(format!("{column} is of the type {kind}"));
            }
            if rest.iter().any(|word| matches!(*word, "PRIMARY" | "UNIQUE" | "REFERENCES")) {
                found.push(format!("{column} is a key of its own"));
            }
        }
        ["ALTER", "TABLE", table, "ADD", "CONSTRAINT", _, "FOREIGN", "KEY", key @ ..] => {
            found.extend(reference_problems(table, key));
        }
        ["ALTER", "TABLE", _, "DROP", "CONSTRAINT", _]
        | ["INSERT", "INTO", .., "ON", "CONFLICT", "(", _, ")", "DO", "NOTHING"] => {}
        _ => found.push("is of an unknown kind".to_owned()),
    }
    found
}

/// Words and signs, in capitals; what stands in quotes is one of them.
fn words(sql: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_quoted = false;
    let mut is_new = true;
    for char in sql.chars() {
        let is_part = is_quoted || char.is_alphanumeric() || matches!(char, '_' | '\'');
        if char == '\'' {
            is_quoted = !is_quoted;
        }
        if is_part && !is_new {
            words.last_mut().unwrap().push(char.to_ascii_uppercase());
        } else if !char.is_whitespace() {
            words.push(char.to_ascii_uppercase().to_string());
        }
        is_new = !is_part;
    }
    words
}

/// The parts of a list between commas, at its own level, up to the parenthesis that ends it.
fn parts<'w>(list: &[&'w str]) -> Vec<Vec<&'w str>> {
    let (mut parts, mut depth) = (vec![Vec::new()], 0);
    for word in list {
        match *word {
            ")" if depth == 0 => break,
            "," if depth == 0 => parts.push(Vec::new()),
            word => {
                depth += i32::from(word == "(") - i32::from(word == ")");
                parts.last_mut().unwrap().push(word);
            }
        }
    }
    parts
}

fn table_problems(table: &str, body: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    if body.contains(&"REFERENCES") || body.contains(&"FOREIGN") {
        found.push("has a foreign key before the end".to_owned());
    }
    let mut has_key = false;
    for part in parts(body) {
        match part.as_slice() {
            ["PRIMARY", "KEY", key @ ..] => {
                has_key = true;
                found.extend(key_problem(table, key));
            }
            ["UNIQUE", key @ ..] => found.extend(key_problem(table, key)),
            ["CHECK", ..] => {}
            [column, kind, rest @ ..] => {
                if !TYPES.contains(kind) {
                    found.push(format!("{column} is of the type {kind}"));
                }
                let is_key = rest.contains(&"PRIMARY") || rest.contains(&"UNIQUE");
                has_key |= rest.contains(&"PRIMARY");
                if is_key && !starts_well(table, column) {
                    found.push(format!("{column} alone is a key"));
                }
            }
            other => found.push(format!("{other:?} is no column")),
        }
    }
    if !has_key {
        found.push("has no primary key".to_owned());
    }
    found
}

/// What is wrong with the columns of a key or an index: `( a , b )`.
fn key_problem(table: &str, key: &[&str]) -> Option<String> {
    let ["(", list @ ..] = key else { return Some("names no columns".to_owned()) };
    let columns = parts(list);
    if columns.iter().any(|column| column.len() != 1) {
        return Some(format!("has a key over more than columns: {columns:?}"));
    }
    let first = columns[0][0];
    let is_whole = list.iter().position(|word| *word == ")") == Some(list.len() - 1);
    if !is_whole {
        return Some("has an index of a part of the rows".to_owned());
    }
    (!starts_well(table, first)).then(|| format!("has a key that starts with {first}"))
}

/// What is wrong with `( a , b ) REFERENCES table ( a , b )`.
fn reference_problems(table: &str, key: &[&str]) -> Option<String> {
    let place = key.iter().position(|word| *word == "REFERENCES")?;
    let (own, other) = (&key[..place], &key[place + 1..]);
    let [to, other @ ..] = other else { return Some("refers to nothing".to_owned()) };
    let crosses = is_of_no_company(table) != is_of_no_company(to);
    let is_odd = key_problem(table, own).is_some() || key_problem(to, other).is_some();
    (crosses || is_odd).then(|| "has a foreign key out of its company".to_owned())
}

fn is_of_no_company(table: &str) -> bool {
    OF_NO_COMPANY.contains(&table.to_lowercase().as_str())
}

fn starts_well(table: &str, column: &str) -> bool {
    is_of_no_company(table) || column == "COMPANY_ID"
}

#[test]
fn our_scripts_run_on_every_engine() {
    for sql in SCRIPTS.into_iter().flat_map(steps).chain(LEDGER.map(str::to_owned)) {
        assert_eq!(problems(&sql), Vec::<String>::new(), "{sql}");
    }
    for script in SCRIPTS {
        let is_foreign = |sql: &String| sql.contains("ADD CONSTRAINT");
        let mut foreign = steps(script).into_iter().skip_while(|sql| !is_foreign(sql));
        assert!(foreign.all(|sql| is_foreign(&sql)), "foreign keys come last");
    }
}

#[test]
fn the_document_spreads_every_table_and_every_foreign_key() {
    let document = include_str!("../../../../../docs/distributed.md");
    let scripts: Vec<String> = SCRIPTS.into_iter().flat_map(steps).collect();
    let local = ["schema_version", "schema_lock"];
    let tables: Vec<&str> = scripts
        .iter()
        .filter_map(|sql| sql.split("CREATE TABLE ").nth(1)?.split(' ').next())
        .collect();
    assert!(tables.len() > 30, "{tables:?}");
    for table in tables.into_iter().filter(|table| !local.contains(table)) {
        let line = match (OF_NO_COMPANY.contains(&table), table) {
            (true, _) => format!("SELECT create_reference_table('{table}');"),
            (false, "company") => {
                "SELECT create_distributed_table('company', 'company_id');".to_owned()
            }
            (false, _) => format!(
                "SELECT create_distributed_table('{table}', 'company_id', colocate_with => 'company');"
            ),
        };
        assert_eq!(document.matches(&line).count(), 1, "{line}");
    }
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let document = flat(document);
    for sql in scripts.iter().filter(|sql| sql.contains("ADD CONSTRAINT")) {
        let sql = flat(&sql[sql.find("ALTER TABLE").unwrap()..]);
        assert!(document.contains(&sql), "{sql}");
        let drop =
            sql[..sql.find(" FOREIGN KEY").unwrap()].replace("ADD CONSTRAINT", "DROP CONSTRAINT");
        assert!(document.contains(&drop), "{drop}");
    }
}

#[test]
fn what_some_engine_lacks_is_refused() {
    for sql in [
        "CREATE SEQUENCE s",
        "CREATE TABLE t (company_id BIGSERIAL PRIMARY KEY)",
        "CREATE TABLE t (company_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
        "CREATE TABLE t (company_id BIGINT NOT NULL, a INTEGER, PRIMARY KEY (company_id))",
        "CREATE TABLE t (company_id BIGINT NOT NULL, a BOOLEAN, PRIMARY KEY (company_id))",
        "CREATE TABLE t (company_id BIGINT NOT NULL, a NUMERIC(9, 2), PRIMARY KEY (company_id))",
        "CREATE TABLE t (company_id BIGINT NOT NULL)",
        "CREATE TABLE t (a BIGINT PRIMARY KEY)",
        "CREATE TABLE t (company_id BIGINT PRIMARY KEY, a TEXT UNIQUE)",
        "CREATE TABLE t (company_id BIGINT, a BIGINT, PRIMARY KEY (a, company_id))",
        "CREATE TABLE t (company_id BIGINT, a BIGINT, PRIMARY KEY (company_id), UNIQUE (a))",
        "CREATE TABLE t (company_id BIGINT PRIMARY KEY REFERENCES company)",
        "CREATE TABLE t (company_id BIGINT PRIMARY KEY, FOREIGN KEY (company_id) REFERENCES company)",
        "CREATE TABLE t (company_id BIGINT PRIMARY KEY, a BIGINT CHECK (a / 2 > 1))",
        "CREATE TABLE t (company_id BIGINT PRIMARY KEY, a TEXT COLLATE \"C\")",
        "CREATE TEMP TABLE t (company_id BIGINT PRIMARY KEY)",
        "CREATE UNLOGGED TABLE t (company_id BIGINT PRIMARY KEY)",
        "CREATE INDEX i ON t (a)",
        "CREATE INDEX i ON t (company_id, lower(a))",
        "CREATE INDEX i ON t (company_id) WHERE company_id > 1",
        "CREATE INDEX i ON t USING hash (company_id)",
        "CREATE UNIQUE INDEX i ON t (a, company_id)",
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (a)",
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (company_id) REFERENCES collector (company_id)",
        "ALTER TABLE user_right ADD CONSTRAINT c FOREIGN KEY (company_id) REFERENCES company (company_id)",
        "ALTER TABLE t ADD COLUMN a SERIAL",
        "ALTER TABLE t ADD COLUMN a BIGINT UNIQUE",
        "ALTER TABLE t ADD COLUMN a BIGINT REFERENCES u (a)",
        "CREATE TRIGGER g BEFORE UPDATE ON t",
        "CREATE FUNCTION f() RETURNS BIGINT",
        "CREATE PROCEDURE p()",
        "INSERT INTO t (a) VALUES (1) ON CONFLICT (lower(a)) DO NOTHING",
        "INSERT INTO t (a) VALUES (1)",
        "LISTEN t",
        "NOTIFY t",
        "SELECT pg_advisory_lock(1)",
        "SELECT a FROM t FOR UPDATE SKIP LOCKED",
    ] {
        assert_ne!(problems(sql), Vec::<String>::new(), "{sql}");
    }
    let serial = "CREATE TABLE t (company_id BIGINT PRIMARY KEY, serial BIGINT CHECK (serial > 0))";
    assert_eq!(problems(serial), Vec::<String>::new());
}
