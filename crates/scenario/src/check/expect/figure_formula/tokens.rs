//! The words, numbers and signs of a condition over figures.

use std::ops::Range;

use super::FormulaError;
use crate::program::{FigureLiteral, LiteralUnit};
use crate::quantity::{self, QuantityError};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::check::expect) enum FormulaToken<'a> {
    Number(FigureLiteral),
    /// `$name`, without the `$`.
    Knob(&'a str),
    Name(&'a str),
    Sign(&'static str),
    End,
}

/// Signs, the longer before the shorter ones that they begin with.
const SIGNS: [&str; 14] = ["<=", ">=", "==", "!=", "<", ">", "=", "+", "-", "*", "/", "(", ")", ","];

/// Signs of other languages, with the words to write instead.
const FOREIGN: [(&str, &str); 6] =
    [("&&", "and"), ("||", "or"), ("!", "not"), ("\u{2264}", "<="), ("\u{2265}", ">="), ("\u{2260}", "!=")];

pub(in crate::check) fn formula_error(at: Range<usize>, title: impl Into<String>, help: Option<&str>) -> FormulaError {
    FormulaError { at, title: title.into(), help: help.map(str::to_owned) }
}

/// Returns the token at or after a position, with its place.
pub(in crate::check::expect) fn next_token(
    text: &str,
    from: usize,
) -> Result<(FormulaToken<'_>, Range<usize>), FormulaError> {
    let rest = text[from..].trim_start();
    let at = text.len() - rest.len();
    let here = |length: usize| at..at + length;
    let Some(first) = rest.chars().next() else { return Ok((FormulaToken::End, here(0))) };
    if first.is_ascii_digit() || first == '.' {
        return number(rest, at);
    }
    if let Some(named) = rest.strip_prefix('$') {
        let name = name(named);
        return Ok((FormulaToken::Knob(name), here(1 + name.len())));
    }
    if first.is_ascii_alphabetic() {
        let name = name(rest);
        return Ok((FormulaToken::Name(name), here(name.len())));
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((FormulaToken::Sign(sign), here(sign.len())));
    }
    if let Some((sign, word)) = FOREIGN.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Err(formula_error(here(sign.len()), format!("write `{word}` for `{sign}`"), None));
    }
    let help =
        "a condition has measures, numbers, $knobs, + - * /, < <= > >= == !=, `and`, `or`, `not` and parentheses";
    Err(formula_error(here(first.len_utf8()), "this does not belong in a condition", Some(help)))
}

/// Returns the name at the start of a text. A `-` belongs to it if a letter or a digit follows.
fn name(text: &str) -> &str {
    let bytes = text.as_bytes();
    let is_part = |at: usize| match bytes[at] {
        b'-' => bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric),
        byte => byte.is_ascii_alphanumeric() || byte == b'_',
    };
    &text[..(0..bytes.len()).find(|at| !is_part(*at)).unwrap_or(bytes.len())]
}

/// Reads a number with its unit: `5ms`, `400/s`, `50%`, `8`.
fn number(text: &str, at: usize) -> Result<(FormulaToken<'_>, Range<usize>), FormulaError> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let rest = &text[digits..];
    if rest.starts_with('%') {
        let value = text[..digits].parse().ok().filter(|value: &f64| value.is_finite());
        let value = value.ok_or_else(|| formula_error(at..at + digits, "this is not a number", None))?;
        let literal = FigureLiteral { value, unit: LiteralUnit::Percent };
        return Ok((FormulaToken::Number(literal), at..at + digits + 1));
    }
    let is_rate = rest.starts_with("/s") && !rest[2..].starts_with(|c: char| c.is_ascii_alphanumeric());
    let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let length = digits + if is_rate { 2 } else { letters };
    match quantity::parse(&text[..length]) {
        Ok((value, unit)) if value.is_finite() => {
            let literal = FigureLiteral { value, unit: LiteralUnit::Quantity(unit) };
            Ok((FormulaToken::Number(literal), at..at + length))
        }
        Err(QuantityError::Unit(unit)) => {
            let help = "times: ns us ms s min h; sizes: B kB KiB MB MiB GB GiB; rates: /s; shares: %";
            Err(formula_error(at + digits..at + length, format!("`{unit}` is not a unit"), Some(help)))
        }
        Ok(_) | Err(QuantityError::Digits) => Err(formula_error(at..at + length, "this is not a number", None)),
    }
}
