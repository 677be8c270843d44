//! Why a day's sum may differ: the single row that would explain it. A difference divisible by nine is what two swapped
//! digits leave (accountants' rule of thumb), a factor of ten a slipped decimal mark, one row's amount a row that is
//! missing or there twice. Every row that explains the difference to the last unit is a candidate; what the product
//! usually costs, twins and gaps in the numbering tell which is likely.

use super::details::{Document, Line, Place};

/// A day that differs.
pub struct Case<'c> {
    /// Completed orders that arrived, less those the branch counts; `None` where it counts none.
    pub orders: Option<i64>,
    /// Rows that arrived, less those the sender counts; `None` where it counts none.
    pub rows: Option<i64>,
    /// Units that arrived, less those the sender counts; `None` where it counts none.
    pub quantity: Option<i64>,
    /// The amount that arrived, less the branch's.
    pub amount: i64,
    /// The branch's amount.
    pub stated: i64,
    /// The orders of the day that arrived.
    pub documents: &'c [&'c Document],
    /// Rows of the branch that were refused: which, amount, whether each is an order.
    pub refused: &'c [RefusedRow],
    /// Documents of the branch and day that are missing in the numbering.
    pub missing: &'c [String],
    /// Orders of the same day booked to other branches whose totals differ the other way: branch and order.
    pub elsewhere: &'c [(String, &'c Document)],
    /// How many lines of a product were sold at a price.
    pub sold_at: &'c dyn Fn(u32, i64) -> u32,
}

/// A refused row, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// Its place among the refused.
    pub number: usize,
    /// The order it is of, where it says.
    pub document: String,
    /// The line of it, where it says.
    pub line_no: Option<i32>,
    /// Whether it is an order itself.
    pub is_order: bool,
    /// Its amount, where it says.
    pub amount: Option<i64>,
    /// Whether it was refused for a repeated key: then it should not be counted.
    pub is_repeated: bool,
}

/// What may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A row was refused.
    Refused,
    /// The order is there twice under two numbers.
    DocumentTwice,
    /// The line is there twice.
    LineTwice,
    /// The order was booked to another branch.
    OtherBranch,
    /// An order of another branch was booked here.
    FromElsewhere,
    /// An order is missing.
    DocumentMissing,
    /// A line is missing.
    LineMissing,
    /// A row is missing, and nothing says of which order.
    RowMissing,
    /// Two digits next to each other were swapped.
    DigitsSwapped,
    /// The decimal mark slipped.
    DecimalSlip,
    /// One digit is another.
    DigitWrong,
    /// The total itself was mistyped.
    TotalMistyped,
    /// An order counts that should not, or the other way round.
    StatusWrong,
}

/// A row that would explain the difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What may have happened.
    pub kind: Kind,
    /// How likely, against the others: 0 to 100.
    pub weight: u8,
    /// The order.
    pub document: String,
    /// Its line.
    pub line_no: Option<i32>,
    /// The column.
    pub column: &'static str,
    /// What it says.
    pub was: Option<i64>,
    /// What would make the sums equal.
    pub now: Option<i64>,
    /// Where it is, if it arrived.
    pub place: Place,
    /// Its place among the refused, if it was refused.
    pub refused: Option<usize>,
    /// The other branch.
    pub branch: String,
}

impl Cause {
    fn new(kind: Kind, weight: u8, document: &Document) -> Cause {
        Cause {
            kind,
            weight,
            document: document.id.clone(),
            line_no: None,
            column: "",
            was: None,
            now: None,
            place: document.place,
            refused: None,
            branch: String::new(),
        }
    }

    fn of_line(mut self, line: &Line) -> Cause {
        self.line_no = Some(line.number);
        self.place = line.place;
        self
    }

    fn value(mut self, column: &'static str, was: i64, now: i64) -> Cause {
        (self.column, self.was, self.now) = (column, Some(was), Some(now));
        self
    }
}

