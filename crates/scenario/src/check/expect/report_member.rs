//! Members of the JSON report in expectations: `expect json "pools[work].response_ms.p99" below="5ms"`.
//!
//! Paths are checked against the list of all members, which is generated from the report's schema.

use std::ops::Range;

use kdl::{KdlEntry, KdlNode, KdlValue};

use super::super::Checker;
use super::super::formula::FormulaError;
use super::super::node::{value_kind, value_span};
use super::figure_formula::tokens::formula_error;
use crate::knob::Unit;
use crate::program::{
    Claim, Compare, FigureComparison, FigureCondition, FigureExpr, FigureFormula, FigureLiteral, FigureSource,
    FigureTerm, FigureUnit, LiteralUnit, PathSegment, Relation, ReportPath, ReportValue,
};
use crate::quantity;
use crate::suggest::{all_of, any_of, suggest};
use contend_trace::FindingId;

/// Every member of the report that a run decides: its path, and what it is. Written by
/// `UPDATE_DOCS=1 cargo test --lib schema`.
const MEMBERS: &str = include_str!("report_members.txt");

/// Stands for any element of a list, and for any name in a map.
const ANY_ELEMENT: &str = "[]";
const ANY_NAME: &str = "*";

/// The number of elements of a list.
const LENGTH: &str = "length";

/// What belongs to a pool: `queue` if there is one pool, else `work-queue`.
const POOL_PARTS: [&str; 6] = ["queue", "results", "arrivals", "batch", "files", "words"];

/// Members that an expectation is not about, with what to use instead.
const KNOWN_BEFORE: [(&str, &str); 5] = [
    ("params", "write the knob: $workers"),
    ("expectations", "write `and` between conditions"),
    ("scenario", "it is known before the run"),
    ("title", "it is known before the run"),
    ("limit_s", "it is known before the run"),
];

/// A resolved path, its unit, and the words that it can be if it is not a number.
type CheckedPath = (ReportPath, FigureUnit, Option<Vec<String>>);

impl Checker {
    /// Reads `expect json PATH above=...`.
    pub(super) fn report_member(&mut self, node: &KdlNode) -> Option<(Claim, String)> {
        let entry = self.second_argument(node, "which member of the report, such as elapsed_s")?;
        let text = self.text(entry)?;
        let (path, unit, words) = match self.report_path(text, 0) {
            Ok(checked) => checked,
            Err(fault) => {
                self.report_formula_error(entry, text, fault);
                return None;
            }
        };
        let (compare, bound, _) = self.compare(node)?;
        let condition = match words {
            None => self.number_condition(bound, compare, unit)?,
            Some(words) => self.member_word(bound, compare, &words)?,
        };
        let text = format!("json({path})");
        let terms = vec![FigureTerm { text, source: FigureSource::Report(path), unit, settings: Vec::new() }];
        let formula = FigureFormula { condition, terms };
        let text = formula.to_text();
        Some((Claim::Formula(formula), text))
    }

    fn number_condition(&mut self, entry: &KdlEntry, compare: Compare, unit: FigureUnit) -> Option<FigureCondition> {
        let relation = match compare {
            Compare::Above => Relation::Greater,
            Compare::Below => Relation::Less,
            Compare::Equals => Relation::Equal,
        };
        let right = FigureExpr::Literal(self.member_bound(entry, unit)?);
        Some(FigureCondition::Compare(FigureComparison { left: FigureExpr::Term(0), relation, right }))
    }

    /// Reads a number in the unit of a member. A share can be written as a number too, and a rate without its `/s`.
    fn member_bound(&mut self, entry: &KdlEntry, unit: FigureUnit) -> Option<FigureLiteral> {
        let plain = |value: f64| {
            let kind = if unit.is_compatible_with(FigureUnit::RATE) { Unit::Rate } else { Unit::Count };
            (FigureUnit::from(kind).is_compatible_with(unit))
                .then_some(FigureLiteral { value, unit: LiteralUnit::Quantity(kind) })
        };
        let literal = match entry.value() {
            KdlValue::Integer(value) => plain(*value as f64),
            KdlValue::Float(value) => plain(*value),
            KdlValue::String(text) => match text.strip_suffix('%') {
                Some(number) if unit.is_share => {
                    number.trim().parse().ok().map(|value| FigureLiteral { value, unit: LiteralUnit::Percent })
                }
                Some(_) => None,
                None => match quantity::parse(text) {
                    Ok((value, kind)) if FigureUnit::from(kind).is_compatible_with(unit) => {
                        Some(FigureLiteral { value, unit: LiteralUnit::Quantity(kind) })
                    }
                    _ => None,
                },
            },
            _ => None,
        };
        if literal.is_none_or(|literal| !literal.value.is_finite()) {
            let title = format!("expected {} such as \"{}\"", unit.noun(), unit.example());
            let mistake = self.mistakes.error(value_span(entry), title);
            if !matches!(entry.value(), KdlValue::String(_)) {
                mistake.label(format!("this is {}", value_kind(entry.value())));
            }
            return None;
        }
        literal
    }

