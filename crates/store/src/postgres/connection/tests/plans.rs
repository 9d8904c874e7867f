//! Which plans statements have, and for how long.

use super::*;

#[test]
fn a_session_plans_once_and_loops_over_keys() {
    let trial = Trial::new();
    let connection = trial.connect();
    for (name, value) in [
        ("plan_cache_mode", "force_generic_plan"),
        ("jit", "off"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_nestloop", "on"),
    ] {
        let shown = connection.text(&format!("SHOW {name}")).unwrap();
        assert_eq!(shown.as_deref(), Some(value), "{name}");
    }
}

#[test]
fn a_statement_is_planned_anew_after_a_while() {
    let trial = Trial::new();
    let connection = trial.connect();
    let prepared = || loop {
        number(&connection, "SELECT CAST(7 AS BIGINT)", &[]);
        let sql = "SELECT prepare_time FROM pg_prepared_statements WHERE statement LIKE '%7%'";
        // On a slow machine, to ask may be what comes after a while.
        if let Ok(Some(at)) = connection.text(sql) {
            break at;
        }
    };
    let first = prepared();
    std::thread::sleep(Duration::from_millis(300));
    assert_ne!(prepared(), first);
}
