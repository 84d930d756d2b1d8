//! Parser for formulas: `5ms`, `$gap`, `(i + 1) % n`, `max(i, 2 * $seats)`.
//!
//! A precedence parser that also tracks the unit and the range of each formula. Knobs have ranges, so a number that
//! could be out of range is found before the run.

mod functions;

use std::ops::Range;

use crate::expr::Expr;
use crate::knob::{Knob, KnobKind, Unit};
use crate::quantity::{self, QuantityError};
use crate::suggest::suggest;
use contend_trace::KnobId;

/// Longest formula, in numbers, names and signs. This also limits its depth.
const LONGEST: usize = 64;

/// The most workers of any scenario.
const WORKERS: f64 = 10_000.0;

/// A bound for the number of tasks in any run.
const TASKS: f64 = 1e15;

/// The longest recorded duration of a trace's request, in nanoseconds: one hour.
const LONGEST_SERVICE: f64 = 3_600e9;

/// A bound for the value of any counter.
const COUNTED: f64 = 1e15;

/// A formula with its unit and the range of its values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Formula {
    pub expr: Expr,
    pub unit: Unit,
    pub low: f64,
    pub high: f64,
}

/// A mistake in a formula, with its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FormulaError {
    pub at: Range<usize>,
    pub title: String,
    pub help: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64, Unit),
    Knob(String),
    Name(String),
    /// `loaded(COUNTER)`: the name of the counter.
    Loaded(String),
    Sign(char),
}

/// The names that a formula can use.
#[derive(Debug, Clone, Copy)]
pub(super) struct FormulaNames<'a> {
    pub knobs: &'a [Knob],
    /// The positions of counters among the resources.
    pub counters: &'a [(&'a str, usize)],
}

/// Parses a formula. `index` allows `i`, `n`, `task`, random values and values of counters.
pub(super) fn parse(text: &str, names: FormulaNames<'_>, index: bool) -> Result<Formula, FormulaError> {
    let tokens = tokens(text)?;
    if tokens.len() > LONGEST {
        return Err(formula_error(
            0..text.len(),
            "this formula is too long",
            Some("64 numbers, names and signs at most"),
        ));
    }
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len(), names, index };
    let formula = parser.sum()?;
    match parser.peek() {
        None => Ok(formula),
        Some((Token::Name(name), at)) => {
            let help =
                "write a unit right after its number: 5ms, 64KiB, 200/s; write one of + - * / % between two numbers";
            Err(formula_error(at.clone(), format!("`{name}` means nothing here"), Some(help)))
        }
        Some((_, at)) => Err(formula_error(at.clone(), "expected the end, or one of + - * / %", None)),
    }
}

fn formula_error(at: Range<usize>, what: impl Into<String>, help: Option<&str>) -> FormulaError {
    FormulaError { at, title: what.into(), help: help.map(str::to_owned) }
}

fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, FormulaError> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = match c {
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '0'..='9' | '.' => number(rest, at)?,
            '$' => {
                let name = name(&rest[1..], true);
                (Token::Knob(name.to_owned()), 1 + name.len())
            }
            'a'..='z' | 'A'..='Z' => {
                if let Some((counter, length)) = loaded_counter(rest) {
                    (Token::Loaded(counter.to_owned()), length)
                } else {
                    let name = name(rest, false);
                    (Token::Name(name.to_owned()), name.len())
                }
            }
            '+' | '-' | '*' | '/' | '%' | '(' | ')' | ',' => (Token::Sign(c), 1),
            _ => {
                let help = "numbers, $knobs, i, n, task, service, cores, min( , ), max( , ), random( , ), \
                            exponential( ), lognormal( , ), bimodal( , , ), loaded( ), + - * / % and parentheses";
                return Err(formula_error(at..at + c.len_utf8(), "this does not belong in a number", Some(help)));
            }
        };
        out.push((token, at..at + length));
        at += length;
        if out.len() > LONGEST {
            break; // too long already
        }
    }
    Ok(out)
}

/// Returns the counter's name in `loaded(COUNTER)` at the start of the text, and the length of all of it.
fn loaded_counter(text: &str) -> Option<(&str, usize)> {
    let (counter, _) = text.strip_prefix("loaded(")?.split_once(')')?;
    Some((counter.trim(), "loaded()".len() + counter.len()))
}

