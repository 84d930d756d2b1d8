//! The figures of a condition: measures, members of the JSON report and knobs.

use std::ops::Range;

use super::super::formula::FormulaError;
use super::figure_formula::FormulaReader;
use super::figure_formula::tokens::{FormulaToken, formula_error};
use super::{MEASURES, Measure, SubjectKind};
use crate::knob::KnobKind;
use crate::program::{FigureSource, FigureTerm, FigureUnit, Metric, MetricSubject, ResourceSpec};
use crate::suggest::{all_of, suggest};
use contend_trace::{KnobId, State};

/// The words of figures that are no measures of one thing.
const SHARE: &str = "share";
const JSON: &str = "json";

/// An argument of a measure: a name, or a knob of another run.
struct Argument<'a> {
    knob: Option<&'a str>,
    value: &'a str,
    at: Range<usize>,
}

/// The content of a measure's parentheses.
struct Arguments<'a> {
    names: Vec<(&'a str, Range<usize>)>,
    /// The knobs of the other run, sorted.
    settings: Vec<(KnobId, f64)>,
    at: Range<usize>,
}

impl<'a> FormulaReader<'a> {
    /// Reads a figure that starts with a name. Returns its term and, if it is a word, the words that it can be.
    pub(super) fn measured_term(
        &mut self,
        name: &str,
        at: &Range<usize>,
    ) -> Result<(usize, Option<Vec<String>>), FormulaError> {
        let measure = MEASURES.iter().find(|measure| measure.word == name);
        if measure.is_none() && name != SHARE && name != JSON {
            return Err(self.unknown_figure(name, at));
        }
        let args = self.arguments(at)?;
        let (source, unit, words) = match (measure, name) {
            (Some(measure), _) => self.measure_source(measure, &args)?,
            (None, SHARE) => self.share_source(&args)?,
            _ => {
                let (path, at) = only_name(&args, JSON, "pools[work].response_ms.p99")?;
                let (path, unit, words) = self.checker.report_path(path, at.start)?;
                (FigureSource::Report(path), unit, words)
            }
        };
        let mut written: Vec<String> = match &source {
            FigureSource::Report(path) => vec![path.to_string()],
            _ => args.names.iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        written.extend(self.checker.settings_words(&args.settings));
        let text = if written.is_empty() { name.to_owned() } else { format!("{name}({})", written.join(", ")) };
        Ok((self.add_term(FigureTerm { text, source, unit, settings: args.settings }), words))
    }

    /// Reads the value of a knob: `$workers`.
    pub(super) fn knob_term(&mut self, name: &str, at: &Range<usize>) -> Result<usize, FormulaError> {
        let Some((id, knob)) = self.checker.scenario.knob(name) else {
            let near = suggest(name, self.checker.scenario.knobs.iter().map(|knob| knob.name.as_str()));
            let help = near.map(|near| format!("did you mean `${near}`?"));
            return Err(formula_error(at.clone(), format!("there is no knob `{name}`"), help.as_deref()));
        };
        let KnobKind::Number { unit, .. } = knob.kind else {
            let title = format!("the knob `{name}` is not a number");
            return Err(formula_error(at.clone(), title, Some("name its value in `when`")));
        };
        let (text, source) = (format!("${name}"), FigureSource::Knob(id));
        Ok(self.add_term(FigureTerm { text, source, unit: unit.into(), settings: Vec::new() }))
    }

    fn add_term(&mut self, term: FigureTerm) -> usize {
        let known = self.terms.iter().position(|known| known.text == term.text);
        known.unwrap_or_else(|| {
            self.terms.push(term);
            self.terms.len() - 1
        })
    }

    fn unknown_figure(&self, name: &str, at: &Range<usize>) -> FormulaError {
        let scenario = &self.checker.scenario;
        let (title, help) = if scenario.knob(name).is_some() {
            (format!("`{name}` is a knob"), format!("write `${name}`"))
        } else if self.checker.names.find(name).is_some() {
            (format!("`{name}` alone is no figure"), format!("write what of it, such as rate({name})"))
        } else {
            let words = MEASURES.iter().map(|measure| measure.word);
            let words = words.chain([SHARE, JSON, "min", "max", "abs", "cores", "and", "or", "not"]);
            let minus = name.rsplit_once('-').filter(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()));
            let help = match (minus, suggest(name, words.clone())) {
                (Some((left, right)), _) => format!("write spaces around a minus: {left} - {right}"),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!("known: {}", all_of(words)),
            };
            (format!("there is no measure `{name}`"), help)
        };
        formula_error(at.clone(), title, Some(&help))
    }

    fn measure_source(
        &self,
        measure: &Measure,
        args: &Arguments<'_>,
    ) -> Result<(FigureSource, FigureUnit, Option<Vec<String>>), FormulaError> {
        let subject = if measure.subject_kind == SubjectKind::Run {
            if let Some((_, at)) = args.names.first() {
                let title = format!("`{}` is measured of the run: it takes no name", measure.word);
                return Err(formula_error(at.clone(), title, Some("remove the name")));
            }
            MetricSubject::All
        } else {
            let example = self.example_of(measure);
            let (name, at) = only_name(args, measure.word, &example)?;
            self.checker
                .find_subject(name, measure.subject_kind)
                .map_err(|(title, help)| formula_error(at.clone(), title, Some(&help)))?
        };
        let unit = self.metric_unit(measure.metric, &subject);
        Ok((FigureSource::Measure { metric: measure.metric, subject }, unit, None))
    }