    fn member_word(&mut self, entry: &KdlEntry, compare: Compare, words: &[String]) -> Option<FigureCondition> {
        let word = match entry.value() {
            KdlValue::String(text) => text.clone(),
            KdlValue::Bool(value) => value.to_string(),
            _ => String::new(),
        };
        let is_known = words.is_empty() || words.contains(&word);
        if compare == Compare::Equals && is_known && !word.is_empty() {
            return Some(FigureCondition::Word { term: 0, word, is_expected: true });
        }
        let known = any_of(words.iter().map(String::as_str));
        let (title, help) = if compare != Compare::Equals {
            ("this member is a word: it is not more or less than another".to_owned(), "use equals=".to_owned())
        } else if let Some(near) = suggest(&word, words.iter().map(String::as_str)) {
            (format!("this member is never `{word}`"), format!("did you mean `{near}`?"))
        } else {
            ("expected a word".to_owned(), if words.is_empty() { String::new() } else { format!("it is {known}") })
        };
        self.mistakes.error(value_span(entry), title).help(help);
        None
    }

    /// Checks a path that begins at this place of a text.
    pub(super) fn report_path(&self, text: &str, start: usize) -> Result<CheckedPath, FormulaError> {
        let mut walk = MemberWalk { path: Vec::new(), segments: Vec::new(), written: text };
        let split = split_path(text).map_err(|fault| {
            let at = start + fault.at.start..start + fault.at.end;
            FormulaError { at, ..fault }
        })?;
        for (written, at) in split {
            let at = start + at.start..start + at.end;
            walk.step(self, written, &at)?;
        }
        let whole = start..start + text.len();
        walk.end(whole)
    }

    /// Requires that an element of a list can have this name.
    fn check_element_name(&self, list: &str, name: &str, at: &Range<usize>) -> Result<(), FormulaError> {
        if list == "findings" {
            return if FindingId::IDS.contains(&name) {
                Ok(())
            } else {
                let help = suggest(name, FindingId::IDS).map(|near| format!("did you mean `{near}`?"));
                Err(formula_error(at.clone(), format!("there is no finding `{name}`"), help.as_deref()))
            };
        }
        let is_part = |word: &str| POOL_PARTS.contains(&word) || word.bytes().all(|b| b.is_ascii_digit());
        let owner = name.rsplit_once('-').filter(|(_, part)| is_part(part)).map(|(owner, _)| owner);
        let is_declared = |name: &str| self.names.find(name).is_some();
        if is_declared(name) || POOL_PARTS.contains(&name) || owner.is_some_and(is_declared) {
            return Ok(());
        }
        let known = self.names.names_where(|_| true);
        let help = suggest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let help = help.unwrap_or_else(|| format!("known: {}", all_of(known)));
        Err(formula_error(at.clone(), format!("this scenario has no `{name}`"), Some(&help)))
    }
}

/// A segment as written.
#[derive(Debug, Clone, Copy)]
enum Written<'a> {
    Member(&'a str),
    Element(&'a str),
}

/// Splits `pools[work].done` into its segments with their places.
fn split_path(text: &str) -> Result<Vec<(Written<'_>, Range<usize>)>, FormulaError> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with('[') {
            let Some(length) = text[at..].find(']') else {
                return Err(formula_error(text.len()..text.len(), "expected `]`", None));
            };
            found.push((Written::Element(text[at + 1..at + length].trim()), at + 1..at + length));
            at += length + 1;
            continue;
        }
        if !found.is_empty() {
            if !text[at..].starts_with('.') {
                return Err(formula_error(at..at + 1, "expected `.` or `[`", None));
            }
            at += 1;
        }
        let length = text[at..].find(['.', '[']).unwrap_or(text.len() - at);
        found.push((Written::Member(&text[at..at + length]), at..at + length));
        at += length;
    }
    Ok(found)
}

/// A way through the members of the report.
struct MemberWalk<'a> {
    /// The path so far, as in the list of members.
    path: Vec<&'static str>,
    segments: Vec<PathSegment>,
    written: &'a str,
}