/// Every row that would explain the difference by itself, the likeliest first.
pub fn causes(case: &Case<'_>) -> Vec<Cause> {
    let mut found = Vec::new();
    refused_rows(case, &mut found);
    if case.orders.is_none_or(|orders| orders == 0) && case.amount != 0 {
        // Where a row is missing or there twice, no digit is wrong.
        let same_rows = case.rows.is_none_or(|rows| rows == 0);
        let same_quantity = case.quantity.is_none_or(|quantity| quantity == 0);
        for document in case.documents.iter().filter(|document| document.completed) {
            if same_rows {
                document.lines.iter().for_each(|line| mistyped(case, document, line, &mut found));
            }
            if same_rows || case.rows == Some(1) {
                twice(case, document, &mut found);
            }
            if case.amount < 0 && (same_rows || case.rows < Some(0)) {
                left_out(document, &mut found);
            }
        }
        if same_rows && same_quantity {
            mistyped_total(case, &mut found);
        }
    }
    let rows = case.rows.or(case.quantity).filter(|_| case.orders.is_none());
    if case.orders == Some(1) || rows > Some(0) {
        doubled(case, &mut found);
    }
    if case.orders == Some(-1) || rows.is_some_and(|rows| rows < 0) {
        missing(case, &mut found);
    }
    found.sort_by(|a, b| {
        let key = |cause: &Cause| (std::cmp::Reverse(cause.weight), cause.kind, cause.document.clone(), cause.line_no);
        key(a).cmp(&key(b)).then_with(|| (a.column, a.now, a.refused).cmp(&(b.column, b.now, b.refused)))
    });
    found
}

/// Rows that were refused and whose amounts are just what is missing.
fn refused_rows(case: &Case<'_>, found: &mut Vec<Cause>) {
    let rows: Vec<&RefusedRow> = case.refused.iter().filter(|row| !row.is_repeated).collect();
    let orders = rows.iter().filter(|row| row.is_order).count() as i64;
    let amount: i64 = rows.iter().filter_map(|row| row.amount).sum();
    let counts = case.orders.is_none_or(|missing| missing == -orders);
    let all = !rows.is_empty() && counts && amount == -case.amount;
    for row in &rows {
        let alone = row.amount == Some(-case.amount) && case.orders.is_none_or(|missing| missing == 0);
        let of_order = row.is_order && case.orders == Some(-1);
        let weight = if alone || (all && (row.is_order || orders == 0)) {
            97
        } else if of_order {
            92
        } else if case.amount < 0 && case.orders.is_none_or(|missing| missing == -i64::from(row.is_order)) {
            // A row that was refused because it is damaged may not say its true amount.
            if rows.len() == 1 { 86 } else { 60 }
        } else {
            continue;
        };
        found.push(Cause {
            document: row.document.clone(),
            line_no: row.line_no,
            refused: Some(row.number),
            ..Cause::new(Kind::Refused, weight, &Document::default())
        });
    }
}

/// Lines of an order that are there twice, or may be.
fn twice(case: &Case<'_>, document: &Document, found: &mut Vec<Cause>) {
    let explains = |line: &Line| {
        line.amount() == case.amount && case.quantity.is_none_or(|quantity| quantity == i64::from(line.quantity))
    };
    for (place, line) in document.lines.iter().enumerate().filter(|(_, line)| explains(line)) {
        let is_twin = |other: &Line| {
            (other.product, other.quantity, other.price, other.discount)
                == (line.product, line.quantity, line.price, line.discount)
        };
        if document.lines[..place].iter().any(is_twin) {
            found.push(Cause::new(Kind::LineTwice, 88, document).of_line(line));
        } else if !document.lines.iter().enumerate().any(|(at, other)| at != place && is_twin(other)) {
            found.push(Cause::new(Kind::LineTwice, 20, document).of_line(line));
        }
    }
}

/// Lines that are missing in the numbering of an order's lines.
fn left_out(document: &Document, found: &mut Vec<Cause>) {
    let numbers: Vec<i32> = document.lines.iter().map(|line| line.number).collect();
    let from = if numbers.first().is_some_and(|first| *first == 2) { 1 } else { numbers.first().copied().unwrap_or(1) };
    let to = numbers.last().copied().unwrap_or(0);
    if i64::from(to) - i64::from(from) < 1000 {
        for number in (from..to).filter(|number| !numbers.contains(number)) {
            let mut cause = Cause::new(Kind::LineMissing, 80, document);
            cause.line_no = Some(number);
            found.push(cause);
        }
    }
    if document.lines.is_empty() {
        let mut cause = Cause::new(Kind::LineMissing, 84, document);
        cause.line_no = Some(1);
        found.push(cause);
    }
}

