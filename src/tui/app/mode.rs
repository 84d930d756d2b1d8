//! The views of the dashboard, and what the keys act on.

use crate::tui::keys::Action;
use crate::tui::run_view::RunView;

pub(in crate::tui) enum CurrentView {
    Picker,
    /// The levels of a tuning.
    Tune,
    Run(Box<RunView>),
}

/// What the keys act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum Mode {
    Browse,
    /// The user types a filter.
    Filter,
    /// The user types the name of a recording to compare with.
    RecordingPrompt {
        path: String,
    },
    /// The user types a moment to jump to.
    JumpTo {
        text: String,
    },
    Help {
        scroll: usize,
    },
    About {
        scroll: usize,
    },
    /// Details of the chosen worker, lock or queue.
    Detail {
        scroll: usize,
    },
    /// What the chosen row does at the shown moment, and why.
    Explain {
        scroll: usize,
    },
    /// The mistakes in a saved file.
    Mistakes {
        name: String,
        text: String,
        scroll: usize,
    },
    Text {
        title: String,
        text: String,
        scroll: usize,
    },
}

impl Mode {
    /// Returns how far an overlay is scrolled; `None` if the mode is none.
    pub(super) const fn overlay_scroll(&mut self) -> Option<&mut usize> {
        match self {
            Self::Browse | Self::Filter | Self::RecordingPrompt { .. } | Self::JumpTo { .. } => None,
            Self::Help { scroll }
            | Self::About { scroll }
            | Self::Detail { scroll }
            | Self::Explain { scroll }
            | Self::Mistakes { scroll, .. }
            | Self::Text { scroll, .. } => Some(scroll),
        }
    }

    /// Whether this mode is an overlay and the key opens another one, which then replaces it. The key that opened an
    /// overlay closes it.
    pub(super) const fn is_replaced_by(&mut self, action: Action) -> bool {
        self.overlay_scroll().is_some()
            && match action {
                Action::Help => !matches!(self, Self::Help { .. }),
                Action::About => !matches!(self, Self::About { .. }),
                Action::Compare | Action::SlowMotion | Action::ShowAnswer => true,
                _ => false,
            }
    }
}
