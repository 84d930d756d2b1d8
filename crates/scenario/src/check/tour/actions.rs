//! The actions of a scene.

use std::ops::Range;
use std::sync::Arc;

use kdl::{KdlEntry, KdlNode, KdlValue};

use super::super::expect::{FormulaReader, formula_error, is_formula};
use super::super::node::{arg, args, prop, props, span_of, value_kind, value_span};
use super::super::number_rule::NumberRule;
use super::TourReader;
use super::grammar::{MOMENT, PATIENCE, WAIT_TIME, WINDOW, findings};
use super::scene::SceneWorld;
use crate::knob::Unit;
use crate::program::FigureFormula;
use crate::quantity;
use crate::suggest::{any_of, suggest};
use crate::tour::{CursorTarget, PointTarget, TOUR_PANES, TourAction, TourWait, ZoomTarget};
use contend_trace::{Span, Stamp};

/// Most names that a message lists.
const FEW: usize = 8;

impl TourReader<'_> {
    /// Reads the action of a node; reports its mistakes.
    pub(super) fn action(&mut self, word: &str, node: &KdlNode, world: &SceneWorld) -> Option<TourAction> {
        Some(match word {
            "caption" => TourAction::Caption(self.caption(arg(node, 0)?)?),
            "wait" => TourAction::Wait(self.wait(node, world)?),
            "turn" => return self.turn(node, world),
            "zoom" => TourAction::Zoom(self.zoom(arg(node, 0)?)?),
            "point" => TourAction::Point(self.point(node, world)?),
            "cursor" => TourAction::Cursor(self.cursor(node)?),
            "slow-motion" => TourAction::SlowMotion,
            "freeze" => TourAction::Freeze,
            "live" => TourAction::Live,
            "restart" => TourAction::Restart,
            "kill" => TourAction::Kill(self.lane(arg(node, 0)?, world)?),
            _ => return None,
        })
    }

    fn wait(&mut self, node: &KdlNode, world: &SceneWorld) -> Option<TourWait> {
        let within = match prop(node, "within") {
            Some(entry) => self.time(entry, WAIT_TIME)?,
            None => PATIENCE,
        };
        let (place, finding) = (arg(node, 0), prop(node, "finding"));
        let wait = match (place, finding) {
            (Some(extra), Some(_)) => {
                self.mistakes.error(value_span(extra), "a wait is for one thing").help("write two waits");
                return None;
            }
            (None, Some(entry)) => TourWait::Finding { id: self.finding(entry)?, within },
            (None, None) => {
                let help =
                    "write one of: wait key, wait \"2s\", wait finding=deadlock, wait \"rate(pool) > 100/s\", wait end";
                self.mistakes.error(span_of(node), "nothing says what to wait for").help(help);
                return None;
            }
            (Some(entry), None) => match entry.value().as_string() {
                Some("key") => TourWait::Key,
                Some("end") => TourWait::End { within },
                Some(text) if is_formula(text) => {
                    TourWait::Condition { formula: Arc::new(self.condition(entry, text, world)?), within }
                }
                _ => TourWait::Time(self.time_or_word(entry, WAIT_TIME, &["key", "end"])?),
            },
        };
        if let Some(entry) = prop(node, "within").filter(|_| matches!(wait, TourWait::Key | TourWait::Time(_))) {
            let help = "remove `within`: it limits waits for a finding, a condition and the end";
            self.mistakes.error(super::super::node::entry_span(entry), "this wait needs no limit").help(help);
            return None;
        }
        Some(wait)
    }

    /// Reads a condition over figures of the run, as `expect` has them.
    fn condition(&mut self, entry: &KdlEntry, text: &str, world: &SceneWorld) -> Option<FigureFormula> {
        let fault = match FormulaReader::read(&world.names_of_file, text) {
            Ok(formula) => match formula.terms.iter().find(|term| !term.settings.is_empty()) {
                None => return Some(formula),
                Some(term) => {
                    let start = text.find(&term.text).unwrap_or(0);
                    let help = "a tour measures the run on the screen: leave the settings out";
                    formula_error(start..text.len(), "this figure is of another run", Some(help))
                }
            },
            Err(fault) => fault,
        };
        self.mistakes.report_formula_error(entry, text, fault);
        None
    }

    fn turn(&mut self, node: &KdlNode, world: &SceneWorld) -> Option<TourAction> {
        let (name, value) = (arg(node, 0)?, arg(node, 1)?);
        let word = self.mistakes.text(name)?;
        let knob = self.knob(&world.scenario, word, name, false)?;
        if !world.scenario.knobs[knob.index()].is_turnable() {
            let help = format!("set it where the scene begins: scene {} {word}=...", world.scenario.name);
            self.mistakes.error(value_span(name), format!("`{word}` cannot be turned")).help(help);
            return None;
        }
        let value = self.knob_value(&world.scenario, knob, value)?;
        Some(TourAction::Turn { knob, value })
    }

    fn zoom(&mut self, entry: &KdlEntry) -> Option<ZoomTarget> {
        if entry.value().as_string() == Some("fit") {
            return Some(ZoomTarget::Fit);
        }
        self.time_or_word(entry, WINDOW, &["fit"]).map(ZoomTarget::Width)
    }

    fn cursor(&mut self, node: &KdlNode) -> Option<CursorTarget> {
        match (arg(node, 0), prop(node, "finding")) {
            (Some(moment), None) => self.time(moment, MOMENT).map(|at| CursorTarget::Moment(Stamp(at.0))),
            (None, Some(entry)) => self.finding(entry).map(CursorTarget::Finding),
            (Some(extra), Some(_)) => {
                self.mistakes.error(value_span(extra), "the cursor is at one place").help("remove this moment");
                None
            }
            (None, None) => {
                let help = "write one of: cursor \"120ms\", cursor finding=deadlock; `live` ends it";
                self.mistakes.error(span_of(node), "nothing says where the cursor goes").help(help);
                None
            }
        }
    }

    fn point(&mut self, node: &KdlNode, world: &SceneWorld) -> Option<PointTarget> {
        let count = args(node).count() + props(node).count();
        if count != 1 {
            let title = if count == 0 { "nothing says what to point at" } else { "a tour points at one thing" };
            let help = "write one of: point lane=..., point lock=..., point queue=..., point pane=..., point nothing";
            self.mistakes.error(span_of(node), title).help(help);
            return None;
        }
        if let Some(entry) = arg(node, 0) {
            return self.mistakes.word(entry, &["nothing"]).map(|_| PointTarget::Nothing);
        }
        let (key, entry) = props(node).next()?;
        let names = world.names.as_ref();
        match key {
            "lane" => self.lane(entry, world).map(PointTarget::Lane),
            "lock" => self.row(entry, "lock", &names?.locks).map(PointTarget::Lock),
            "queue" => self.row(entry, "queue", &names?.queues).map(PointTarget::Queue),
            "pane" => self.mistakes.word(entry, &TOUR_PANES).map(|at| PointTarget::Pane(TOUR_PANES[at])),
            _ => None, // which was reported
        }
    }

    fn lane(&mut self, entry: &KdlEntry, world: &SceneWorld) -> Option<String> {
        self.row(entry, "worker", &world.names.as_ref()?.lanes)
    }

    /// Reads the name of a row.
    fn row(&mut self, entry: &KdlEntry, what: &str, names: &[String]) -> Option<String> {
        let name = self.mistakes.text(entry)?;
        if names.iter().any(|known| known == name) {
            return Some(name.to_owned());
        }
        let mistake = self.mistakes.error(value_span(entry), format!("no {what} of this run is called `{name}`"));
        let known = || names.iter().map(String::as_str);
        match (suggest(name, known()), names.len()) {
            (None, 0) => mistake.help(format!("this run has no {what}")),
            (None, ..=FEW) => mistake.help(format!("write {}", any_of(known()))),
            (None, _) => {
                let few = known().take(FEW).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                mistake.help(format!("write {few} or another of {}", names.len()))
            }
            (near, _) => mistake.did_you_mean(near),
        };
        None
    }

    fn finding(&mut self, entry: &KdlEntry) -> Option<&'static str> {
        let known = findings();
        self.mistakes.word(entry, &known).map(|at| known[at])
    }

    fn time(&mut self, entry: &KdlEntry, rule: NumberRule) -> Option<Span> {
        self.time_or_word(entry, rule, &[])
    }

    /// Reads a time of a range. The entry could be one of these words too, which only the messages say.
    fn time_or_word(&mut self, entry: &KdlEntry, rule: NumberRule, words: &[&str]) -> Option<Span> {
        let place: Range<usize> = value_span(entry);
        let shown = |nanos| quantity::format_quantity(nanos, Unit::Time);
        let range = format!("it goes from {} to {}", shown(rule.min), shown(rule.max));
        let KdlValue::String(text) = entry.value() else {
            let title = format!("expected a time such as 2s, found {}", value_kind(entry.value()));
            self.mistakes.error(place, title).help("write it with its unit and quotes: \"2s\"");
            return None;
        };
        match quantity::parse(text) {
            Ok((nanos, Unit::Time)) if (rule.min..=rule.max).contains(&nanos) => Some(Span(nanos as u64)),
            Ok((_, Unit::Time)) => {
                self.mistakes.error(place, "this time is out of range").help(range);
                None
            }
            _ => {
                let near = suggest(text, words.iter().copied());
                let mistake = self.mistakes.error(place, format!("`{text}` is not a time"));
                let words = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
                let or = if words.is_empty() { "" } else { " or " };
                mistake.help(format!("write {words}{or}a time such as \"2s\"")).did_you_mean(near);
                None
            }
        }
    }
}