/// A price, quantity or discount of a line that, written a little differently, makes the sums equal.
fn mistyped(case: &Case<'_>, document: &Document, line: &Line, found: &mut Vec<Cause>) {
    let quantity = i64::from(line.quantity);
    let mut try_value = |column: &'static str, was: i64, change: i64| {
        let now = was + change;
        let Some((kind, weight)) = slip(was, now) else { return };
        let weight = i64::from(weight) + plausible(case, line, column, now);
        found.push(Cause::new(kind, weight.clamp(1, 96) as u8, document).of_line(line).value(column, was, now));
    };
    let same_quantity = case.quantity.is_none_or(|quantity| quantity == 0);
    if same_quantity && quantity != 0 && case.amount % quantity == 0 {
        try_value("unit_price", line.price, -case.amount / quantity);
    }
    let divides = line.price != 0 && case.amount % line.price == 0;
    if divides && case.quantity.is_none_or(|quantity| quantity * line.price == case.amount) {
        try_value("quantity", quantity, -case.amount / line.price);
    }
    if same_quantity && line.discount != 0 {
        try_value("discount", line.discount, case.amount);
    }
}

/// How likely a value is by what the product usually costs and how many are usually bought.
fn plausible(case: &Case<'_>, line: &Line, column: &str, now: i64) -> i64 {
    match column {
        "unit_price" => {
            let (at_was, at_now) = ((case.sold_at)(line.product, line.price), (case.sold_at)(line.product, now));
            match (at_was, at_now) {
                (0..=1, 2..) => 40,
                (_, 0) if at_was > 1 => -35,
                (_, 0) => -10,
                _ if at_now > at_was => 10,
                _ => -15,
            }
        }
        "quantity" if now <= 0 => -60,
        "quantity" => match (i64::from(line.quantity), now) {
            (was, now) if was >= 10 && now < 10 => 22,
            (was, now) if now > was => -5,
            _ => 5,
        },
        _ if now < 0 || now > line.price * i64::from(line.quantity) => -60,
        _ => {
            // A discount that was a plain share of the amount, and is none now, is likelier mistyped.
            let gross = line.price * i64::from(line.quantity);
            let is_share = |discount: i64| gross > 0 && (discount * 100) % gross == 0;
            if is_share(now) && !is_share(line.discount) { 25 } else { -5 }
        }
    }
}

/// How a value may have become another under somebody's fingers, and how usual that is.
pub fn slip(was: i64, now: i64) -> Option<(Kind, u8)> {
    if was == now || (was < 0) != (now < 0) || was == 0 || now == 0 {
        return None;
    }
    let (small, large) = (was.abs().min(now.abs()), was.abs().max(now.abs()));
    if [10, 100, 1000].iter().any(|factor| small.checked_mul(*factor) == Some(large)) {
        return Some((Kind::DecimalSlip, 55));
    }
    let (a, b) = (was.abs().to_string().into_bytes(), now.abs().to_string().into_bytes());
    if a.len() != b.len() {
        // A swap may bring a zero to the front: 0450 is written 450.
        let (shorter, longer) = if a.len() < b.len() { (&a, &b) } else { (&b, &a) };
        let padded = [vec![b'0'; longer.len() - shorter.len()], shorter.clone()].concat();
        return is_swap(&padded, longer).then_some((Kind::DigitsSwapped, 50));
    }
    if is_swap(&a, &b) {
        return Some((Kind::DigitsSwapped, 55));
    }
    let differing = a.iter().zip(&b).filter(|(left, right)| left != right).count();
    (differing == 1 && a.len() > 1).then_some((Kind::DigitWrong, 30))
}

/// Whether two digits next to each other changed places, and nothing else.
fn is_swap(a: &[u8], b: &[u8]) -> bool {
    let differing: Vec<usize> = (0..a.len().min(b.len())).filter(|at| a[*at] != b[*at]).collect();
    matches!(differing[..], [first, second] if second == first + 1 && a[first] == b[second] && a[second] == b[first])
}

