//! Members of the JSON report in expectations: `expect json "pools[work].response_ms.p99" below="5ms"`.
//!
//! `member_path` checks the path; the value compared with it must suit the member.

mod member_path;

use std::ops::Range;

use kdl::{KdlEntry, KdlNode, KdlValue};

use super::super::Checker;
use super::super::formula::FormulaError;
use super::super::node::{value_kind, value_span};
use super::figure_formula::tokens::formula_error;
use crate::knob::Unit;
use crate::program::{
    Claim, Compare, FigureComparison, FigureCondition, FigureExpr, FigureFormula, FigureLiteral, FigureSource,
    FigureTerm, FigureUnit, LiteralUnit, Relation, ReportPath,
};
use crate::quantity;
use crate::suggest::{all_of, any_of, suggest};
use contend_trace::FindingId;
use member_path::{MemberWalk, split_path};

/// What belongs to a pool: `queue` if there is one pool, else `work-queue`.
const POOL_PARTS: [&str; 6] = ["queue", "results", "arrivals", "batch", "files", "words"];

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
                self.mistakes.report_formula_error(entry, text, fault);
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
        let mut walk = MemberWalk::new(text);
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
