//! Formulas of expectations: conditions over measured figures, such as `rate(work) >= 0.9 * rate(work, workers=2)`.
//!
//! A formula computes in base units: seconds, bytes, numbers per second, shares from 0 to 1.

mod printed;
mod report_path;
mod unit;

use serde::{Deserialize, Serialize};

use super::metric::{Metric, MetricSubject};
use contend_trace::KnobId;

pub use report_path::{PathSegment, ReportPath, ReportValue};
pub use unit::{FigureLiteral, FigureUnit, LiteralUnit};

/// A condition over figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureFormula {
    pub condition: FigureCondition,
    /// The figures it reads, each once.
    pub terms: Vec<FigureTerm>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FigureCondition {
    Compare(FigureComparison),
    /// Whether a term that is no number is this word.
    Word {
        term: usize,
        word: String,
        is_expected: bool,
    },
    /// All of these hold.
    All(Vec<Self>),
    /// At least one of these holds.
    Any(Vec<Self>),
    Not(Box<Self>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureComparison {
    pub left: FigureExpr,
    pub relation: Relation,
    pub right: FigureExpr,
}

/// How two figures are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// Arithmetic over figures. Terms are positions in [`FigureFormula::terms`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FigureExpr {
    Literal(FigureLiteral),
    Term(usize),
    Negative(Box<Self>),
    /// One of `+`, `-`, `*` and `/`.
    Op(Box<Self>, char, Box<Self>),
    Function(FigureFunction, Vec<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FigureFunction {
    Min,
    Max,
    Abs,
}

/// A figure that a formula reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureTerm {
    /// As it is written: `rate(work, workers=2)`.
    pub text: String,
    pub source: FigureSource,
    pub unit: FigureUnit,
    /// The knobs of the run it is measured in, besides those of the expectation.
    pub settings: Vec<(KnobId, f64)>,
}

/// Where a figure comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FigureSource {
    Measure {
        metric: Metric,
        subject: MetricSubject,
    },
    /// A member of the JSON report.
    Report(ReportPath),
    /// The value of a knob.
    Knob(KnobId),
}

impl Relation {
    pub const ALL: [(&'static str, Self); 6] = [
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    /// Whether it asks on which side of the other a figure lies. The others ask for an exact value.
    pub const fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

impl FigureFunction {
    pub const ALL: [(&'static str, Self); 3] = [("min", Self::Min), ("max", Self::Max), ("abs", Self::Abs)];

    /// Returns the number of its arguments.
    pub(crate) const fn argument_count(self) -> usize {
        match self {
            Self::Min | Self::Max => 2,
            Self::Abs => 1,
        }
    }
}

impl FigureExpr {
    /// Evaluates the expression in base units. The result is not finite after a division by zero.
    pub fn eval(&self, term: &impl Fn(usize) -> f64) -> f64 {
        match self {
            Self::Literal(literal) => literal.base_value(),
            Self::Term(at) => term(*at),
            Self::Negative(inner) => -inner.eval(term),
            Self::Op(left, op, right) => {
                let (left, right) = (left.eval(term), right.eval(term));
                match op {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                }
            }
            Self::Function(function, of) => {
                let values = of.iter().map(|one| one.eval(term));
                match function {
                    FigureFunction::Min => values.fold(f64::INFINITY, f64::min),
                    FigureFunction::Max => values.fold(f64::NEG_INFINITY, f64::max),
                    FigureFunction::Abs => values.sum::<f64>().abs(),
                }
            }
        }
    }

    /// Returns the terms it reads, in the order they are written, each once.
    pub fn term_indices(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.collect_terms(&mut found);
        found
    }

    fn collect_terms(&self, found: &mut Vec<usize>) {
        match self {
            Self::Literal(_) => {}
            Self::Term(at) if found.contains(at) => {}
            Self::Term(at) => found.push(*at),
            Self::Negative(inner) => inner.collect_terms(found),
            Self::Op(left, _, right) => {
                left.collect_terms(found);
                right.collect_terms(found);
            }
            Self::Function(_, of) => of.iter().for_each(|one| one.collect_terms(found)),
        }
    }

    /// Whether it is a number as written, without any figure.
    pub fn is_constant(&self) -> bool {
        self.term_indices().is_empty()
    }

    /// Returns the unit of its value.
    pub fn unit(&self, terms: &[FigureTerm]) -> FigureUnit {
        match self {
            Self::Literal(literal) => literal.figure_unit(),
            Self::Term(at) => terms.get(*at).map_or(FigureUnit::NUMBER, |term| term.unit),
            Self::Negative(inner) => inner.unit(terms),
            Self::Op(left, op, right) => {
                let is_scaled = left.is_constant() || right.is_constant();
                let (left, right) = (left.unit(terms), right.unit(terms));
                match op {
                    // Nine tenths of a share are a share.
                    '*' if is_scaled && left.is_compatible_with(right) => left.joined_with(right),
                    '*' => left.times(right),
                    '/' => left.over(right),
                    _ => left.joined_with(right),
                }
            }
            Self::Function(_, of) => {
                of.iter().map(|one| one.unit(terms)).reduce(FigureUnit::joined_with).unwrap_or(FigureUnit::NUMBER)
            }
        }
    }
}

impl FigureCondition {
    /// Calls `see` for every comparison.
    pub fn for_each_comparison<'a>(&'a self, see: &mut impl FnMut(&'a FigureComparison)) {
        match self {
            Self::Compare(comparison) => see(comparison),
            Self::Word { .. } => {}
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.for_each_comparison(see)),
            Self::Not(inner) => inner.for_each_comparison(see),
        }
    }
}

impl FigureFormula {
    /// Whether it depends on speed, time or scheduling, and so on the cores that other programs use.
    pub(super) fn needs_cores(&self) -> bool {
        self.depends_on_cores(&self.condition)
    }

    fn depends_on_cores(&self, condition: &FigureCondition) -> bool {
        let does = |at: &usize| match self.terms.get(*at).map(|term| &term.source) {
            Some(FigureSource::Measure { metric, .. }) => metric.needs_cores(),
            Some(FigureSource::Report(path)) => path.needs_cores(),
            Some(FigureSource::Knob(_)) | None => false,
        };
        match condition {
            FigureCondition::Compare(FigureComparison { left, relation, right }) => {
                relation.is_ordering() && [left, right].into_iter().any(|side| side.term_indices().iter().any(does))
            }
            FigureCondition::Word { .. } => false,
            FigureCondition::All(parts) | FigureCondition::Any(parts) => {
                parts.iter().any(|part| self.depends_on_cores(part))
            }
            FigureCondition::Not(inner) => self.depends_on_cores(inner),
        }
    }
}

impl FigureTerm {
    /// Whether it is a number; the others are words.
    pub const fn is_number(&self) -> bool {
        !matches!(&self.source, FigureSource::Report(path) if path.is_word())
    }

    /// Returns the factor from the unit that the figure is measured in to base units.
    pub fn scale(&self) -> f64 {
        match &self.source {
            FigureSource::Measure { metric, .. } if metric.is_time() => unit::NANOSECOND,
            FigureSource::Measure { .. } => 1.0,
            FigureSource::Report(path) => path.scale,
            FigureSource::Knob(_) => self.unit.knob_scale(),
        }
    }
}
