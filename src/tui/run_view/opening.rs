//! How the view of a run begins: of a live run, a recording, an earlier moment, or the next run.

use std::cell::RefCell;
use std::sync::Arc;

use super::{
    Arrangement, IntervalReader, LetterSize, Pane, PlaceHistory, PossibleStates, Prediction, RunView, Shown, Viewport,
    Zoom, selection,
};
use crate::model::{Budget, Model, Thresholds};
use crate::scenario::{Scenario, Settings};
use crate::trace::{Registry, Span, Stamp};
use crate::tui::axis::round_up_125;
use crate::tui::figures::RunFigures;
use crate::tui::lateness::Lateness;
use crate::tui::level_history::LevelHistory;
use crate::tui::player::{PlayableRun, Player};
use crate::tui::totals_history::TotalsHistory;

/// Length of a cell at the start, with which the window is two to five seconds wide.
const INITIAL_CELL: Span = Span::from_millis(50);

/// Cells over which a recorded run is laid out at first.
const RECORDED_CELLS: u64 = 60;

impl RunView {
    pub(in crate::tui) fn new(
        scenario: Arc<Scenario>,
        settings: Settings,
        registry: Arc<Registry>,
        prediction: Prediction,
        thresholds: Thresholds,
    ) -> Self {
        let budget = Budget::for_registry(&registry);
        let states = PossibleStates::of(&scenario).or_any(registry.is_open);
        let model = Model::new(registry, budget).with_thresholds(thresholds);
        let knob = selection::first_knob(&scenario);
        Self {
            scenario,
            initial_settings: settings.clone(),
            knob_changes: Vec::new(),
            totals_history: TotalsHistory::default(),
            next_settings: settings.clone(),
            settings,
            prediction,
            answer: None,
            compared: None,
            last_turn_at: None,
            model,
            shown: Shown::Newest,
            now: Stamp(0),
            cell: INITIAL_CELL,
            zoom: Zoom::Undecided,
            zoomed_for: Stamp(0),
            before_fit: None,
            viewport: Viewport::Follow,
            cursor: None,
            range: None,
            interval: IntervalReader::default(),
            arrangement: Arrangement::default(),
            muted_findings: 0,
            past_finding: None,
            place_history: PlaceHistory::default(),
            letters: LetterSize::Small,
            pane: Pane::Lanes,
            selection: None,
            knob,
            filter: String::new(),
            scroll: 0,
            figures: RunFigures::default(),
            time_limit: None,
            machine: None,
            level_history: LevelHistory::new(),
            ranking: Vec::new(),
            ranked_at: Stamp(0),
            refreshed_at: Stamp(0),
            states,
            lateness: Lateness::default(),
            lateness_p99: Span::ZERO,
            columns: 0,
            cell_cache: RefCell::default(),
            share_turn: 0,
            resource_cells: super::resource_cells::ResourceCells::default(),
            costs: RefCell::default(),
            writes: RefCell::default(),
            changes: super::Changes::default(),
        }
    }

    /// Returns the view of a recorded run, all of it visible.
    pub(in crate::tui) fn from_recording(scenario: Arc<Scenario>, settings: Settings, model: Model) -> Self {
        let now = model.run_end().map(|(at, _)| at).or(model.complete_until()).unwrap_or_else(|| model.newest_stamp());
        let cell = Span(round_up_125(now.0 / RECORDED_CELLS));
        let new = Self::new(scenario, settings, Arc::default(), Prediction::default(), *model.thresholds());
        let past = TotalsHistory::from_end_of(&model, now);
        let zoom = Zoom::WholeRun;
        Self { model, now, cell, zoom, totals_history: past, shown: Shown::Recorded, ..new }
    }

    /// Returns the view of a recording, with its player.
    pub(in crate::tui) fn from_playable_run(run: PlayableRun, thresholds: Thresholds) -> Self {
        let budget = Budget::for_registry(&run.registry);
        let model = Model::new(Arc::clone(&run.registry), budget).with_thresholds(thresholds);
        let player = Player::new(run.tape, model, run.conclusion, (run.begins_at, run.start));
        let new = Self::new(run.scenario, run.settings, run.registry, Prediction::default(), thresholds);
        let (machine, time_limit) = (Some(run.machine), run.time_limit);
        Self { now: player.at(), shown: Shown::Played(Box::new(player)), machine, time_limit, ..new }
    }

    /// Returns a view of an earlier moment of the same run, whose model is `model` then.
    pub(in crate::tui) fn at_past_moment(&self, model: Model, at: Stamp) -> Self {
        let (scenario, settings) = (Arc::clone(&self.scenario), self.settings.clone());
        let new = Self::new(scenario, settings, Arc::default(), Prediction::default(), *model.thresholds());
        Self {
            model,
            now: at,
            shown: Shown::SlowMotion,
            arrangement: self.arrangement.with_muted_only(),
            filter: self.filter.clone(),
            knob: self.knob,
            knob_changes: self.knob_changes.clone(),
            initial_settings: self.initial_settings.clone(),
            time_limit: self.time_limit,
            columns: self.columns,
            zoom: Zoom::User,
            ..new
        }
    }

    /// Keeps the view for a new run.
    pub(in crate::tui) fn restart(&mut self, settings: Settings, registry: Arc<Registry>, prediction: Prediction) {
        let thresholds = *self.model.thresholds();
        let mut next = Self::new(Arc::clone(&self.scenario), settings, registry, prediction, thresholds);
        (next.cell, next.pane, next.knob) = (self.cell, self.pane, self.knob);
        if self.zoom == Zoom::User {
            next.zoom = Zoom::User;
        }
        self.level_history.start_new_run(&self.model, self.now);
        next.level_history = std::mem::take(&mut self.level_history);
        next.filter = std::mem::take(&mut self.filter);
        next.arrangement = std::mem::take(&mut self.arrangement);
        next.columns = self.columns;
        next.compared = self.compared.take();
        *self = next;
    }
}