impl MemberWalk<'_> {
    /// Returns what can follow the path, each once.
    fn next_parts(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        for (path, _) in members() {
            let mut parts = parts_of(path);
            if self.path.iter().all(|part| parts.next() == Some(part))
                && let Some(next) = parts.next()
                && !found.contains(&next)
            {
                found.push(next);
            }
        }
        found
    }

    fn step(&mut self, checker: &Checker, written: Written<'_>, at: &Range<usize>) -> Result<(), FormulaError> {
        let next = self.next_parts();
        let is_list = next == [ANY_ELEMENT];
        match written {
            Written::Member(LENGTH) if is_list => self.segments.push(PathSegment::Length),
            Written::Member(name) if is_list => return Err(self.not_an_element(name, at)),
            Written::Member(name) => {
                let known = next.iter().find(|part| **part == name || **part == ANY_NAME);
                self.path.push(known.copied().ok_or_else(|| self.unknown_member(name, &next, at))?);
                self.segments.push(PathSegment::Member(name.to_owned()));
            }
            Written::Element(element) if is_list => {
                let list = self.path.last().copied().unwrap_or_default();
                self.path.push(ANY_ELEMENT);
                self.segments.push(if let Ok(index) = element.parse::<usize>() {
                    PathSegment::Index(index)
                } else {
                    let is_named = self.next_parts().iter().any(|part| matches!(*part, "name" | "id"));
                    if !is_named || element.is_empty() {
                        let title = format!("the elements of `{list}` have no names");
                        return Err(formula_error(at.clone(), title, Some("write a number, from 0")));
                    }
                    checker.check_element_name(list, element, at)?;
                    PathSegment::Named(element.to_owned())
                });
            }
            Written::Element(_) => {
                let help =
                    if next.is_empty() { "remove the brackets".to_owned() } else { format!("it has {}", all_of(next)) };
                return Err(formula_error(at.clone(), "this is no list", Some(&help)));
            }
        }
        Ok(())
    }

    fn not_an_element(&self, name: &str, at: &Range<usize>) -> FormulaError {
        let list = self.path.last().copied().unwrap_or_default();
        let title = format!("`{list}` is a list");
        let help = format!("say which element: {list}[0].{name}, or {list}[NAME].{name} for one with a name");
        formula_error(at.clone(), title, Some(&help))
    }

    fn unknown_member(&self, name: &str, next: &[&'static str], at: &Range<usize>) -> FormulaError {
        let instead = KNOWN_BEFORE.iter().find(|(known, _)| self.path.is_empty() && *known == name);
        if let Some((_, help)) = instead {
            return formula_error(at.clone(), format!("no run decides `{name}`"), Some(help));
        }
        let owner = self.path.iter().rev().find(|part| **part != ANY_ELEMENT);
        let title = match owner {
            Some(owner) => format!("`{owner}` has no `{name}`"),
            None => format!("the report has no `{name}`"),
        };
        let help = match suggest(name, next.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if next.is_empty() => "it has no members".to_owned(),
            None => format!("it has {}", all_of(next.iter().copied())),
        };
        formula_error(at.clone(), title, Some(&help))
    }

    /// Returns the member at the end of the path.
    fn end(self, at: Range<usize>) -> Result<CheckedPath, FormulaError> {
        if self.segments.last() == Some(&PathSegment::Length) {
            let path = ReportPath { segments: self.segments, value: ReportValue::Number, scale: 1.0 };
            return Ok((path, FigureUnit::NUMBER, None));
        }
        let kind = members().find(|(path, _)| parts_of(path).eq(self.path.iter().copied())).map(|(_, kind)| kind);
        let Some(kind) = kind else {
            let next = self.next_parts();
            let (title, help) = if next == [ANY_ELEMENT] {
                (format!("`{}` is a list", self.written), format!("say which element: {}[0]", self.written))
            } else {
                (format!("`{}` has members", self.written), format!("say which: {}", all_of(next)))
            };
            return Err(formula_error(at, title, Some(&help)));
        };
        let words = match kind {
            "number" => None,
            "text" => Some(Vec::new()),
            "boolean" => Some(vec!["true".to_owned(), "false".to_owned()]),
            words => Some(words.split('|').map(str::to_owned).collect()),
        };
        let (unit, scale) = unit_of(&self.path);
        let value = if words.is_some() { ReportValue::Word } else { ReportValue::Number };
        Ok((ReportPath { segments: self.segments, value, scale }, unit, words))
    }
}

/// Returns each member's path, and what it is.
fn members() -> impl Iterator<Item = (&'static str, &'static str)> {
    MEMBERS.lines().filter_map(|line| line.split_once(' '))
}

/// Splits the path of a member: `pools[].done` into `pools`, `[]` and `done`.
fn parts_of(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('.')
        .flat_map(|part| match part.strip_suffix(ANY_ELEMENT) {
            Some(name) => [Some(name), Some(ANY_ELEMENT)],
            None => [Some(part), None],
        })
        .flatten()
}

/// Returns the unit of a member, which its name tells, and the factor to base units.
fn unit_of(path: &[&str]) -> (FigureUnit, f64) {
    let leaf = path.last().copied().unwrap_or_default();
    let is_within = |name: &str| path.contains(&name);
    match leaf {
        "count" => (FigureUnit::NUMBER, 1.0),
        "utilization" | "handover" | "fairness" => (FigureUnit::SHARE, 1.0),
        "throughput_per_s" | "per_second" => (FigureUnit::RATE, 1.0),
        "ns_each" => (FigureUnit::TIME, 1e-9),
        "capacity" if is_within("pipes") => (FigureUnit::BYTES, 1.0),
        _ if is_within("share") => (FigureUnit::SHARE, 1.0),
        _ if is_within("pipes") && is_within("depth") => (FigureUnit::BYTES, 1.0),
        _ if path.iter().any(|part| part.ends_with("_ms")) => (FigureUnit::TIME, 1e-3),
        _ if leaf.ends_with("_s") => (FigureUnit::TIME, 1.0),
        _ => (FigureUnit::NUMBER, 1.0),
    }
}
