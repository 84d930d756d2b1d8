//! Keys that compare the run with a recording, or with itself before a turned knob.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};

use super::{App, CurrentView, Effect, Mode};
use crate::tui::run_view::{ComparedRun, OpenedRecording, Pane};

/// Longest name of a file that can be typed, in characters.
const MAX_PATH_LENGTH: usize = 400;

impl App {
    /// Closes the pane of the comparison, or asks what to compare with.
    pub(super) fn toggle_comparison(&mut self) {
        let CurrentView::Run(view) = &mut self.current_view else { return };
        if view.pane == Pane::Comparison {
            view.pane = Pane::Lanes;
        } else {
            self.mode = Mode::RecordingPrompt { path: String::new() };
        }
    }

    /// Handles keys while the user types the name of a recording.
    pub(super) fn handle_recording_prompt_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Mode::RecordingPrompt { path } = &mut self.mode else { return Vec::new() };
        match key.code {
            KeyCode::Esc => self.mode = Mode::Browse,
            KeyCode::Backspace => drop(path.pop()),
            KeyCode::Char(c) => self.push_path_char(c),
            KeyCode::Enter => {
                let path = std::mem::take(path);
                self.mode = Mode::Browse;
                if !path.is_empty() {
                    return vec![Effect::OpenRecording(PathBuf::from(path))];
                }
                self.compare_before_knob();
            }
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn push_path_char(&mut self, c: char) {
        if let Mode::RecordingPrompt { path } = &mut self.mode
            && !c.is_control()
            && path.chars().count() < MAX_PATH_LENGTH
        {
            path.push(c);
        }
    }

    fn compare_before_knob(&mut self) {
        let CurrentView::Run(view) = &mut self.current_view else { return };
        if view.last_turn().is_none() {
            self.status_message =
                Some("No knob was turned during this run; turn one with + or name a recording".into());
            return;
        }
        (view.compared, view.pane) = (Some(ComparedRun::BeforeKnob), Pane::Comparison);
        (view.selection, view.scroll) = (None, 0);
    }

    pub(super) fn handle_opened_recording(&mut self, opened: Result<Box<OpenedRecording>, String>) {
        let CurrentView::Run(view) = &mut self.current_view else { return };
        match opened {
            Ok(recording) => {
                (view.compared, view.pane) = (Some(ComparedRun::Recording(recording)), Pane::Comparison);
                (view.selection, view.scroll) = (None, 0);
            }
            Err(why) => self.status_message = Some(why),
        }
    }
}