/// The branch's own total, mistyped.
fn mistyped_total(case: &Case<'_>, found: &mut Vec<Cause>) {
    let arrived = case.stated + case.amount;
    if let Some((kind, _)) = slip(case.stated, arrived) {
        let weight = if kind == Kind::DigitWrong { 45 } else { 75 };
        let cause = Cause::new(Kind::TotalMistyped, weight, &Document::default());
        found.push(cause.value("amount", case.stated, arrived));
    }
}

/// An order too many.
fn doubled(case: &Case<'_>, found: &mut Vec<Cause>) {
    let content = |document: &Document| {
        let mut lines: Vec<(u32, i32, i64, i64)> =
            document.lines.iter().map(|line| (line.product, line.quantity, line.price, line.discount)).collect();
        lines.sort_unstable();
        (document.customer, lines)
    };
    let completed: Vec<&&Document> = case.documents.iter().filter(|document| document.completed).collect();
    for document in completed.iter().filter(|document| explains(case, document, 1)) {
        let twin = completed.iter().find(|other| {
            other.id < document.id && other.amount() == document.amount() && content(other) == content(document)
        });
        match twin {
            Some(_) => found.push(Cause::new(Kind::DocumentTwice, 90, document)),
            None => found.push(Cause::new(Kind::StatusWrong, 25, document)),
        }
        if !looks_like_the_others(&document.id, &completed) {
            found.push(Cause::new(Kind::FromElsewhere, 91, document));
        }
    }
}

/// Whether an order that is there once too often (`sign` 1) or too seldom (-1) makes amount, rows and units equal.
fn explains(case: &Case<'_>, document: &Document, sign: i64) -> bool {
    let (rows, quantity) =
        (document.lines.len() as i64, document.lines.iter().map(|line| i64::from(line.quantity)).sum::<i64>());
    document.amount() * sign == case.amount
        && case.rows.is_none_or(|own| own == rows * sign)
        && case.quantity.is_none_or(|own| own == quantity * sign)
}

/// Whether an order's number begins as most others of the day do.
fn looks_like_the_others(id: &str, documents: &[&&Document]) -> bool {
    let stem = |id: &str| id.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_string();
    let own = stem(id);
    let same = documents.iter().filter(|document| stem(&document.id) == own).count();
    documents.len() < 3 || same * 2 >= documents.len() || same == 0
}

