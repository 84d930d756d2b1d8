//! Which model of the run is on screen, and whether the picture moves.

use super::RunView;
use crate::model::Model;
use crate::trace::RunEnd;
use crate::tui::player::Player;

/// Which model is on screen.
pub(super) enum Shown {
    /// The one that is collected.
    Newest,
    /// A copy of an earlier moment.
    Frozen(Box<Model>),
    /// The end of a run that was recorded earlier.
    Recorded,
    /// That of an earlier moment of the live run, which another view has.
    SlowMotion,
    /// That of the player's moment.
    Played(Box<Player>),
}

/// Whether the picture moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum PlayState {
    Live,
    Frozen,
    Recorded,
    /// Shows earlier moments of the live run, step by step.
    SlowMotion,
    /// By the player.
    Played,
    Ended(RunEnd),
}

impl RunView {
    /// Returns the model on screen.
    pub(in crate::tui) fn shown_model(&self) -> &Model {
        match &self.shown {
            Shown::Newest | Shown::Recorded | Shown::SlowMotion => &self.model,
            Shown::Frozen(model) => model,
            Shown::Played(player) => player.model(),
        }
    }

    /// Returns the collected model, even while another one is on screen.
    pub(in crate::tui) fn newest_model(&self) -> &Model {
        match &self.shown {
            Shown::Played(player) => player.newest_model(),
            _ => &self.model,
        }
    }

    pub(in crate::tui) fn play_state(&self) -> PlayState {
        match (&self.shown, self.model.run_end()) {
            (Shown::Recorded, _) => PlayState::Recorded,
            (Shown::SlowMotion, _) => PlayState::SlowMotion,
            (Shown::Played(_), _) => PlayState::Played,
            (Shown::Frozen(_), _) => PlayState::Frozen,
            (Shown::Newest, Some((_, how))) => PlayState::Ended(how.clone()),
            (Shown::Newest, None) => PlayState::Live,
        }
    }

    pub(in crate::tui) fn is_recorded(&self) -> bool {
        matches!(self.shown, Shown::Recorded | Shown::Played(_))
    }

    pub(in crate::tui) fn is_frozen(&self) -> bool {
        matches!(self.shown, Shown::Frozen(_))
    }

    pub(in crate::tui) fn is_in_slow_motion(&self) -> bool {
        matches!(self.shown, Shown::SlowMotion)
    }

    /// Whether the run can be changed from this view: its knobs turned, the run stopped.
    pub(in crate::tui) fn has_control(&self) -> bool {
        !self.is_recorded() && !self.is_in_slow_motion()
    }

    /// Whether the shown moment is the present of a run that goes on.
    pub(in crate::tui) fn shows_present(&self) -> bool {
        self.play_state() == PlayState::Live && self.time_before_end().is_none()
    }

    /// Whether the picture changes without any input.
    pub(in crate::tui) fn is_animating(&self) -> bool {
        match &self.shown {
            Shown::Played(player) => player.is_moving(),
            _ => self.play_state() == PlayState::Live,
        }
    }

    pub(in crate::tui) fn toggle_freeze(&mut self) {
        if self.is_frozen() {
            self.follow_newest();
        } else if self.is_animating() {
            self.shown = Shown::Frozen(Box::new(self.model.clone()));
            self.forget_cells(); // those that are kept may be older than the model
            if self.has_many_lanes() {
                self.refresh(); // shares of lanes out of view may be old
            }
        }
    }

    /// Shows the newest moment of the run, also if it was frozen.
    pub(in crate::tui) fn follow_newest(&mut self) {
        if self.is_frozen() {
            self.shown = Shown::Newest;
            self.now = match (self.model.run_end(), self.model.complete_until()) {
                (Some((at, _)), _) => at,
                (None, through) => self.now.max(through.unwrap_or_default()),
            };
            self.record_totals(self.now);
        }
        self.follow();
    }
}
