//! Parser for conditions over figures: `expect "rate(work) >= 0.9 * rate(work, workers=2) and failed(work) == 0"`.
//!
//! A precedence parser that tracks the unit of each part, so that a comparison of a time with a rate is found before
//! the run. Mistakes have their place in the text.

mod comparisons;
pub(super) mod tokens;

use std::ops::Range;

use kdl::{KdlEntry, KdlNode};

use super::super::Checker;
use super::super::formula::FormulaError;
use super::super::node::arg;
use crate::knob::Unit;
use crate::program::{
    Claim, FigureCondition, FigureExpr, FigureFormula, FigureFunction, FigureLiteral, FigureSource, FigureTerm,
    LiteralUnit,
};
use contend_trace::KnobId;
use tokens::{FormulaToken, formula_error, next_token};

/// Most parts of a formula within one another.
const MAX_DEPTH: usize = 24;

/// Longest formula, in bytes.
const MAX_LENGTH: usize = 1_000;

/// Whether the argument of `expect` is a formula rather than a word.
pub(in crate::check) fn is_formula(text: &str) -> bool {
    text.contains(['<', '>', '=', '(', '!'])
}

impl Checker {
    /// Reads a condition over figures, and words it for reports.
    pub(super) fn figure_formula(&mut self, entry: &KdlEntry, text: &str) -> Option<(Claim, String)> {
        match FormulaReader::read(self, text) {
            Ok(formula) => {
                let text = formula.to_text();
                Some((Claim::Formula(formula), text))
            }
            Err(fault) => {
                self.mistakes.report_formula_error(entry, text, fault);
                None
            }
        }
    }

    /// Reports a figure that names the settings of the run itself; returns whether there is none.
    pub(super) fn check_runs_differ(&mut self, node: &KdlNode, when: &[(KnobId, f64)], claim: &Claim) -> bool {
        let Claim::Formula(formula) = claim else { return true };
        let own = self.scenario.with_knobs(when);
        let same = formula.terms.iter().find(|term| {
            let with = self.scenario.with_knobs(&[when, &term.settings].concat());
            !term.settings.is_empty() && with.numbers == own.numbers
        });
        let Some(term) = same else { return true };
        let title = format!("`{}` names the settings that the run has anyway", term.text);
        let help = "leave them out, or name a knob with another value, in `when` or here";
        self.report_at_term(node, &term.text, title, help);
        false
    }

    /// Reports a mistake at a figure of the formula of `node`; at the whole formula if the figure is written otherwise.
    pub(in crate::check) fn report_at_term(
        &mut self,
        node: &KdlNode,
        term: &str,
        title: impl Into<String>,
        help: &str,
    ) {
        let Some((entry, text)) = arg(node, 0).and_then(|entry| Some((entry, entry.value().as_string()?))) else {
            return;
        };
        let start = text.find(term);
        let at = start.map_or(0..text.len(), |start| start..start + term.len());
        self.mistakes.report_formula_error(entry, text, formula_error(at, title, Some(help)));
    }
}

/// A part of a formula, before it is known what it is used for.
struct FormulaPart {
    kind: PartKind,
    at: Range<usize>,
}

enum PartKind {
    Value(FigureExpr),
    /// A term that is a word, with the words that it can be.
    Word {
        term: usize,
        words: Vec<String>,
    },
    Condition(FigureCondition),
}

/// Reads a formula from left to right.
pub(in crate::check) struct FormulaReader<'a> {
    pub(super) checker: &'a Checker,
    pub(super) text: &'a str,
    pub(super) at: usize,
    depth: usize,
    pub(super) terms: Vec<FigureTerm>,
}

