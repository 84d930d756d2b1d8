//! The actions that keys ask for.

/// What a key asks for. `app` carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::tui) enum Action {
    ToggleFreeze,
    Follow,
    ZoomOut,
    ZoomIn,
    /// Fits the whole run into the window.
    FitWindow,
    /// Returns to the window before it was fitted.
    UndoFit,
    CursorEarlier,
    CursorLater,
    PageEarlier,
    PageLater,
    /// Plays a recording, or pauses.
    PlayRecording,
    Faster,
    Slower,
    /// Shows the next event of the chosen row.
    NextEvent,
    PreviousEvent,
    NextFinding,
    PreviousFinding,
    NextMark,
    PreviousMark,
    /// Asks for a moment to jump to.
    JumpToTime,
    ToRunStart,
    ToRunEnd,
    ToStart,
    ToggleCursor,
    Up,
    Down,
    PageUp,
    PageDown,
    /// Chooses the first or the last row of a list.
    First,
    Last,
    NextPane,
    PreviousPane,
    /// Opens or closes the pane of levels.
    ToggleLevels,
    /// Opens or closes the comparison with a recording.
    Compare,
    /// Opens or closes the pane of who costs whom.
    ToggleCosts,
    /// Explains the chosen row at the cursor.
    Explain,
    /// Begins or ends a range of time.
    ToggleRange,
    /// Moves the cursor to an event of the chosen row.
    EventEarlier,
    EventLater,
    /// Returns to the place before.
    UndoNavigation,
    /// Orders the lanes by the next column.
    NextOrder,
    ReverseOrder,
    PinLane,
    HideLane,
    FoldGroup,
    MuteFinding,
    ShowAll,
    /// Shows which worker ran on which core, or the load again.
    ToggleCoreWorkers,
    Inspect,
    Run,
    /// Runs the scenario with this number among those to start with, from 1 on.
    RunStartScenario(usize),
    /// Chooses the guess with this number, from 1 on.
    ChooseGuess(usize),
    /// Starts the run after its question.
    StartRun,
    /// Shows the prediction beside the measurement.
    ShowAnswer,
    AskAgain,
    /// Starts the suggestion with this number, from 1 on.
    RunSuggestion(usize),
    Filter,
    KnobUp,
    KnobDown,
    NextKnob,
    PreviousKnob,
    /// Opens the recorded timeline of a run at the chosen level.
    OpenTimeline,
    LowerLevel,
    HigherLevel,
    NextUpperPane,
    /// Ends the measuring of a tuning.
    StopMeasuring,
    Restart,
    StopRun,
    KillWorker,
    /// Shows the last moments in slow motion, or returns from it.
    SlowMotion,
    PlayPause,
    NextStep,
    PreviousStep,
    FasterSteps,
    SlowerSteps,
    /// Starts or ends a recording of the run.
    ToggleRecording,
    /// Sets a mark at the cursor, or now.
    SetMark,
    /// Switches between letters for projectors and small ones.
    LargeLetters,
    /// Ends the wait of a tour.
    NextCaption,
    PreviousScene,
    RepeatScene,
    /// Leaves a tour for the dashboard, or comes back.
    LeaveTour,
    ResumeTour,
    About,
    /// Copies the chosen row, or the report, to the clipboard.
    Copy,
    OpenScenario,
    Back,
    Help,
    /// Shows the next theme.
    NextTheme,
    Redraw,
    Suspend,
    Interrupt,
    Quit,
}

impl Action {
    /// Returns the name in the configuration: `toggle-freeze`.
    pub(in crate::tui) fn name(self) -> String {
        let (mut name, variant) = (String::new(), format!("{self:?}"));
        for c in variant.chars().take_while(char::is_ascii_alphanumeric) {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    }

    /// Whether the action closes an overlay.
    pub(in crate::tui) const fn closes_overlay(self) -> bool {
        matches!(
            self,
            Self::Quit | Self::Back | Self::Help | Self::Explain | Self::Inspect | Self::About | Self::OpenScenario
        )
    }

    /// Whether the action plays, freezes or changes the run while an overlay stays open.
    pub(in crate::tui) const fn works_below_overlay(self) -> bool {
        matches!(
            self,
            Self::ToggleFreeze
                | Self::PlayRecording
                | Self::Faster
                | Self::Slower
                | Self::NextEvent
                | Self::PreviousEvent
                | Self::PlayPause
                | Self::NextStep
                | Self::PreviousStep
                | Self::KnobUp
                | Self::KnobDown
                | Self::RunSuggestion(_)
                | Self::AskAgain
                | Self::Restart
                | Self::ToggleRecording
                | Self::SetMark
                | Self::Copy
                | Self::NextTheme
        )
    }

    /// Whether the action moves the cursor by a cell or to an event.
    pub(in crate::tui) const fn moves_cursor(self) -> bool {
        matches!(self, Self::CursorEarlier | Self::CursorLater | Self::EventEarlier | Self::EventLater)
    }
}
