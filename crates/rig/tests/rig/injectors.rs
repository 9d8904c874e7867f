//! An injector has the request fail that it was told of, and no other.

use ventanilla_rig::{Cluster, Database, Fault, Injector, ask};

fn is_no_insert(statement: &str) -> bool {
    !statement.starts_with("INSERT")
}

/// A database with a table, and an injector before it.
fn rig() -> (Database, Injector) {
    let cluster = Cluster::shared().unwrap();
    let database = cluster.database().unwrap();
    database.sql("CREATE TABLE t (a BIGINT); GRANT ALL ON t TO public").unwrap();
    (database, Injector::start(cluster.port()).unwrap())
}

#[test]
fn one_request_fails_as_it_was_ordered() {
    let (database, injector) = rig();
    let insert = |number: u32| {
        let text = format!("INSERT INTO t VALUES ({number})");
        ask(&database.url_at(injector.port()), &text).map_err(|error| format!("{error:#}"))
    };
    let cases = [
        (Fault::Refused, "ERROR:  injected", "1"),
        (Fault::Lost, "closed the connection", "1"),
        (Fault::Unheard, "closed the connection", "1,2"),
    ];
    for (fault, told, kept) in cases {
        database.sql("TRUNCATE t").unwrap();
        injector.order(1, fault, is_no_insert);
        insert(1).unwrap();
        let error = insert(2).unwrap_err();
        assert!(error.contains(told), "{fault:?}: {error}");
        let failed = ["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"];
        assert_eq!(injector.failed().unwrap(), failed, "{fault:?}");
        insert(3).unwrap();
        let found = database.sql("SELECT string_agg(a::text, ',' ORDER BY a) FROM t").unwrap();
        assert_eq!(found, format!("{kept},3"), "{fault:?}");
    }
    injector.order(0, Fault::Refused, |_| true);
    insert(4).unwrap();
    assert_eq!(injector.failed(), None, "what is excepted goes on");
}
