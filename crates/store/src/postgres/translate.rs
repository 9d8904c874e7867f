//! Statements in SQLite's form, put into PostgreSQL's.

/// Turns `?1` into `$1`, leaves out ` INDEXED BY name`, which only SQLite's planner needs, and makes
/// `CROSS JOIN x USING` an ordinary join: SQLite takes the word for the order of its loops. What stands in
/// quotes stays as it is.
pub(super) fn translate(sql: &str) -> String {
    let parts = sql.split('\'').enumerate().map(|(place, part)| match place % 2 {
        0 => unhinted(part).replace('?', "$"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("'")
}

fn unhinted(part: &str) -> String {
    let words: Vec<&str> = part.split(' ').collect();
    let (mut rest, mut kept) = (words.as_slice(), Vec::with_capacity(words.len()));
    while let [word, after @ ..] = rest {
        rest = match rest {
            ["INDEXED", "BY", _, after @ ..] => after,
            ["CROSS", "JOIN", joined @ ..] if is_matched(joined) => after,
            _ => {
                kept.push(*word);
                after
            }
        };
    }
    kept.join(" ")
}

/// Whether a table that is joined, with or without a name of its own, says by which columns.
fn is_matched(joined: &[&str]) -> bool {
    let words = joined.iter().filter(|word| !word.is_empty());
    words.skip(1).take(2).any(|word| word.starts_with("USING"))
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn statements_of_sqlite_become_those_of_postgresql() {
        for (of_sqlite, ours) in [
            ("SELECT 1", "SELECT 1"),
            ("WHERE a = ?1 AND b IN (?2,?11)", "WHERE a = $1 AND b IN ($2,$11)"),
            ("WHERE a = '?1''' AND b = ?1", "WHERE a = '?1''' AND b = $1"),
            (
                "SELECT count(*) FROM payment INDEXED BY payment_by_day WHERE a = ?1",
                "SELECT count(*) FROM payment WHERE a = $1",
            ),
            ("FROM e CROSS JOIN journal j USING (a, b)", "FROM e JOIN journal j USING (a, b)"),
            (
                "FROM e CROSS JOIN journal         USING (a)",
                "FROM e JOIN journal         USING (a)",
            ),
            ("FROM e CROSS JOIN journal USING(a)", "FROM e JOIN journal USING(a)"),
            ("FROM e CROSS JOIN journal WHERE a = ?1", "FROM e CROSS JOIN journal WHERE a = $1"),
            (
                "VALUES ('INDEXED BY x CROSS JOIN y USING')",
                "VALUES ('INDEXED BY x CROSS JOIN y USING')",
            ),
        ] {
            assert_eq!(translate(of_sqlite), ours);
        }
    }
}
