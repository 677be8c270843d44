//! Small formulas over named values, in exact decimals: `0.014 * paid + 0.25`, `8 + 3 * (channel == 'phone')`.
//!
//! Numbers, names, 'texts', `+ - * /`, comparisons (1 or 0), `and`, `or`, `not`, brackets, `min(a, b)`, `max(a, b)`
//! and `if(condition, a, b)`. A text can only be compared with `==` or `!=`. What the names mean is the caller's to say.

use std::cmp::Ordering;

use super::decimal::Decimal;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A number, by the caller's own number of it.
    Number(u16),
    /// A text, by the caller's own number of it.
    Text(u16),
}

/// Where a formula finds its values.
pub trait Values {
    /// The number of a name; `None` where there is none, which ends the evaluation.
    fn number(&self, name: u16) -> Option<Decimal>;
    /// The text of a name.
    fn text(&self, name: u16) -> &str;
}

/// A formula, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Formula {
    steps: Vec<Step>,
}

/// The deepest nesting of intermediate values.
const DEEPEST: usize = 16;

#[derive(Debug, Clone)]
enum Step {
    Constant(Decimal),
    Number(u16),
    TextIs(u16, String),
    Add,
    Subtract,
    Multiply,
    Divide,
    Negate,
    Not,
    /// Leaves 1 where the comparison is one of these.
    Compare(&'static [Ordering]),
    Min,
    Max,
    And,
    Or,
    /// Takes a value; where it is zero, goes on at the place given.
    UnlessGoTo(usize),
    GoTo(usize),
}

impl Formula {
    /// Reads a formula; the message says what is wrong and where.
    pub fn parse(text: &str, meaning: &dyn Fn(&str) -> Option<Meaning>) -> Result<Formula, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, place: 0, meaning, steps: Vec::new(), depth: 0, deepest: 0 };
        parser.either()?;
        match parser.peek() {
            Some((_, at)) => Err(format!("there is something left over at character {}", at + 1)),
            None if parser.deepest > DEEPEST => Err("it is nested too deeply".into()),
            None => Ok(Formula { steps: parser.steps }),
        }
    }

    /// Its value; `None` for a division by zero, a number that does not fit or a name without a value.
    pub fn value(&self, values: &impl Values) -> Option<Decimal> {
        let mut stack = [Decimal::ZERO; DEEPEST];
        let (mut height, mut place) = (0, 0);
        while let Some(step) = self.steps.get(place) {
            place += 1;
            match step {
                Step::Constant(value) => push(&mut stack, &mut height, *value),
                Step::Number(name) => push(&mut stack, &mut height, values.number(*name)?),
                Step::TextIs(name, text) => push(&mut stack, &mut height, flag(values.text(*name) == text)),
                Step::Negate => stack[height - 1] = Decimal::ZERO.minus(stack[height - 1])?,
                Step::Not => stack[height - 1] = flag(stack[height - 1].is_zero()),
                Step::UnlessGoTo(target) => {
                    height -= 1;
                    if stack[height].is_zero() {
                        place = *target;
                    }
                }
                Step::GoTo(target) => place = *target,
                two => {
                    height -= 1;
                    let (left, right) = (stack[height - 1], stack[height]);
                    stack[height - 1] = match two {
                        Step::Add => left.plus(right)?,
                        Step::Subtract => left.minus(right)?,
                        Step::Multiply => left.times(right)?,
                        Step::Divide => left.over(right)?,
                        Step::Compare(orderings) => flag(orderings.contains(&left.compare(right))),
                        Step::Min if left.compare(right) == Ordering::Greater => right,
                        Step::Max if left.compare(right) == Ordering::Less => right,
                        Step::And => flag(!left.is_zero() && !right.is_zero()),
                        Step::Or => flag(!left.is_zero() || !right.is_zero()),
                        _ => left,
                    };
                }
            }
        }
        Some(stack[0])
    }

    /// The caller's numbers of the names it reads, in order, each once.
    pub fn names(&self) -> Vec<u16> {
        let mut names: Vec<u16> = self
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Number(name) | Step::TextIs(name, _) => Some(*name),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn push(stack: &mut [Decimal; DEEPEST], height: &mut usize, value: Decimal) {
    stack[*height] = value;
    *height += 1;
}

fn flag(yes: bool) -> Decimal {
    if yes { Decimal::ONE } else { Decimal::ZERO }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(String),
    Name(String),
    Text(String),
    Sign(&'static str),
}

const SIGNS: [&str; 14] = ["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")", ",", "="];

/// The tokens of a text, each with where it begins.
fn tokens(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let run = |fits: fn(char) -> bool| rest.find(|letter| !fits(letter)).unwrap_or(rest.len());
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if first.is_ascii_digit() || first == '.' {
            let length = run(|letter| letter.is_ascii_digit() || letter == '.' || letter == '_');
            tokens.push((Token::Number(rest[..length].replace('_', "")), at));
            length
        } else if first.is_alphabetic() {
            let length = run(|letter| letter.is_alphanumeric() || letter == '_' || letter == '.');
            tokens.push((Token::Name(rest[..length].into()), at));
            length
        } else if first == '\'' {
            let end = rest[1..].find('\'').ok_or_else(|| format!("the text at character {} has no end", at + 1))?;
            tokens.push((Token::Text(rest[1..end + 1].into()), at));
            end + 2
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("`{first}` at character {} means nothing here", at + 1))?;
            tokens.push((Token::Sign(sign), at));
            sign.len()
        };
        at += length;
    }
    Ok(tokens)
}