/// Returns the name at the start of the text. Names of knobs can contain `-`.
fn name(text: &str, hyphen: bool) -> &str {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || hyphen && c == '-';
    &text[..text.find(|c| !part(c)).unwrap_or(text.len())]
}

/// Parses a number with an optional unit: `5ms`, `200/s`, `3`.
fn number(text: &str, at: usize) -> Result<(Token, usize), FormulaError> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let rest = &text[digits..];
    let rate = rest.starts_with("/s") && name(&rest[1..], false) == "s";
    let letters = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    let length = digits + if rate { 2 } else { letters };
    match quantity::parse(&text[..length]) {
        Ok((value, unit)) => Ok((Token::Number(value, unit), length)),
        Err(QuantityError::Digits) => Err(formula_error(at..at + length, "this is not a number", None)),
        Err(QuantityError::Unit(unit)) => Err(formula_error(
            at + digits..at + length,
            format!("`{unit}` is not a unit"),
            Some("times: ns us ms s min h; sizes: B kB KiB MB MiB GB GiB; rates: /s"),
        )),
    }
}

struct Parser<'a> {
    tokens: &'a [(Token, Range<usize>)],
    at: usize,
    end: usize,
    names: FormulaNames<'a>,
    index: bool,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a (Token, Range<usize>)> {
        self.tokens.get(self.at)
    }

    /// Takes the next token if it is one of these signs.
    fn sign(&mut self, signs: &[char]) -> Option<(char, Range<usize>)> {
        match self.peek() {
            Some((Token::Sign(sign), at)) if signs.contains(sign) => {
                self.at += 1;
                Some((*sign, at.clone()))
            }
            _ => None,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), FormulaError> {
        let here = self.peek().map_or(self.end..self.end, |(_, at)| at.clone());
        self.sign(&[wanted]).map(drop).ok_or_else(|| formula_error(here, format!("expected `{wanted}`"), None))
    }

    fn sum(&mut self) -> Result<Formula, FormulaError> {
        let mut left = self.product()?;
        while let Some((op, at)) = self.sign(&['+', '-']) {
            left = combine(left, op, self.product()?, at)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Formula, FormulaError> {
        let mut left = self.factor()?;
        while let Some((op, at)) = self.sign(&['*', '/', '%']) {
            left = combine(left, op, self.factor()?, at)?;
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Formula, FormulaError> {
        let Some((token, at)) = self.peek() else {
            return Err(formula_error(self.end..self.end, "expected a number", Some("such as 5ms, 8, $knob or i + 1")));
        };
        self.at += 1;
        match token {
            Token::Number(value, unit) => {
                Ok(Formula { expr: Expr::Number(*value), unit: *unit, low: *value, high: *value })
            }
            Token::Knob(name) => self.knob(name, at),
            Token::Name(name) => self.named_value(name, at),
            Token::Loaded(counter) => self.loaded_value(counter, at),
            Token::Sign('(') => {
                let inner = self.sum()?;
                self.expect(')')?;
                Ok(inner)
            }
            Token::Sign('-') => {
                let zero = |unit| Formula { expr: Expr::Number(0.0), unit, low: 0.0, high: 0.0 };
                let inner = self.factor()?;
                combine(zero(inner.unit), '-', inner, at.clone())
            }
            Token::Sign(_) => {
                Err(formula_error(at.clone(), "expected a number", Some("such as 5ms, 8, $knob or i + 1")))
            }
        }
    }

    fn loaded_value(&self, name: &str, at: &Range<usize>) -> Result<Formula, FormulaError> {
        let counters = self.names.counters;
        match counters.iter().find(|(counter, _)| *counter == name) {
            _ if !self.index => {
                let help = "values of counters are for steps only";
                Err(formula_error(at.clone(), "`loaded` means nothing here", Some(help)))
            }
            Some((_, id)) => Ok(Formula { expr: Expr::Loaded(*id), unit: Unit::Count, low: -COUNTED, high: COUNTED }),
            None => {
                let near = suggest(name, counters.iter().map(|(counter, _)| *counter));
                let help = near.map(|near| format!("did you mean `loaded({near})`?"));
                let title = format!("there is no counter `{name}`");
                Err(FormulaError { at: at.clone(), title, help })
            }
        }
    }

    fn knob(&self, name: &str, at: &Range<usize>) -> Result<Formula, FormulaError> {
        let Some(id) = self.names.knobs.iter().position(|knob| knob.name == name) else {
            let near = suggest(name, self.names.knobs.iter().map(|knob| knob.name.as_str()));
            let help = near.map(|near| format!("did you mean `${near}`?"));
            let help = help.unwrap_or_else(|| format!("declare it at the top: knob {name} DEFAULT min=... max=..."));
            return Err(FormulaError { at: at.clone(), title: format!("there is no knob `{name}`"), help: Some(help) });
        };
        match self.names.knobs[id].kind {
            KnobKind::Number { unit, min, max, .. } => {
                Ok(Formula { expr: Expr::Knob(KnobId::from(id)), unit, low: min, high: max })
            }
            _ => Err(formula_error(at.clone(), format!("the knob `{name}` is not a number"), None)),
        }
    }

    fn named_value(&mut self, name: &str, at: &Range<usize>) -> Result<Formula, FormulaError> {
        match name {
            "i" | "n" | "task" | "service" if !self.index => {
                let help = "i, n, task and service are for steps only";
                Err(formula_error(at.clone(), format!("`{name}` means nothing here"), Some(help)))
            }
            "i" => Ok(Formula { expr: Expr::WorkerIndex, unit: Unit::Count, low: 0.0, high: WORKERS - 1.0 }),
            "n" => Ok(Formula { expr: Expr::GroupSize, unit: Unit::Count, low: 1.0, high: WORKERS }),
            "task" => Ok(Formula { expr: Expr::TaskNumber, unit: Unit::Count, low: 0.0, high: TASKS }),
            "service" => {
                Ok(Formula { expr: Expr::RecordedDuration, unit: Unit::Time, low: 0.0, high: LONGEST_SERVICE })
            }
            "cores" => {
                let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
                Ok(Formula { expr: Expr::Number(cores), unit: Unit::Count, low: cores, high: cores })
            }
            "random" | "exponential" | "lognormal" | "bimodal" if !self.index => {
                let help = "random values are for steps only, which evaluate them each time";
                Err(formula_error(at.clone(), format!("`{name}` means nothing here"), Some(help)))
            }
            "min" | "max" | "random" | "exponential" | "lognormal" | "bimodal" => self.function(name, at.clone()),
            _ if self.names.knobs.iter().any(|knob| knob.name == name) => {
                Err(formula_error(at.clone(), format!("`{name}` is a knob"), Some(&format!("write `${name}`"))))
            }
            _ => Err(formula_error(
                at.clone(),
                format!("`{name}` means nothing here"),
                Some("known: i, n, task, service, cores, min, max, random, exponential, lognormal, bimodal, $knobs"),
            )),
        }
    }
}

fn mixed_units_error(at: Range<usize>) -> FormulaError {
    formula_error(at, "these two have different units", Some("both sides must be times, or sizes, or bare numbers"))
}

/// Combines two formulas by a sign. `+`, `-` and `%` need equal units; `*` and `/` need a bare number, or `/` equal
/// units.
fn combine(left: Formula, op: char, right: Formula, at: Range<usize>) -> Result<Formula, FormulaError> {
    use Unit::Count;
    let unit = match (op, left.unit, right.unit) {
        ('*' | '/', unit, Count) | ('*', Count, unit) => unit,
        ('/' | '+' | '-' | '%', a, b) if a == b => {
            if op == '/' {
                Count
            } else {
                a
            }
        }
        _ => return Err(mixed_units_error(at)),
    };
    let (a, b, c, d) = (left.low, left.high, right.low, right.high);
    let all = match op {
        '+' => [a + c, b + d, a + c, b + d],
        '-' => [a - d, b - c, a - d, b - c],
        '*' => [a * c, a * d, b * c, b * d],
        '%' => [0.0, c.abs().max(d.abs()), 0.0, 0.0],
        // The divisor can be arbitrarily close to zero.
        _ if c <= 0.0 && d >= 0.0 => [f64::MIN, f64::MAX, 0.0, 0.0],
        _ => [a / c, a / d, b / c, b / d],
    };
    let low = all.into_iter().fold(f64::INFINITY, f64::min);
    let high = all.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let expr = Expr::Op(Box::new(left.expr), op, Box::new(right.expr));
    Ok(Formula { expr, unit, low, high })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::expr::EvalContext;

    struct TestContext(u32, u32);

    impl EvalContext for TestContext {
        fn knob(&self, _: KnobId) -> f64 {
            3.0
        }

        fn worker_position(&self) -> (u32, u32) {
            (self.0, self.1)
        }
    }

    fn knobs() -> Vec<Knob> {
        let kind = KnobKind::Number { unit: Unit::Count, default: 3.0, min: 1.0, max: 9.0 };
        vec![Knob { name: "seats".into(), kind, help: String::new(), is_live: true }]
    }

    /// Parses a formula that may use these knobs and a counter.
    fn parse(text: &str, knobs: &[Knob], index: bool) -> Result<Formula, FormulaError> {
        super::parse(text, FormulaNames { knobs, counters: &[("next-ticket", 7)] }, index)
    }

    #[test]
    fn loaded_names_a_counter() {
        let parsed = parse("loaded( next-ticket ) - 1", &knobs(), true).expect("it is a formula").expr;
        assert_eq!(parsed, Expr::Op(Box::new(Expr::Loaded(7)), '-', Box::new(Expr::Number(1.0))));
        let wrong = parse("1 + loaded(next-tocket)", &knobs(), true).expect_err("no such counter");
        assert_eq!((wrong.at, wrong.title.as_str()), (4..23, "there is no counter `next-tocket`"));
        assert_eq!(wrong.help.as_deref(), Some("did you mean `loaded(next-ticket)`?"));
        assert!(parse("loaded(next-ticket)", &knobs(), false).is_err(), "it has no value outside of steps");
    }

    fn value(text: &str) -> i64 {
        parse(text, &knobs(), true).expect("it is a formula").expr.eval(&TestContext(4, 5)) as i64
    }

    #[test]
    fn operators_have_the_usual_precedence() {
        assert_eq!(value("1 + 2 * 3"), 7);
        assert_eq!(value("(1 + 2) * 3"), 9);
        assert_eq!(value("10 - 3 - 2"), 5);
        assert_eq!(value("(i + 1) % n"), 0);
        assert_eq!(value("-1 % 5"), 4);
        assert_eq!(value("min(i, (i + 1) % $seats)"), 2);
        assert_eq!(value("max(i, $seats)"), 4);
        assert_eq!(value("2ms * 3"), 6_000_000);
    }

    #[test]
    fn random_values_stay_within_their_bounds() {
        struct Dice(f64);
        impl EvalContext for Dice {
            fn knob(&self, _: KnobId) -> f64 {
                3.0
            }
            fn worker_position(&self) -> (u32, u32) {
                (0, 1)
            }
            fn random_unit(&self) -> f64 {
                self.0
            }
        }
        for text in [
            "random(2ms, $seats * 1ms)",
            "exponential(2ms) + 1ms",
            "exponential(0ms - 2ms)",
            "lognormal(2ms, $seats * 9ms)",
            "lognormal(2ms, $seats * 1ms)",
            "bimodal(2ms, 90ms, 1/$seats)",
            "bimodal(exponential(2ms), lognormal(1ms, 9ms), 1/10)",
        ] {
            let formula = parse(text, &knobs(), true).expect("it is a formula");
            assert!(formula.expr.is_random());
            for chance in [0.0, 0.5, 1.0 - f64::EPSILON / 2.0] {
                let value = formula.expr.eval(&Dice(chance));
                assert!((formula.low..=formula.high).contains(&value), "{text}: {value} {formula:?}");
            }
        }
        let mean = |chance| parse("exponential(1)", &[], true).expect("right").expr.eval(&Dice(chance));
        let all: f64 = (0..1_000).map(|i| mean((f64::from(i) + 0.5) / 1_000.0)).sum();
        assert!((all / 1_000.0 - 1.0).abs() < 0.01, "{all}");
        assert_eq!(parse("random(1, 2)", &[], false).expect_err("random numbers are not allowed here").at, 0..6);
    }

    #[test]
    fn bimodal_draws_the_rare_value_as_often_as_stated() {
        struct Dice(f64);
        impl EvalContext for Dice {
            fn knob(&self, _: KnobId) -> f64 {
                4.0
            }
            fn random_unit(&self) -> f64 {
                self.0
            }
        }
        let formula = parse("bimodal(1ms, 50ms, 1/$seats)", &knobs(), true).expect("it is a formula").expr;
        let rare = (0..1_000).filter(|i| formula.eval(&Dice(f64::from(*i) / 1_000.0)) > 2e6).count();
        assert_eq!(rare, 250);
    }

    #[test]
    fn errors_point_at_the_wrong_part() {
        let at = |text: &str| parse(text, &knobs(), true).expect_err("it is wrong").at;
        assert_eq!(at("i + "), 4..4);
        assert_eq!(at("i + $seat"), 4..9);
        assert_eq!(at("i ^ 2"), 2..3);
        assert_eq!(at("2 parsec"), 2..8);
        assert_eq!(at("2parsec"), 1..7);
        assert_eq!(at("2ms + 3"), 4..5);
        assert_eq!(at("(i + 1"), 6..6);
        assert_eq!(at("lognormal(2ms)"), 13..14);
        assert_eq!(at("lognormal(9ms, 2ms)"), 0..9);
        assert_eq!(at("lognormal(1ms, 2)"), 0..9);
        assert_eq!(at("bimodal(1ms, 2ms, 3)"), 0..7);
        assert_eq!(at("bimodal(1ms, 2ms, 1ms)"), 0..7);
        assert_eq!(parse("i", &[], false).expect_err("no worker").at, 0..1);
    }

    #[test]
    fn long_and_deep_formulas_are_refused() {
        for text in ["(".repeat(100_000), "1+".repeat(100_000) + "1", "-".repeat(100_000) + "1"] {
            assert!(parse(&text, &[], false).is_err());
        }
    }

    /// Generates count formulas with every operator and function. All of them are valid.
    fn valid_formula() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            prop::sample::select(vec!["i", "n", "$seats"]).prop_map(str::to_owned),
            (1..1_000_u32).prop_map(|number| number.to_string()),
        ];
        leaf.prop_recursive(4, 16, 2, |inner| {
            let operator = prop::sample::select(vec!["+", " - ", "*", " / ", "%"]);
            let function = prop::sample::select(vec!["min", "max", "random"]);
            prop_oneof![
                (inner.clone(), operator.clone(), inner.clone()).prop_map(|(a, op, b)| format!("{a}{op}{b}")),
                (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("({a}{op}{b})")),
                (function, inner.clone(), inner.clone()).prop_map(|(name, a, b)| format!("{name}({a}, {b})")),
                inner.clone().prop_map(|a| format!("exponential({a})")),
                inner.clone().prop_map(|a| format!("lognormal(1, 1 + max({a}, 0))")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("bimodal({a}, {b}, 1/$seats)")),
                inner.prop_map(|a| format!("-({a})")),
            ]
        })
    }

    proptest! {
        #[test]
        fn errors_of_any_text_point_into_the_text(
            text in prop_oneof![any::<String>(), "[0-9in$seat+*/%() ,mx-]{0,20}"],
        ) {
            if let Err(error) = parse(&text, &knobs(), true) {
                prop_assert!(text.get(error.at.clone()).is_some(), "{:?} of {:?}", error.at, text);
                prop_assert!(!error.title.is_empty());
            }
        }

        #[test]
        fn value_of_a_valid_formula_lies_within_its_bounds(text in valid_formula()) {
            let formula = parse(&text, &knobs(), true);
            prop_assert!(formula.is_ok(), "{}: {:?}", text, formula);
            let formula = formula.expect("it was checked");
            let value = formula.expr.eval(&TestContext(4, 5));
            let slack = 1e-9 * (1.0 + value.abs());
            prop_assert!(formula.low - slack <= value && value <= formula.high + slack, "{} {:?}", value, formula);
        }
    }
}
