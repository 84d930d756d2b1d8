//! The first screen, and the views of runs that come from elsewhere than this dashboard.

use std::sync::Arc;

use super::{App, CurrentView, Effect, Mode};
use crate::model::Model;
use crate::scenario::{Scenario, Settings};
use crate::tui::InitialScreen;
use crate::tui::picker::PickerEntry;
use crate::tui::player::PlayableRun;
use crate::tui::run_view::RunView;

impl App {
    /// Returns the effects of the initial screen.
    pub(in crate::tui) fn initial_effects(&mut self, start: InitialScreen) -> Vec<Effect> {
        let (source, run) = match start {
            InitialScreen::Picker => return Vec::new(),
            InitialScreen::Tour(setup) => return self.start_tour(setup),
            InitialScreen::Recording(run) => {
                self.show_playable_run(*run);
                return Vec::new();
            }
            InitialScreen::Mistakes { source, overrides } => {
                self.overrides = overrides;
                (source, None)
            }
            InitialScreen::Run { source, scenario, settings, ask_question: ask } => {
                (source, Some((Arc::from(scenario), settings, ask)))
            }
        };
        let entry = PickerEntry::new(source);
        let name = entry.name.clone();
        if let (Err(mistakes), None) = (&entry.scenario, &run) {
            self.mode = Mode::Mistakes { name: name.clone(), text: mistakes.clone(), scroll: 0 };
        }
        if entry.path.is_some() {
            self.picker.insert_or_replace(entry);
        }
        self.picker.choose_name(&name);
        match run {
            Some((scenario, settings, true)) => self.ask_or_start(&scenario, settings),
            Some((scenario, settings, false)) => vec![Effect::StartRun(scenario, settings)],
            None => Vec::new(),
        }
    }

    /// Shows a run that was recorded earlier, all of it.
    pub(in crate::tui) fn show_recording(&mut self, scenario: Arc<Scenario>, settings: Settings, model: Model) {
        let model = model.with_thresholds(self.finding_options.thresholds);
        self.show_new_view(RunView::from_recording(scenario, settings, model));
        self.mode = Mode::Browse;
        self.explain_recorded_run();
        self.dirty = true;
        self.update_layout();
    }

    /// Shows the view of another run, without the muted findings.
    pub(super) fn show_new_view(&mut self, mut view: RunView) {
        self.finding_options.muted.iter().for_each(|finding| view.arrangement.mute(finding.as_str()));
        self.current_view = CurrentView::Run(Box::new(view));
    }

    /// Shows a recording, to be played.
    fn show_playable_run(&mut self, mut run: PlayableRun) {
        let warning = run.warning.take();
        self.show_new_view(RunView::from_playable_run(run, self.finding_options.thresholds));
        self.mode = Mode::Browse;
        self.explain_recorded_run();
        self.status_message = warning.or(self.status_message.take());
        self.dirty = true;
        self.update_layout();
        if let CurrentView::Run(view) = &mut self.current_view {
            view.fit_recording();
        }
    }
}
