//! Slow motion on the screen of a live run: how it starts, goes on and ends.

use super::{App, CurrentView, Effect};
use crate::recording::FlightTape;
use crate::trace::{Registry, Span, Stamp};
use crate::tui::keys::Action;
use crate::tui::run_view::RunView;
use crate::tui::slow_motion::SlowMotion;

impl App {
    /// Shows the last moments of the live run step by step.
    pub(super) fn start_slow_motion(&mut self, tape: FlightTape, registry: Registry) {
        if self.slow_motion.is_some() || !matches!(self.current_view, CurrentView::Run(_)) {
            return;
        }
        let CurrentView::Run(live) = std::mem::replace(&mut self.current_view, CurrentView::Picker) else { return };
        let (view, slow) = match SlowMotion::new(live, tape, registry) {
            Ok(slow) => (Box::new(slow.new_view()), Some(Box::new(slow))),
            Err((live, why)) => {
                self.status_message = Some(why.into());
                (live, None)
            }
        };
        (self.current_view, self.slow_motion) = (CurrentView::Run(view), slow);
        self.tick_slow_motion(Stamp(0), Span::ZERO);
    }

    /// Returns to the live run, if another moment is shown.
    pub(in crate::tui) fn leave_slow_motion(&mut self) {
        if let Some(slow) = self.slow_motion.take() {
            self.current_view = CurrentView::Run(slow.live);
            self.dirty = true;
        }
    }

    /// Returns the view of the run on screen that gets its messages.
    pub(super) fn live_view(&mut self) -> Option<&mut RunView> {
        match (&mut self.slow_motion, &mut self.current_view) {
            (Some(slow), _) => Some(&mut slow.live),
            (None, CurrentView::Run(view)) => Some(view),
            _ => None,
        }
    }

    /// Handles a frame that is due. Returns whether a run is shown in slow motion.
    pub(super) fn tick_slow_motion(&mut self, now: Stamp, late: Span) -> bool {
        let (Some(slow), CurrentView::Run(view)) = (&mut self.slow_motion, &mut self.current_view) else {
            return false;
        };
        slow.live.tick(now, late);
        if slow.tick(view, now) {
            self.dirty = true;
            self.update_layout();
        }
        true
    }

    /// Handles a key of slow motion. Returns `None` for the keys of any run.
    pub(super) fn handle_slow_motion_action(&mut self, action: Action) -> Option<Vec<Effect>> {
        let (Some(slow), CurrentView::Run(view)) = (&mut self.slow_motion, &mut self.current_view) else { return None };
        match action {
            Action::SlowMotion | Action::Back => self.leave_slow_motion(),
            Action::PlayPause => slow.toggle(view),
            Action::NextStep => {
                slow.pause();
                slow.step(view, 1);
            }
            Action::PreviousStep => {
                slow.pause();
                slow.step(view, -1);
            }
            Action::FasterSteps => slow.change_pace(true),
            Action::SlowerSteps => slow.change_pace(false),
            _ => return None,
        }
        Some(Vec::new())
    }
}