    /// Reads the arguments of `share(lock, tellers)`.
    fn share_source(
        &self,
        args: &Arguments<'_>,
    ) -> Result<(FigureSource, FigureUnit, Option<Vec<String>>), FormulaError> {
        let [(state, state_at), group @ ..] = args.names.as_slice() else {
            let help = "write it like this: share(lock, tellers)";
            return Err(formula_error(args.at.clone(), "this does not say which state", Some(help)));
        };
        let Some(state) = State::ALL.into_iter().find(|known| known.word() == *state) else {
            let words = State::ALL.map(State::word);
            let help = match suggest(state, words) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", all_of(words)),
            };
            return Err(formula_error(state_at.clone(), format!("there is no state `{state}`"), Some(&help)));
        };
        let subject = match group {
            [] => MetricSubject::All,
            [(name, at)] => self
                .checker
                .find_subject(name, SubjectKind::PoolOrGroup)
                .map_err(|(title, help)| formula_error(at.clone(), title, Some(&help)))?,
            [_, (_, at), ..] => {
                return Err(formula_error(at.clone(), "this is one value too many", Some("remove it")));
            }
        };
        Ok((FigureSource::Measure { metric: Metric::Share(state), subject }, FigureUnit::SHARE, None))
    }

    fn metric_unit(&self, metric: Metric, subject: &MetricSubject) -> FigureUnit {
        let is_pipe = |at: usize| {
            self.checker.scenario.resources.get(at).is_some_and(|it| matches!(it.spec, ResourceSpec::Pipe { .. }))
        };
        match (metric, subject) {
            (Metric::Rate, _) => FigureUnit::RATE,
            (Metric::Depth, MetricSubject::Resource(at)) if is_pipe(*at) => FigureUnit::BYTES,
            _ if metric.is_time() => FigureUnit::TIME,
            _ if metric.is_share() => FigureUnit::SHARE,
            _ => FigureUnit::NUMBER,
        }
    }

    /// Returns a measure with a name of this scenario.
    fn example_of(&self, measure: &Measure) -> String {
        let fits = |name: &&str| self.checker.find_subject(name, measure.subject_kind).is_ok();
        let names = self.checker.names.names_where(|_| true);
        format!("{}({})", measure.word, names.into_iter().find(fits).unwrap_or("name"))
    }

    /// Reads the parentheses after a measure, if there are any.
    fn arguments(&mut self, of: &Range<usize>) -> Result<Arguments<'a>, FormulaError> {
        let (mut names, mut settings) = (Vec::new(), Vec::<(KnobId, f64)>::new());
        if !matches!(self.peek()?, (FormulaToken::Sign("("), _)) {
            return Ok(Arguments { names, settings, at: of.clone() });
        }
        for Argument { knob, value, at } in self.raw_arguments()? {
            let Some(knob) = knob else {
                names.push((value, at));
                continue;
            };
            let setting = self.checker.knob_setting(knob, value);
            let (id, value) = setting.map_err(|error| formula_error(at.clone(), error.to_string(), None))?;
            if settings.iter().any(|(known, _)| *known == id) {
                let title = format!("`{knob}` is given twice");
                return Err(formula_error(at, title, Some("remove one of them")));
            }
            settings.push((id, value));
        }
        settings.sort_by_key(|(id, _)| id.index());
        Ok(Arguments { names, settings, at: of.start..self.at })
    }

    /// Splits the content of the parentheses at its commas.
    fn raw_arguments(&mut self) -> Result<Vec<Argument<'a>>, FormulaError> {
        let text = self.text;
        let open = self.peek()?.1;
        let mut found = Vec::new();
        let mut start = open.end;
        loop {
            let stop = text[start..].find([',', ')', '(']).map(|length| start + length);
            let Some(stop) = stop.filter(|stop| !text[*stop..].starts_with('(')) else {
                let at = stop.map_or(text.len()..text.len(), |stop| stop..stop + 1);
                return Err(formula_error(at, "expected `)`", None));
            };
            let raw = text[start..stop].trim();
            let from = start + (text[start..stop].len() - text[start..stop].trim_start().len());
            let is_last = text[stop..].starts_with(')');
            if raw.is_empty() && !(is_last && found.is_empty()) {
                return Err(formula_error(stop..stop + 1, "expected a name or a knob before this", None));
            }
            if !raw.is_empty() {
                let at = from..from + raw.len();
                found.push(match raw.split_once('=') {
                    Some((knob, value)) => Argument { knob: Some(knob.trim()), value: value.trim(), at },
                    None => Argument { knob: None, value: raw, at },
                });
            }
            start = stop + 1;
            if is_last {
                self.at = start;
                return Ok(found);
            }
        }
    }
}

/// Returns the only name among the arguments.
fn only_name<'a>(args: &Arguments<'a>, word: &str, example: &str) -> Result<(&'a str, Range<usize>), FormulaError> {
    let example = if example.contains('(') { example.to_owned() } else { format!("{word}({example})") };
    match args.names.as_slice() {
        [(name, at)] => Ok((name, at.clone())),
        [] => {
            let help = format!("write it like this: {example}");
            Err(formula_error(args.at.clone(), format!("`{word}` does not say of what"), Some(&help)))
        }
        [_, (_, at), ..] => Err(formula_error(at.clone(), "this is one value too many", Some("remove it"))),
    }
}
