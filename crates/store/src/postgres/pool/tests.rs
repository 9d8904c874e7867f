//! Against a real server, by a proxy that breaks where it is told.

use std::thread;

use ventanilla_rig::{Cluster, Cut, Proxy};

use super::*;
use crate::postgres::trial::Trial;

/// How long `work` takes.
fn took<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = now();
    let done = work();
    (done, now().duration_since(start))
}

fn backend(connection: &PgConnection) -> String {
    connection.text("SELECT pg_backend_pid()").unwrap().unwrap()
}

/// A database behind a proxy, and a pool of two connections that waits a little.
fn behind_proxy() -> (Trial, Proxy, Pool) {
    let trial = Trial::new();
    let proxy = Proxy::start(Cluster::shared().unwrap().port()).unwrap();
    let url = format!("{}&connect_timeout=1", trial.database.url_at(proxy.port()));
    let address = DatabaseAddress::from_text(&url).unwrap();
    let address = address.with_deadline(Duration::from_millis(500));
    let pool = Pool::with_limits(address, 2, Duration::from_millis(300));
    (trial, proxy, pool)
}

#[test]
fn a_connection_is_used_again_and_so_many_are_used_at_most() {
    let (_trial, _proxy, pool) = behind_proxy();
    let (first, second) = (pool.take().unwrap(), pool.take().unwrap());
    let (busy, waited) = took(|| pool.take());
    assert!(matches!(busy, Err(StoreError::Busy(_))), "{busy:?}");
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_secs(2), "{waited:?}");
    let backends = [backend(&first), backend(&second)];
    thread::scope(|scope| {
        let waiting = scope.spawn(|| backend(&pool.take().unwrap()));
        thread::sleep(Duration::from_millis(50));
        drop(first);
        assert_eq!(waiting.join().unwrap(), backends[0]);
    });
    drop(second);
    assert!(backends.contains(&backend(&pool.take().unwrap())));
}

#[test]
fn what_is_lost_or_in_a_transaction_is_not_used_again() {
    let (trial, _proxy, pool) = behind_proxy();
    let open = pool.take().unwrap();
    let before = backend(&open);
    open.simple("BEGIN").unwrap();
    drop(open);
    let after = backend(&pool.take().unwrap());
    assert_ne!(after, before);
    // One that the server ended while nobody used it costs nobody an error.
    trial.sql(&format!("SELECT pg_terminate_backend({after}, 5000)"));
    let taken = pool.take().unwrap();
    assert_ne!(backend(&taken), after);
    // What one has lost, the others are not asked about.
    let idle = pool.take().unwrap();
    let of_idle = backend(&idle);
    drop(idle);
    taken.lose();
    drop(taken);
    assert_ne!(backend(&pool.take().unwrap()), of_idle);
    assert_eq!(pool.shared.lock().used, 0);
}

#[test]
fn a_database_out_of_reach_costs_one_caller_the_wait_and_the_others_nothing() {
    let (_trial, proxy, pool) = behind_proxy();
    drop(pool.take().unwrap());
    proxy.cut(Cut::BlackHoled);
    let pooled = pool.take().unwrap();
    assert!(matches!(pooled.run("SELECT 1", &[]), Err(StoreError::Again(_))));
    drop(pooled);
    let (first, waited) = took(|| pool.take());
    assert!(matches!(first, Err(StoreError::Unreachable(_))), "{first:?}");
    assert!(waited >= Duration::from_secs(1), "{waited:?}");
    let at_once = || {
        let (told, waited) = took(|| pool.take());
        assert!(matches!(told, Err(StoreError::Unreachable(_))), "{told:?}");
        assert!(waited < Duration::from_millis(100), "{waited:?}");
    };
    at_once();
    // After the back-off one tries, and whoever comes meanwhile does not wait with it.
    thread::sleep(BACK_OFF);
    thread::scope(|scope| {
        let trying = scope.spawn(|| took(|| pool.take().map(drop)));
        thread::sleep(Duration::from_millis(100));
        at_once();
        let (told, waited) = trying.join().unwrap();
        assert!(matches!(told, Err(StoreError::Unreachable(_))));
        assert!(waited >= Duration::from_secs(1), "{waited:?}");
    });
    proxy.mend();
    thread::sleep(BACK_OFF);
    pool.take().unwrap().run("SELECT 1", &[]).unwrap();
    assert_eq!(pool.shared.lock().used, 0);
}

#[test]
fn a_server_without_a_place_is_busy_and_not_out_of_reach() {
    let (trial, _proxy, pool) = behind_proxy();
    let held = trial.connect();
    trial.sql(&format!("ALTER ROLE {} CONNECTION LIMIT 1", trial.database.role()));
    for _ in 0..2 {
        let busy = pool.take();
        assert!(matches!(busy, Err(StoreError::Busy(_))), "{busy:?}");
    }
    drop(held);
    let taken = (0..500).find_map(|_| {
        thread::sleep(Duration::from_millis(10));
        pool.take().ok()
    });
    taken.unwrap().run("SELECT 1", &[]).unwrap();
}
