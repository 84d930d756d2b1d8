//! Measures the figures that a formula reads.

use super::TermFigures;
use crate::model::Model;
use crate::platform::detect_machine;
use crate::report::Report;
use crate::report::json::report_member;
use crate::report::measure::{self, Spread, figure_spread, measure_metric};
use crate::scenario::{FigureFormula, FigureSource, FigureTerm, PathSegment, ReportPath, Scenario, Settings};
use crate::trace::{RunEnd, Stamp};

/// A measured figure of a formula.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct TermFigure {
    pub(in crate::report) value: TermValue,
    /// Uncertainty, in the unit that it is measured in.
    pub(in crate::report) spread: Option<Spread>,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) enum TermValue {
    /// A number in base units.
    Number(f64),
    Word(String),
}

/// Measures all figures of a formula in the same run.
pub(in crate::report) fn measure_terms(
    model: &Model,
    scenario: &Scenario,
    settings: &Settings,
    formula: &FigureFormula,
    now: Stamp,
) -> TermFigures {
    formula.terms.iter().map(|term| measure_term(model, scenario, settings, term, now)).collect()
}

/// Measures one figure, or says why it has no value.
pub(in crate::report) fn measure_term(
    model: &Model,
    scenario: &Scenario,
    settings: &Settings,
    term: &FigureTerm,
    now: Stamp,
) -> Result<TermFigure, String> {
    match &term.source {
        FigureSource::Measure { metric, subject } => {
            let measured = measure_metric(model, scenario, *metric, subject, now)?;
            let spread = figure_spread(model, scenario, *metric, subject, now);
            Ok(TermFigure { value: TermValue::Number(measured.value * term.scale()), spread })
        }
        FigureSource::Report(path) => measure_member(model, scenario, settings, path, now),
        FigureSource::Knob(_) => Ok(knob_figure(term, settings)),
    }
}

/// Returns the value of a knob.
pub(in crate::report) fn knob_figure(term: &FigureTerm, settings: &Settings) -> TermFigure {
    let FigureSource::Knob(knob) = &term.source else {
        return TermFigure { value: TermValue::Number(f64::NAN), spread: None };
    };
    TermFigure { value: TermValue::Number(settings.number(*knob) * term.scale()), spread: None }
}

/// Reads a member of the JSON report as of `now`.
fn measure_member(
    model: &Model,
    scenario: &Scenario,
    settings: &Settings,
    path: &ReportPath,
    now: Stamp,
) -> Result<TermFigure, String> {
    let running = RunEnd::Time;
    let ended = model.run_end().map(|(_, end)| end);
    if ended.is_none() && path.segments.first() == Some(&PathSegment::Member("ended".to_owned())) {
        return Err("the run has not ended by itself".to_owned());
    }
    let (findings, machine) = (model.findings(now), detect_machine());
    let report = Report {
        model,
        scenario,
        settings,
        machine: &machine,
        ended: ended.unwrap_or(&running),
        ended_at: now,
        time_limit: None,
        findings: &findings,
        muted: &[],
        verdicts: &[],
    };
    let value = match report_member(&report, path)? {
        serde_json::Value::Number(number) => TermValue::Number(number.as_f64().unwrap_or(f64::NAN) * path.scale),
        serde_json::Value::String(word) => TermValue::Word(word),
        serde_json::Value::Bool(value) => TermValue::Word(value.to_string()),
        serde_json::Value::Null => return Err(format!("{path} is unknown in this run")),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => return Err(format!("{path} has members")),
    };
    Ok(TermFigure { value, spread: None })
}

/// Returns why a formula says nothing about the settings in force at `now`, if they changed during the run.
pub(in crate::report) fn unmeasurable_reason(
    model: &Model,
    scenario: &Scenario,
    formula: &FigureFormula,
    now: Stamp,
) -> Option<String> {
    model.settings_change(now)?;
    formula.terms.iter().find_map(|term| match &term.source {
        FigureSource::Measure { metric, subject } => {
            measure::unmeasurable_reason(model, scenario, *metric, subject, now)
        }
        FigureSource::Report(_) => {
            Some("the report is about a whole run, and the settings changed during this one".to_owned())
        }
        FigureSource::Knob(_) => None,
    })
}