impl<'a> FormulaReader<'a> {
    /// Reads a whole formula.
    pub(in crate::check) fn read(checker: &'a Checker, text: &'a str) -> Result<FigureFormula, FormulaError> {
        if text.len() > MAX_LENGTH {
            let help = "1,000 bytes at most; write several `expect`";
            return Err(formula_error(0..text.len(), "this condition is too long", Some(help)));
        }
        let mut reader = Self { checker, text, at: 0, depth: 0, terms: Vec::new() };
        let part = reader.any()?;
        let condition = reader.condition(part)?;
        match reader.peek()? {
            (FormulaToken::End, _) => {}
            (_, at) => return Err(formula_error(at, "expected the end, or `and` or `or`", None)),
        }
        if reader.terms.iter().all(|term| matches!(term.source, FigureSource::Knob(_))) {
            let help = "use a measure, such as rate(work) or elapsed";
            return Err(formula_error(0..text.len(), "this condition measures nothing", Some(help)));
        }
        Ok(FigureFormula { condition, terms: reader.terms })
    }

    pub(super) fn peek(&self) -> Result<(FormulaToken<'a>, Range<usize>), FormulaError> {
        next_token(self.text, self.at)
    }

    /// Takes the next token if it is this sign or keyword.
    pub(super) fn take(&mut self, wanted: &str) -> Result<Option<Range<usize>>, FormulaError> {
        match self.peek()? {
            (FormulaToken::Sign(found) | FormulaToken::Name(found), at) if found == wanted => {
                self.at = at.end;
                Ok(Some(at))
            }
            _ => Ok(None),
        }
    }

    fn expect(&mut self, wanted: &str) -> Result<Range<usize>, FormulaError> {
        match self.take(wanted)? {
            Some(at) => Ok(at),
            None => Err(formula_error(self.peek()?.1, format!("expected `{wanted}`"), None)),
        }
    }

    fn any(&mut self) -> Result<FormulaPart, FormulaError> {
        self.joined("or", Self::all, FigureCondition::Any)
    }

    fn all(&mut self) -> Result<FormulaPart, FormulaError> {
        self.joined("and", Self::not, FigureCondition::All)
    }

