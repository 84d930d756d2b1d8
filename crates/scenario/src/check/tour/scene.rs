//! Scenes: the scenario, its settings, and the names that its actions may use.

use std::sync::Arc;

use kdl::{KdlEntry, KdlNode};

use super::super::node::{arg, children, prop, props, span_of, value_span};
use super::super::{Checker, check_names};
use super::TourReader;
use super::grammar::{EXECUTORS, SCENE};
use crate::knob::{KnobKind, Settings};
use crate::program::Scenario;
use crate::suggest::{all_of, suggest};
use crate::tour::{Scene, ScreenNames, TourAction, TourWait};
use contend_trace::{KnobId, WorkerKind};

/// Most actions of a scene.
const MOST_ACTIONS: usize = 1_000;

/// What the actions of a scene can refer to.
pub(super) struct SceneWorld {
    pub(super) scenario: Arc<Scenario>,
    /// What the scenario's file declares.
    pub(super) names_of_file: Checker,
    /// `None` if the scenario cannot run with the settings, which was reported.
    pub(super) names: Option<ScreenNames>,
}

impl TourReader<'_> {
    pub(super) fn scene(&mut self, node: &KdlNode) -> Option<Scene> {
        let entry = arg(node, 0)?;
        let names_of_file = self.scenario(entry)?;
        let scenario = Arc::new(names_of_file.scenario.clone());
        let settings = self.settings(node, &scenario)?;
        let names = match self.world.screen_names(&scenario, &settings) {
            Ok(names) => Some(names),
            Err(why) => {
                self.mistakes.error(span_of(node), why).help("`contend run` says the same with these settings");
                None
            }
        };
        let world = SceneWorld { scenario, names_of_file, names };
        let mut actions = Vec::new();
        for child in children(node) {
            if let Some(rule) = self.mistakes.node_rule(child, SCENE, &super::CONTEXTS) {
                actions.extend(self.action(rule.word, child, &world));
            }
        }
        self.check_actions(node, &actions);
        if !matches!(actions.last(), Some(TourAction::Wait(_))) {
            actions.push(TourAction::Wait(TourWait::Key));
        }
        Some(Scene { scenario: world.scenario, settings, actions })
    }

    fn check_actions(&mut self, node: &KdlNode, actions: &[TourAction]) {
        if let Some(extra) = children(node).get(MOST_ACTIONS) {
            let title = format!("this is one action too many: a scene has {MOST_ACTIONS} at most");
            self.mistakes.error(span_of(extra), title).help("split the scene");
        }
        let has_caption = children(node).iter().any(|child| child.name().value() == "caption");
        if node.children().is_some() && !has_caption && actions.len() == children(node).len() {
            let help = "say what the audience should look at: caption \"...\"";
            self.mistakes.error(span_of(node), "this scene has no caption").help(help);
        }
    }

    fn scenario(&mut self, entry: &KdlEntry) -> Option<Checker> {
        let name = self.mistakes.text(entry)?;
        let is_path = name.contains('/') || std::path::Path::new(name).extension().is_some_and(|end| end == "kdl");
        let known = self.world.scenario_names();
        if !is_path && !known.contains(&name) {
            let near = suggest(name, known.iter().copied()).map(str::to_owned);
            let mistake = self.mistakes.error(value_span(entry), format!("no scenario is called `{name}`"));
            mistake.help("`contend list` lists all, and a file needs a path such as ./mine.kdl");
            mistake.did_you_mean(near.as_deref());
            return None;
        }
        let source = match self.world.read_scenario(name, self.directory) {
            Ok(source) => source,
            Err(why) => {
                let help = "the path is relative to the directory of the tour";
                self.mistakes.error(value_span(entry), why).help(help);
                return None;
            }
        };
        match check_names(&source) {
            Ok(checked) => Some(checked),
            Err(mistakes) => {
                let title = format!("`{name}` has mistakes: {}", mistakes.count_errors());
                let help = format!("contend check {name} says which");
                self.mistakes.error(value_span(entry), title).help(help);
                None
            }
        }
    }

    /// Reads the knobs of a scene.
    fn settings(&mut self, node: &KdlNode, scenario: &Scenario) -> Option<Settings> {
        let before = self.mistakes.len();
        let mut set = Vec::new();
        for (name, entry) in props(node).filter(|(name, _)| *name != "as") {
            if let Some((id, value)) = self.knob(scenario, name, entry, true).and_then(|id| Some((id, written(entry)?)))
                && self.knob_value(scenario, id, entry).is_some()
            {
                set.push(format!("{}={value}", scenario.knobs[id.index()].name));
            }
        }
        let executor = prop(node, "as").and_then(|entry| self.mistakes.word(entry, &EXECUTORS));
        let executor =
            executor.map(|at| [WorkerKind::Thread, WorkerKind::Process, WorkerKind::Async, WorkerKind::Dask][at]);
        if self.mistakes.len() > before {
            return None;
        }
        match scenario.settings(&set, None, executor) {
            Ok(settings) => Some(settings),
            Err(error) => {
                let place = prop(node, "as").map_or_else(|| span_of(node), value_span);
                self.mistakes.error(place, error.to_string()).help("remove `as=`, or take another scenario");
                None
            }
        }
    }

    /// Returns the knob of a name. `is_key` if the name is the entry's key, not its value.
    pub(super) fn knob(&mut self, scenario: &Scenario, name: &str, entry: &KdlEntry, is_key: bool) -> Option<KnobId> {
        if let Some((id, _)) = scenario.knob(name) {
            return Some(id);
        }
        let known = || scenario.knobs.iter().map(|knob| knob.name.as_str());
        let place = if is_key { super::super::node::entry_span(entry) } else { value_span(entry) };
        let mistake = self.mistakes.error(place, format!("`{}` has no knob `{name}`", scenario.name));
        match suggest(name, known()) {
            None if scenario.knobs.is_empty() => mistake.help("it has none; `contend show` prints it"),
            None => mistake.help(format!("it has {}", all_of(known()))),
            near => mistake.did_you_mean(near),
        };
        None
    }

    /// Reads the value of a knob.
    pub(super) fn knob_value(&mut self, scenario: &Scenario, id: KnobId, entry: &KdlEntry) -> Option<f64> {
        let knob = &scenario.knobs[id.index()];
        let Some(text) = written(entry) else {
            let title = format!("this is not a value for `{}`", knob.name);
            self.mistakes.error(value_span(entry), title).help(example(scenario, id));
            return None;
        };
        match knob.parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                let text = error.to_string();
                let (title, help) = text.split_once(": ").unwrap_or((&text, "`contend show` prints the scenario"));
                self.mistakes.error(value_span(entry), title).help(help);
                None
            }
        }
    }
}

/// Returns a value as `--set` takes it.
fn written(entry: &KdlEntry) -> Option<String> {
    match entry.value() {
        kdl::KdlValue::String(text) => Some(text.clone()),
        kdl::KdlValue::Integer(number) => Some(number.to_string()),
        kdl::KdlValue::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

fn example(scenario: &Scenario, id: KnobId) -> String {
    let knob = &scenario.knobs[id.index()];
    match &knob.kind {
        KnobKind::Text { .. } => format!("write text: {}=\"...\"", knob.name),
        _ => format!("write it like this: {}", knob.format_value(knob.default_value())),
    }
}