struct Parser<'p> {
    tokens: &'p [(Token, usize)],
    place: usize,
    meaning: &'p dyn Fn(&str) -> Option<Meaning>,
    steps: Vec<Step>,
    depth: usize,
    deepest: usize,
}

type Parsed = Result<(), String>;

impl Parser<'_> {
    fn peek(&self) -> Option<(&Token, usize)> {
        self.tokens.get(self.place).map(|(token, at)| (token, *at))
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = match self.peek() {
            Some((Token::Sign(found), _)) => *found == sign,
            Some((Token::Name(found), _)) => found == sign,
            _ => false,
        };
        self.place += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed {
        match self.takes(sign) {
            true => Ok(()),
            false => Err(match self.peek() {
                Some((_, at)) => format!("`{sign}` is expected at character {}", at + 1),
                None => format!("`{sign}` is missing at the end"),
            }),
        }
    }

    fn add(&mut self, step: Step, leaves: isize) {
        self.steps.push(step);
        self.depth = self.depth.saturating_add_signed(leaves);
        self.deepest = self.deepest.max(self.depth);
    }

    fn either(&mut self) -> Parsed {
        self.both()?;
        while self.takes("or") {
            self.both()?;
            self.add(Step::Or, -1);
        }
        Ok(())
    }

    fn both(&mut self) -> Parsed {
        self.comparison()?;
        while self.takes("and") {
            self.comparison()?;
            self.add(Step::And, -1);
        }
        Ok(())
    }

    fn comparison(&mut self) -> Parsed {
        if self.takes("not") {
            self.comparison()?;
            self.add(Step::Not, 0);
            return Ok(());
        }
        if self.text_comparison()? {
            return Ok(());
        }
        self.sum()?;
        const KINDS: [(&str, &[Ordering]); 6] = [
            ("==", &[Ordering::Equal]),
            ("!=", &[Ordering::Less, Ordering::Greater]),
            ("<=", &[Ordering::Less, Ordering::Equal]),
            (">=", &[Ordering::Greater, Ordering::Equal]),
            ("<", &[Ordering::Less]),
            (">", &[Ordering::Greater]),
        ];
        for (sign, orderings) in KINDS {
            if self.takes(sign) {
                self.sum()?;
                self.add(Step::Compare(orderings), -1);
                break;
            }
        }
        Ok(())
    }

    /// `name == 'text'` or `name != 'text'`.
    fn text_comparison(&mut self) -> Result<bool, String> {
        let Some((Token::Name(name), at)) = self.peek() else { return Ok(false) };
        let Some(Meaning::Text(number)) = (self.meaning)(name) else { return Ok(false) };
        let wrong = format!("`{name}` at character {} is a text: compare it, as in {name} == 'this'", at + 1);
        self.place += 1;
        let negated = match (self.takes("=="), self.takes("!=")) {
            (true, _) => false,
            (_, true) => true,
            _ => return Err(wrong),
        };
        let Some((Token::Text(text), _)) = self.peek() else { return Err(wrong) };
        let text = text.clone();
        self.place += 1;
        self.add(Step::TextIs(number, text), 1);
        if negated {
            self.add(Step::Not, 0);
        }
        Ok(true)
    }

    fn sum(&mut self) -> Parsed {
        self.product()?;
        loop {
            let step = match (self.takes("+"), self.takes("-")) {
                (true, _) => Step::Add,
                (_, true) => Step::Subtract,
                _ => return Ok(()),
            };
            self.product()?;
            self.add(step, -1);
        }
    }

    fn product(&mut self) -> Parsed {
        self.signed()?;
        loop {
            let step = match (self.takes("*"), self.takes("/")) {
                (true, _) => Step::Multiply,
                (_, true) => Step::Divide,
                _ => return Ok(()),
            };
            self.signed()?;
            self.add(step, -1);
        }
    }

    fn signed(&mut self) -> Parsed {
        if self.takes("-") {
            self.signed()?;
            self.add(Step::Negate, 0);
            return Ok(());
        }
        self.single()
    }

    fn single(&mut self) -> Parsed {
        let Some((token, at)) = self.tokens.get(self.place).cloned() else {
            return Err("it ends where a value is expected".into());
        };
        self.place += 1;
        match token {
            Token::Number(digits) => {
                let value = Decimal::parse(&digits)
                    .ok_or_else(|| format!("`{digits}` at character {} is no number", at + 1))?;
                self.add(Step::Constant(value), 1);
                Ok(())
            }
            Token::Sign("(") => {
                self.either()?;
                self.expect(")")
            }
            Token::Name(name) if ["min", "max", "if"].contains(&name.as_str()) => self.call(&name),
            Token::Name(name) => match (self.meaning)(&name) {
                Some(Meaning::Number(number)) => {
                    self.add(Step::Number(number), 1);
                    Ok(())
                }
                _ => Err(format!("`{name}` at character {} is not known here", at + 1)),
            },
            Token::Sign(sign) => Err(format!("`{sign}` at character {} stands where a value is expected", at + 1)),
            Token::Text(text) => Err(format!("'{text}' at character {} is compared with nothing", at + 1)),
        }
    }

    fn call(&mut self, name: &str) -> Parsed {
        self.expect("(")?;
        self.either()?;
        self.expect(",")?;
        if name == "if" {
            let condition = self.steps.len();
            self.add(Step::UnlessGoTo(0), -1);
            self.either()?;
            self.expect(",")?;
            let end_of_first = self.steps.len();
            // Only one of the two values will be there.
            self.add(Step::GoTo(0), -1);
            self.steps[condition] = Step::UnlessGoTo(self.steps.len());
            self.either()?;
            self.steps[end_of_first] = Step::GoTo(self.steps.len());
        } else {
            self.either()?;
            self.add(if name == "min" { Step::Min } else { Step::Max }, -1);
        }
        self.expect(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Order;

    impl Values for Order {
        fn number(&self, name: u16) -> Option<Decimal> {
            [Some(Decimal::new(1999, 2)), Some(Decimal::new(3, 0)), None][usize::from(name)]
        }

        fn text(&self, _: u16) -> &str {
            "phone"
        }
    }

    fn meaning(name: &str) -> Option<Meaning> {
        match name {
            "paid" => Some(Meaning::Number(0)),
            "lines" => Some(Meaning::Number(1)),
            "rate.wage" => Some(Meaning::Number(2)),
            "channel" => Some(Meaning::Text(3)),
            _ => None,
        }
    }

    fn value(text: &str) -> String {
        let formula = Formula::parse(text, &meaning).unwrap_or_else(|message| panic!("{text}: {message}"));
        formula.value(&Order).map_or("none".into(), |value| value.to_string())
    }

    #[test]
    fn formulas_are_worked_out_exactly() {
        for (formula, expected) in [
            ("0.014 * paid + 0.25", "0.52986"),
            ("8 + 3*(channel == 'phone') + 2 * (channel != 'phone')", "11"),
            ("1 - 2 - 3", "-4"),
            ("2 + 3 * 4", "14"),
            ("-lines * -2", "6"),
            ("100 / 8 / 5", "2.5"),
            ("if(lines > 2, 10, 1 / 0)", "10"),
            ("if(lines > 2 and not channel == 'phone', 10, if(lines == 3, 7, 8)) + 1", "8"),
            ("min(lines, 2) + max(lines, 5)", "7"),
            ("lines >= 3 or 1 / 0", "none"),
            ("1_000.50", "1000.5"),
            ("1 / 0", "none"),
            ("rate.wage", "none"),
        ] {
            assert_eq!(value(formula), expected, "{formula}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (formula, message) in [
            ("", "it ends where a value is expected"),
            ("1 +", "it ends where a value is expected"),
            ("piad * 2", "`piad` at character 1 is not known here"),
            ("2 * (paid", "`)` is missing at the end"),
            ("2 paid", "there is something left over at character 3"),
            ("paid $ 2", "`$` at character 6 means nothing here"),
            ("channel + 1", "`channel` at character 1 is a text: compare it, as in channel == 'this'"),
            ("channel == 'phone", "the text at character 12 has no end"),
            ("'phone' == channel", "'phone' at character 1 is compared with nothing"),
            ("1.2.3", "`1.2.3` at character 1 is no number"),
            ("lines = 3", "there is something left over at character 7"),
            ("min(1)", "`,` is expected at character 6"),
        ] {
            assert_eq!(Formula::parse(formula, &meaning).unwrap_err(), message, "{formula}");
        }
        let deep = format!("{}1{}", "1 + (".repeat(20), ")".repeat(20));
        assert_eq!(Formula::parse(&deep, &meaning).unwrap_err(), "it is nested too deeply");
    }

    #[test]
    fn a_formula_says_what_it_reads() {
        let formula = Formula::parse("paid * lines + paid * (channel == 'x')", &meaning).unwrap();
        assert_eq!(formula.names(), [0, 1, 3]);
    }
}
