//! A tour: its keys, its clock, and its actions on the run on screen.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::{App, CurrentView, Effect, Mode};
use crate::report::condition_holds;
use crate::scenario::{CursorTarget, FigureFormula, PointTarget, TourAction, TourWait, ZoomTarget};
use crate::trace::{ResourceId, WorkerId};
use crate::tui::TourSetup;
use crate::tui::keys::{self, Action, KeyContext};
use crate::tui::layout::caption_height;
use crate::tui::panes;
use crate::tui::run_view::{Pane, RunView, Selection};
use crate::tui::tour::{Progress, RunNews, TourPlayer};

impl App {
    /// Starts a tour with its first scene.
    pub(super) fn start_tour(&mut self, setup: TourSetup) -> Vec<Effect> {
        self.tour = Some(Box::new(TourPlayer::new(setup)));
        self.enter_scene(0)
    }

    /// Returns the tour, unless the user has left it.
    pub(in crate::tui) fn shown_tour(&self) -> Option<&TourPlayer> {
        self.tour.as_deref().filter(|tour| !tour.is_left)
    }

    /// Returns the context of the tour's keys, which come before those of the run.
    pub(in crate::tui) fn tour_context(&self) -> Option<KeyContext> {
        self.tour.as_ref().map(|tour| if tour.is_left { KeyContext::LeftTour } else { KeyContext::Tour })
    }

    /// Returns the area of the run: all but the lines of a caption.
    pub(in crate::tui) fn run_area(&self, screen: Rect) -> Rect {
        let lines = self.shown_tour().map_or(0, |tour| caption_height(tour, screen));
        Rect { height: screen.height - lines, ..screen }
    }

    /// Starts the run of a scene.
    fn enter_scene(&mut self, index: usize) -> Vec<Effect> {
        let Some(tour) = &mut self.tour else { return Vec::new() };
        tour.go_to_scene(index);
        if tour.progress == Progress::Over {
            return if tour.is_auto() { vec![Effect::Quit { interrupted: false }] } else { Vec::new() };
        }
        let Some(scene) = tour.scene() else { return Vec::new() };
        // A copy, so that a repeated scene begins with a new view.
        let scenario = Arc::new(scene.scenario.as_ref().clone());
        let settings = scene.settings.clone();
        tour.running = Some(Arc::clone(&scenario));
        self.mode = Mode::Browse;
        self.question = None;
        vec![Effect::StartRun(scenario, settings)]
    }

    /// Handles a key of the tour. Returns `None` for all other keys.
    pub(super) fn handle_tour_key(&mut self, key: KeyEvent) -> Option<Vec<Effect>> {
        let context = self.tour_context()?;
        let is_typing = matches!(self.mode, Mode::Filter | Mode::RecordingPrompt { .. } | Mode::JumpTo { .. });
        let is_picking = matches!(self.current_view, CurrentView::Picker) && matches!(key.code, KeyCode::Char(_));
        if is_typing || (is_picking && context == KeyContext::LeftTour) {
            return None;
        }
        let action = keys::action_for(key, context)?;
        if action == Action::LeaveTour && self.mode != Mode::Browse {
            return None; // Esc closes an overlay first
        }
        self.mode = Mode::Browse;
        if let Some(tour) = &mut self.tour {
            tour.forget_late();
        }
        Some(self.handle_tour_action(action))
    }

    fn handle_tour_action(&mut self, action: Action) -> Vec<Effect> {
        let Some(tour) = &mut self.tour else { return Vec::new() };
        let scene = tour.scene_index();
        match action {
            Action::NextCaption => match &tour.progress {
                Progress::Waiting { .. } => tour.progress = Progress::Acting,
                Progress::Failed { .. } => return self.enter_scene(scene + 1),
                Progress::Starting | Progress::Acting | Progress::Over => return Vec::new(),
            },
            Action::PreviousScene => return self.enter_scene(scene.saturating_sub(1)),
            Action::RepeatScene => return self.enter_scene(scene),
            Action::LeaveTour => {
                tour.is_left = true;
                let (step, of) = tour.step();
                let back = keys::key_name(Action::ResumeTour);
                self.status_message = Some(format!("Tour left at {step} of {of}: {back} comes back"));
                self.update_layout();
            }
            Action::ResumeTour => {
                tour.is_left = false;
                let is_running = match (&tour.running, &self.current_view) {
                    (Some(running), CurrentView::Run(view)) => Arc::ptr_eq(running, &view.scenario),
                    _ => false,
                };
                if !is_running {
                    return self.enter_scene(scene);
                }
            }
            _ => {}
        }
        self.advance_tour()
    }

    /// Notes that a run was started, which the tour may have waited for.
    pub(super) fn note_tour_run(&mut self) {
        if let Some(tour) = &mut self.tour
            && tour.progress == Progress::Starting
            && !tour.is_left
        {
            tour.progress = Progress::Acting;
        }
    }

    /// Notes why a run could not be started. Returns whether it was that of the tour.
    pub(super) fn fail_tour_run(&mut self, why: &str) -> bool {
        let Some(tour) = self.tour.as_mut().filter(|tour| tour.progress == Progress::Starting && !tour.is_left) else {
            return false;
        };
        tour.fail_scene(why.to_owned());
        true
    }