    /// Reads conditions joined by a word.
    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<FormulaPart, FormulaError>,
        join: fn(Vec<FigureCondition>) -> FigureCondition,
    ) -> Result<FormulaPart, FormulaError> {
        let first = part(self)?;
        if self.take(word)?.is_none() {
            return Ok(first);
        }
        let start = first.at.start;
        let mut parts = vec![self.condition(first)?];
        loop {
            let next = part(self)?;
            parts.push(self.condition(next)?);
            if self.take(word)?.is_none() {
                return Ok(FormulaPart { kind: PartKind::Condition(join(parts)), at: start..self.at });
            }
        }
    }

    fn not(&mut self) -> Result<FormulaPart, FormulaError> {
        let Some(at) = self.take("not")? else { return self.comparison() };
        let inner = self.nested(&at, Self::not)?;
        let inner = self.condition(inner)?;
        Ok(FormulaPart { kind: PartKind::Condition(FigureCondition::Not(Box::new(inner))), at: at.start..self.at })
    }

    fn sum(&mut self) -> Result<FormulaPart, FormulaError> {
        self.operators(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Result<FormulaPart, FormulaError> {
        self.operators(&["*", "/"], Self::sign)
    }

    fn operators(
        &mut self,
        signs: &[&'static str],
        part: fn(&mut Self) -> Result<FormulaPart, FormulaError>,
    ) -> Result<FormulaPart, FormulaError> {
        let mut left = part(self)?;
        loop {
            let (FormulaToken::Sign(sign), at) = self.peek()? else { return Ok(left) };
            if !signs.contains(&sign) {
                return Ok(left);
            }
            self.at = at.end;
            let right = part(self)?;
            let whole = left.at.start..right.at.end;
            let (one, other) = (self.value(left)?, self.value(right)?);
            if matches!(sign, "+" | "-") {
                self.check_units(&one, &other, at)?;
            }
            let op = sign.chars().next().unwrap_or('+');
            left = FormulaPart { kind: PartKind::Value(FigureExpr::Op(Box::new(one), op, Box::new(other))), at: whole };
        }
    }

    fn sign(&mut self) -> Result<FormulaPart, FormulaError> {
        let Some(at) = self.take("-")? else { return self.atom() };
        let inner = self.nested(&at, Self::sign)?;
        let inner = self.value(inner)?;
        Ok(FormulaPart { kind: PartKind::Value(FigureExpr::Negative(Box::new(inner))), at: at.start..self.at })
    }

    fn atom(&mut self) -> Result<FormulaPart, FormulaError> {
        let (token, at) = self.peek()?;
        self.at = at.end;
        let value = |expr| FormulaPart { kind: PartKind::Value(expr), at: at.clone() };
        match token {
            FormulaToken::Number(literal) => Ok(value(FigureExpr::Literal(literal))),
            FormulaToken::Knob(name) => Ok(value(FigureExpr::Term(self.knob_term(name, &at)?))),
            FormulaToken::Name("cores") => {
                let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
                let unit = LiteralUnit::Quantity(Unit::Count);
                Ok(value(FigureExpr::Literal(FigureLiteral { value: cores, unit })))
            }
            FormulaToken::Name(name) => self.named(name, &at),
            FormulaToken::Sign("(") => {
                let inner = self.nested(&at, Self::any)?;
                self.expect(")")?;
                Ok(FormulaPart { at: at.start..self.at, ..inner })
            }
            FormulaToken::Sign(_) | FormulaToken::End => {
                let help = "such as rate(work), $knob, 5ms, 50% or 8";
                Err(formula_error(at, "expected a figure", Some(help)))
            }
        }
    }

    /// Reads a part inside another one.
    fn nested(
        &mut self,
        at: &Range<usize>,
        part: fn(&mut Self) -> Result<FormulaPart, FormulaError>,
    ) -> Result<FormulaPart, FormulaError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(formula_error(at.clone(), "this condition is nested too deeply", Some("24 levels at most")));
        }
        let found = part(self);
        self.depth -= 1;
        found
    }

    /// Reads a function, a measure or a member of the report.
    fn named(&mut self, name: &'a str, at: &Range<usize>) -> Result<FormulaPart, FormulaError> {
        let function = FigureFunction::ALL.iter().find(|(word, _)| *word == name);
        let kind = if let Some((_, function)) = function {
            PartKind::Value(self.function(*function, at)?)
        } else {
            match self.measured_term(name, at)? {
                (term, Some(words)) => PartKind::Word { term, words },
                (term, None) => PartKind::Value(FigureExpr::Term(term)),
            }
        };
        Ok(FormulaPart { kind, at: at.start..self.at })
    }

    fn function(&mut self, function: FigureFunction, at: &Range<usize>) -> Result<FigureExpr, FormulaError> {
        self.expect("(")?;
        let mut of: Vec<FigureExpr> = Vec::new();
        for nth in 0..function.argument_count() {
            let comma = if nth > 0 { Some(self.expect(",")?) } else { None };
            let part = self.nested(at, Self::sum)?;
            let value = self.value(part)?;
            if let (Some(first), Some(comma)) = (of.first(), comma) {
                self.check_units(first, &value, comma)?;
            }
            of.push(value);
        }
        self.expect(")")?;
        Ok(FigureExpr::Function(function, of))
    }

    /// Requires a number.
    fn value(&self, part: FormulaPart) -> Result<FigureExpr, FormulaError> {
        match part.kind {
            PartKind::Value(expr) => Ok(expr),
            PartKind::Word { term, .. } => {
                let title = format!("`{}` is a word, not a number", self.terms[term].text);
                Err(formula_error(part.at, title, Some("write it on the left of `==` or `!=`")))
            }
            PartKind::Condition(_) => Err(formula_error(part.at, "expected a number, found a condition", None)),
        }
    }

    /// Requires a condition.
    fn condition(&self, part: FormulaPart) -> Result<FigureCondition, FormulaError> {
        let example = match part.kind {
            PartKind::Condition(condition) => return Ok(condition),
            PartKind::Value(expr) => format!("> {}", expr.unit(&self.terms).example()),
            PartKind::Word { words, .. } => format!("== {}", words.first().map_or("word", String::as_str)),
        };
        let written = &self.text[part.at.clone()];
        let help = format!("compare it, such as {written} {example}");
        Err(formula_error(part.at, "expected a condition, found a figure", Some(&help)))
    }
}

#[cfg(test)]
mod tests;
