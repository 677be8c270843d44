//! The lint of the SQL that runs unchanged on Polars SQL and Apache DataFusion: twelve rules, each of which keeps
//! out a construct on which the two differ in silence or which one of them refuses.

/// A line that leaves the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Line, from 1.
    pub line: usize,
    /// The rule and what to write instead.
    pub rule: &'static str,
}

/// What is refused wherever it stands: a word or sign, and what to write instead.
const REFUSED: &[(&str, &str)] = &[
    ("ntile(", "no NTILE: FLOOR((row_number − 1) * n / count) + 1"),
    ("percent_rank(", "no PERCENT_RANK: ROW_NUMBER and a count"),
    ("percentile_cont(", "no PERCENTILE_CONT: MEDIAN, or rank and pick"),
    ("date_trunc(", "no date arithmetic: the lake has integer day and month columns"),
    ("date_part(", "no date arithmetic: the lake has integer day and month columns"),
    ("extract(", "no date arithmetic: the lake has integer day and month columns"),
    ("interval ", "no date arithmetic: the lake has integer day and month columns"),
    ("round(", "no ROUND: money is whole minor units; round when showing"),
    ("mod(", "no MOD(): DataFusion has none; use FLOOR"),
    ("rollup", "no ROLLUP: one SELECT a level, UNION ALL"),
    ("recursive", "no recursive CTE"),
    ("sum(distinct", "no SUM(DISTINCT): take the distinct rows first"),
    ("range between", "only ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"),
    ("= (select", "no scalar subquery: CROSS JOIN a one-row CTE"),
    ("> (select", "no scalar subquery: CROSS JOIN a one-row CTE"),
    ("< (select", "no scalar subquery: CROSS JOIN a one-row CTE"),
    ("qualify", "no QUALIFY: ROW_NUMBER in a CTE, then WHERE"),
    ("select *,", "name the columns"),
];

/// Checks one file. No violation: it is in the dialect.
pub fn lint(sql: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut refuse = |line: usize, rule: &'static str| violations.push(Violation { line, rule });
    if !sql.trim_start().starts_with("-- ") {
        refuse(1, "the first line is a comment with the grain");
    }
    let lines: Vec<String> =
        sql.lines().map(|line| line.split("--").next().unwrap_or_default().to_lowercase()).collect();
    for (at, line) in lines.iter().enumerate() {
        let squeezed = line.split_whitespace().collect::<Vec<_>>().join(" ");
        for (word, rule) in REFUSED {
            if squeezed.contains(word) && !inside_word(&squeezed, word) {
                refuse(at + 1, rule);
            }
        }
        if let Some(slash) = squeezed.find('/') {
            let (left, right) = squeezed.split_at(slash);
            if !left.contains("as double)") || !right.contains("as double)") {
                refuse(at + 1, "no `/` but between two CAST(… AS DOUBLE): int / int differs");
            }
        }
    }
    let whole = lines.join("\n");
    for (at, _) in whole.match_indices("over (") {
        let window = &whole[at..at + whole[at..].find(')').unwrap_or(0)];
        let line = whole[..at].matches('\n').count() + 1;
        if window.contains("order by")
            && !whole[at..]
                .split("over (")
                .nth(1)
                .is_some_and(|rest| balanced(rest).contains("rows between unbounded preceding and current row"))
        {
            refuse(line, "a window with ORDER BY has ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW");
        }
        if window.contains(" desc") && window.contains(" asc") {
            refuse(line, "a window orders in one direction: negate in a CTE");
        }
    }
    violations
}

/// The text up to the bracket that closes the one before it.
fn balanced(rest: &str) -> &str {
    let mut depth = 1;
    for (at, letter) in rest.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[..at];
        }
    }
    rest
}

/// Whether every place of a word is the end of a longer one (`mod(` in `some_mod(`).
fn inside_word(text: &str, word: &str) -> bool {
    text.match_indices(word).all(|(at, _)| {
        word.starts_with(|c: char| c.is_alphabetic())
            && text[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_refused() {
        for (sql, line) in [
            ("-- one row\nselect a / b from t", 2),
            ("-- one row\nselect ntile(5) over (order by a) from t", 2),
            ("-- one row\nselect a\nfrom t where x > (select max(x) from t)", 3),
            ("select 1", 1),
            ("-- one row\nselect sum(a) over (partition by b order by c) from t", 2),
        ] {
            assert_eq!(lint(sql).first().map(|violation| violation.line), Some(line), "{sql}");
        }
    }

    #[test]
    fn the_dialect_is_accepted() {
        let sql = "-- one row per customer\nselect cast(a as double) / cast(b as double) as share,\n\
                   sum(a) over (partition by b order by c rows between unbounded preceding and current row) as running from t";
        assert_eq!(lint(sql), []);
    }
}
