//! Keys that play a recording and jump in it.

use super::{App, CurrentView, Mode};
use crate::tui::keys::Action;
use crate::tui::run_view::JumpTarget;

impl App {
    /// Handles a key of the player. Returns `false` for the other keys of a run.
    pub(super) fn handle_replay_action(&mut self, action: Action) -> bool {
        let CurrentView::Run(view) = &mut self.current_view else { return false };
        match action {
            Action::PlayRecording => view.toggle_play(),
            Action::Faster => view.change_speed(true),
            Action::Slower => view.change_speed(false),
            Action::NextEvent => self.status_message = Some(view.step_event(true)),
            Action::PreviousEvent => self.status_message = Some(view.step_event(false)),
            Action::NextFinding => self.status_message = Some(view.jump_beside(JumpTarget::Finding, true)),
            Action::PreviousFinding => self.status_message = Some(view.jump_beside(JumpTarget::Finding, false)),
            Action::NextMark => self.status_message = Some(view.jump_beside(JumpTarget::Mark, true)),
            Action::PreviousMark => self.status_message = Some(view.jump_beside(JumpTarget::Mark, false)),
            Action::ToRunStart => view.jump_to_start(),
            Action::ToRunEnd => view.jump_to_end(),
            Action::JumpToTime => self.mode = Mode::JumpTo { text: String::new() },
            _ => return false,
        }
        true
    }
}