    /// Takes over the time, which ends waits of the tour.
    pub(super) fn tick_tour(&mut self, clock: Duration) -> Vec<Effect> {
        if !self.tour.as_ref().is_some_and(|tour| tour.needs_clock()) {
            return Vec::new();
        }
        let awaited = self.tour.as_deref().and_then(TourPlayer::awaited_condition).cloned();
        let live = self.live_view();
        let findings: Vec<&'static str> =
            live.iter().flat_map(|view| &view.figures.findings).map(|finding| finding.id).collect();
        let has_ended = live.as_ref().is_some_and(|view| view.newest_model().run_end().is_some());
        let condition_holds = live.zip(awaited).is_some_and(|(view, formula)| view.meets(&formula));
        let Some(tour) = &mut self.tour else { return Vec::new() };
        if !tour.tick(clock, &RunNews { has_ended, findings: &findings, condition_holds }) {
            return Vec::new();
        }
        self.dirty = true;
        let effects = self.handle_tour_action(Action::NextCaption);
        self.update_layout();
        effects
    }

    /// Carries out the actions of the scene up to its next wait.
    pub(super) fn advance_tour(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(tour) = self.tour.as_mut().filter(|tour| !tour.is_left) {
            let Some(action) = tour.next_action() else {
                if tour.is_scene_done() {
                    let next = tour.scene_index() + 1;
                    effects.extend(self.enter_scene(next));
                }
                break;
            };
            self.update_layout(); // widths depend on the caption
            let caused = self.perform_tour_action(action);
            let restarts = caused.iter().any(|effect| matches!(effect, Effect::StartRun(..)));
            effects.extend(caused);
            if let Some(tour) = self.tour.as_mut().filter(|_| restarts) {
                tour.progress = Progress::Starting; // the other actions are for the new run
                break;
            }
        }
        effects
    }

    fn perform_tour_action(&mut self, action: TourAction) -> Vec<Effect> {
        let CurrentView::Run(view) = &mut self.current_view else { return Vec::new() };
        match action {
            TourAction::Turn { knob, value } => return self.set_knob(knob, value),
            TourAction::Zoom(ZoomTarget::Width(width)) => view.zoom_to_width(width),
            TourAction::Zoom(ZoomTarget::Fit) => drop(view.fit_window()),
            TourAction::Point(target) => view.point_at(&target),
            TourAction::SlowMotion => return self.perform_run_action(Action::SlowMotion),
            TourAction::Restart => return self.perform_run_action(Action::Restart),
            TourAction::Freeze if view.is_frozen() => {}
            TourAction::Freeze => return self.perform_run_action(Action::ToggleFreeze),
            TourAction::Live => self.show_live(),
            TourAction::Cursor(target) => view.put_cursor(target),
            TourAction::Kill(name) => {
                if let Some(worker) = view.worker_named(&name) {
                    view.select(Selection::Lane(worker));
                    return self.perform_run_action(Action::KillWorker);
                }
            }
            TourAction::Caption(_) | TourAction::Wait(_) => {}
        }
        Vec::new()
    }

    /// Ends slow motion, freezing and the cursor.
    fn show_live(&mut self) {
        self.leave_slow_motion();
        let CurrentView::Run(view) = &mut self.current_view else { return };
        if view.is_frozen() {
            view.toggle_freeze();
        }
        view.follow_newest();
    }
}

impl RunView {
    /// Whether a condition over figures holds now.
    fn meets(&self, formula: &FigureFormula) -> bool {
        condition_holds(self.newest_model(), &self.scenario, &self.settings, formula, self.now)
    }

    fn worker_named(&self, name: &str) -> Option<WorkerId> {
        let workers = &self.shown_model().registry().workers;
        workers.iter().position(|worker| worker.name == name).map(WorkerId::from)
    }

    /// Chooses the row or opens the pane that a tour points at.
    fn point_at(&mut self, target: &PointTarget) {
        let registry = self.shown_model().registry();
        let named = |id: &ResourceId, name: &str| registry.resource_name(*id) == name;
        let selection = match target {
            PointTarget::Lane(name) => self.worker_named(name).map(Selection::Lane),
            PointTarget::Lock(name) => registry.locks().find(|id| named(id, name)).map(Selection::Lock),
            PointTarget::Queue(name) => registry.queues_and_pipes().find(|id| named(id, name)).map(Selection::Queue),
            PointTarget::Pane(word) => {
                let pane = panes::pane_of_tour(word);
                (self.pane, self.selection, self.scroll) = (pane, None, 0);
                return self.refresh();
            }
            PointTarget::Nothing => None,
        };
        if let Some(selection) = selection {
            self.select(selection);
        } else {
            (self.pane, self.selection) = (Pane::Lanes, None);
        }
        self.refresh();
    }

    /// Moves the cursor to where a tour wants it.
    fn put_cursor(&mut self, target: CursorTarget) {
        let at = match target {
            CursorTarget::Moment(at) => Some(at),
            CursorTarget::Finding(id) => self.figures.findings.iter().find(|f| f.id == id).and_then(|f| f.at),
        };
        if let Some(at) = at {
            self.cursor = Some(self.nearest_shown_moment(at));
            self.bring_cursor_in_sight();
            self.refresh();
        }
    }
}

/// Returns what the tour waits for, in words; `None` if it is the presenter's key.
pub(in crate::tui) fn describe_wait(progress: &Progress) -> Option<String> {
    match progress {
        Progress::Waiting { wait: TourWait::Time(_), .. } => Some("a moment…".to_owned()),
        Progress::Waiting { wait: TourWait::Finding { id, .. }, .. } => Some(format!("waits for {id}…")),
        Progress::Waiting { wait: TourWait::Condition { formula, .. }, .. } => {
            Some(format!("waits for {}…", formula.to_text()))
        }
        Progress::Waiting { wait: TourWait::End { .. }, .. } => Some("waits for the end of the run…".to_owned()),
        Progress::Starting => Some("starts…".to_owned()),
        _ => None,
    }
}