/// An order too few, or a row.
fn missing(case: &Case<'_>, found: &mut Vec<Cause>) {
    for (branch, document) in case.elsewhere.iter().filter(|(_, document)| explains(case, document, -1)) {
        let mut cause = Cause::new(Kind::OtherBranch, 94, document);
        cause.branch = branch.clone();
        found.push(cause);
    }
    for id in case.missing {
        let weight = if case.missing.len() == 1 { 89 } else { 70 };
        found.push(Cause { document: id.clone(), ..Cause::new(Kind::DocumentMissing, weight, &Document::default()) });
    }
    for document in case.documents.iter().filter(|document| !document.completed && explains(case, document, -1)) {
        found.push(Cause::new(Kind::StatusWrong, 65, document));
    }
    if case.rows == Some(-1) && case.amount < 0 {
        let mut cause = Cause::new(Kind::RowMissing, 50, &Document::default());
        (cause.column, cause.now) = ("amount", Some(-case.amount));
        found.push(cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: i32, product: u32, quantity: i32, price: i64) -> Line {
        Line { number, product, quantity, price, ..Line::default() }
    }

    fn document(id: &str, lines: Vec<Line>) -> Document {
        Document { id: id.into(), completed: true, lines, ..Document::default() }
    }

    fn likeliest(documents: &[Document], orders: i64, amount: i64) -> Vec<Cause> {
        explained(documents, [Some(orders), None, None], amount, &[])
    }

    fn explained(
        documents: &[Document],
        [orders, rows, quantity]: [Option<i64>; 3],
        amount: i64,
        missing: &[String],
    ) -> Vec<Cause> {
        let documents: Vec<&Document> = documents.iter().collect();
        let usual = [(1, 54_000, 9), (2, 125_000, 9)];
        let sold_at = |product: u32, price: i64| {
            usual.iter().find(|(own, at, _)| (*own, *at) == (product, price)).map_or(0, |(.., lines)| *lines)
        };
        causes(&Case {
            orders,
            rows,
            quantity,
            amount,
            stated: 1_234_567,
            documents: &documents,
            refused: &[],
            missing,
            elsewhere: &[],
            sold_at: &sold_at,
        })
    }

    #[test]
    fn the_slips_of_fingers() {
        for (was, now, kind) in [
            (45_000, 54_000, Some(Kind::DigitsSwapped)),
            (450, 4_050, Some(Kind::DigitsSwapped)),
            (450, 5_400, None),
            (450, 4_500, Some(Kind::DecimalSlip)),
            (12_000, 12, Some(Kind::DecimalSlip)),
            (405, 450, Some(Kind::DigitsSwapped)),
            (45, 405, Some(Kind::DigitsSwapped)),
            (45, 504, None),
            (90, 9, Some(Kind::DecimalSlip)),
            (4_500, 4_700, Some(Kind::DigitWrong)),
            (4_500, 4_500, None),
            (123, 321, None),
        ] {
            assert_eq!(slip(was, now).map(|(kind, _)| kind), kind, "{was} {now}");
            assert_eq!(slip(now, was).map(|(kind, _)| kind), kind, "{now} {was}");
        }
    }

    #[test]
    fn a_price_no_one_else_paid_is_likelier_wrong() {
        let documents = [
            document("A-1", vec![line(1, 3, 1, 45_000), line(2, 2, 1, 125_000)]),
            document("A-2", vec![line(1, 1, 1, 45_000)]),
        ];
        let found = likeliest(&documents, 0, -9_000);
        assert_eq!((found[0].document.as_str(), found[0].kind), ("A-2", Kind::DigitsSwapped));
        assert_eq!((found[0].was, found[0].now), (Some(45_000), Some(54_000)));
    }

    #[test]
    fn twins_are_told_from_orders_of_the_same_amount() {
        let documents = [
            document("A-1", vec![line(1, 1, 2, 54_000)]),
            document("A-2", vec![line(1, 2, 1, 108_000)]),
            document("A-3", vec![line(1, 1, 2, 54_000)]),
        ];
        let found = likeliest(&documents, 1, 108_000);
        assert_eq!((found[0].document.as_str(), found[0].kind), ("A-3", Kind::DocumentTwice));
    }

    #[test]
    fn the_number_of_rows_says_whether_a_row_is_missing_there_twice_or_mistyped() {
        let documents = [
            document("A-1", vec![line(1, 1, 1, 54_000), line(2, 1, 1, 54_000)]),
            document("A-2", vec![line(1, 2, 1, 125_000)]),
            document("A-4", vec![line(1, 1, 1, 45_000)]),
        ];
        let first = |rows: i64, amount: i64, missing: &[String]| {
            let found = explained(&documents, [None, Some(rows), None], amount, missing);
            (found[0].kind, found[0].document.clone(), found.len())
        };
        assert_eq!(first(0, -9_000, &[]), (Kind::DigitsSwapped, "A-4".into(), 1));
        assert_eq!(first(1, 54_000, &[]), (Kind::LineTwice, "A-1".into(), 1));
        assert_eq!(first(-1, -9_000, &["A-3".into()]), (Kind::DocumentMissing, "A-3".into(), 2));
        assert_eq!(first(-1, -9_000, &[]), (Kind::RowMissing, String::new(), 1));
        // Where units are missing, too, no price is at fault.
        let found = explained(&documents, [None, None, Some(-3)], -9_000, &["A-3".into()]);
        assert_eq!((found[0].kind, found.len()), (Kind::DocumentMissing, 1));
    }

    #[test]
    fn a_gap_in_the_lines_is_named() {
        let documents = [document("A-1", vec![line(1, 1, 1, 54_000), line(3, 2, 1, 125_000)])];
        let found = likeliest(&documents, 0, -30_000);
        assert_eq!((found[0].kind, found[0].line_no), (Kind::LineMissing, Some(2)));
    }
}
