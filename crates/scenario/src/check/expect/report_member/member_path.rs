//! The way through the members of the report: `pools[work].done`.
//!
//! Paths are checked against the list of all members, which is generated from the report's schema.

use std::ops::Range;

use super::super::super::Checker;
use super::super::super::formula::FormulaError;
use super::super::figure_formula::tokens::formula_error;
use super::CheckedPath;
use crate::program::{FigureUnit, PathSegment, ReportPath, ReportValue};
use crate::suggest::{all_of, suggest};

/// Every member of the report that a run decides: its path, and what it is. Written by
/// `UPDATE_DOCS=1 cargo test --lib schema`.
const MEMBERS: &str = include_str!("../report_members.txt");

/// Stands for any element of a list, and for any name in a map.
const ANY_ELEMENT: &str = "[]";
const ANY_NAME: &str = "*";

/// The number of elements of a list.
const LENGTH: &str = "length";

/// Members that an expectation is not about, with what to use instead.
const KNOWN_BEFORE: [(&str, &str); 5] = [
    ("params", "write the knob: $workers"),
    ("expectations", "write `and` between conditions"),
    ("scenario", "it is known before the run"),
    ("title", "it is known before the run"),
    ("limit_s", "it is known before the run"),
];

/// A segment as written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Written<'a> {
    Member(&'a str),
    Element(&'a str),
}

/// Splits `pools[work].done` into its segments with their places.
pub(super) fn split_path(text: &str) -> Result<Vec<(Written<'_>, Range<usize>)>, FormulaError> {
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
pub(super) struct MemberWalk<'a> {
    /// The path so far, as in the list of members.
    path: Vec<&'static str>,
    segments: Vec<PathSegment>,
    written: &'a str,
}

impl<'a> MemberWalk<'a> {
    pub(super) const fn new(written: &'a str) -> Self {
        Self { path: Vec::new(), segments: Vec::new(), written }
    }

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

    pub(super) fn step(
        &mut self,
        checker: &Checker,
        written: Written<'_>,
        at: &Range<usize>,
    ) -> Result<(), FormulaError> {
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
    pub(super) fn end(self, at: Range<usize>) -> Result<CheckedPath, FormulaError> {
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
