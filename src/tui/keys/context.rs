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
    /// A run in progress, of a scenario or of a program.
    LiveRun,
    /// A run of a scenario in progress, with its knobs, suggestions and workers that can be killed.
    ScenarioRun,
    /// A run of a user's program in progress, which has none of these.
    ProgramRun,
    /// A run of a scenario, live or recorded.
    LiveOrRecordedScenario,
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
    /// The screens: every context that is no combination of others.
    pub(super) const SCREENS: [Self; 10] = [
        Self::Picker,
        Self::Question,
        Self::ScenarioRun,
        Self::ProgramRun,
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
            Self::ScenarioRun => "in a live run of a scenario",
            Self::ProgramRun => "in a live run of a program",
            Self::LiveOrRecordedScenario => "in a live or recorded run of a scenario",
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
            Self::LiveRun => context.is_live(),
            Self::LiveRunOrSlowMotion => context.is_live() || context == Self::SlowMotion,
            Self::LiveOrRecordedScenario => Self::LiveOrRecordedRun.contains(context) && context != Self::ProgramRun,
            other => other == context,
        }
    }

    /// Whether a run is on screen.
    pub(in crate::tui) const fn is_run(self) -> bool {
        self.is_live() || matches!(self, Self::RecordedRun | Self::Replay | Self::SlowMotion)
    }

    const fn is_live(self) -> bool {
        matches!(self, Self::ScenarioRun | Self::ProgramRun)
    }
}
