//! The contexts in which keys work: screens, and combinations of them.

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum KeyContext {
    Picker,
    /// The question page.
    Question,
    /// A run: live, in slow motion or recorded.
    AnyRun,
    /// A run, live or recorded, with a cursor of its own.
    LiveOrRecordedRun,
    /// A live run, or moments of it.
    LiveRunOrSlowMotion,
    /// A run that was started on this screen and can be changed.
    LiveRun,
    /// A recorded run of which only the end is known.
    RecordedRun,
    /// A recording that is played.
    Replay,
    /// Moments of a live run, step by step.
    SlowMotion,
    /// The levels of a tuning.
    Tune,
    /// A tour, whose keys come before those of its run.
    Tour,
    /// A tour that the user has left.
    LeftTour,
    /// The picker and a run, but not the question page.
    PickerOrRun,
    /// The picker and the levels of a tuning.
    List,
    Everywhere,
}

impl KeyContext {
    /// What is on screen: every context that is no combination of others.
    pub(super) const SCREENS: [Self; 9] = [
        Self::Picker,
        Self::Question,
        Self::LiveRun,
        Self::RecordedRun,
        Self::Replay,
        Self::SlowMotion,
        Self::Tune,
        Self::Tour,
        Self::LeftTour,
    ];

    /// Whether a screen has keys of both.
    pub(super) fn overlaps(self, other: Self) -> bool {
        Self::SCREENS.iter().any(|screen| self.contains(*screen) && other.contains(*screen))
    }

    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Picker => "in the list of scenarios",
            Self::Question => "on the question page",
            Self::List => "in the list of scenarios and in a tuning",
            Self::AnyRun => "in a run",
            Self::LiveOrRecordedRun => "in a live or recorded run",
            Self::LiveRunOrSlowMotion => "in a live run and in slow motion",
            Self::LiveRun => "in a live run",
            Self::RecordedRun => "in a recorded run",
            Self::Replay => "in a replay",
            Self::SlowMotion => "in slow motion",
            Self::Tune => "in a tuning",
            Self::Tour => "in a tour",
            Self::LeftTour => "in a run of a tour that was left",
            Self::PickerOrRun => "in the list of scenarios and in a run",
            Self::Everywhere => "everywhere",
        }
    }

    pub(super) fn contains(self, context: Self) -> bool {
        match self {
            Self::Everywhere => !matches!(context, Self::Tour | Self::LeftTour),
            Self::PickerOrRun => context == Self::Picker || context.is_run(),
            Self::List => matches!(context, Self::Picker | Self::Tune),
            Self::AnyRun => context.is_run(),
            Self::LiveOrRecordedRun => context.is_run() && context != Self::SlowMotion,
            Self::LiveRunOrSlowMotion => matches!(context, Self::LiveRun | Self::SlowMotion),
            other => other == context,
        }
    }

    /// Whether a run is on screen.
    pub(in crate::tui) const fn is_run(self) -> bool {
        matches!(self, Self::LiveRun | Self::RecordedRun | Self::Replay | Self::SlowMotion)
    }
}
