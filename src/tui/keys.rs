//! Keys, their actions, and the contexts in which they work.

mod bindings;
mod groups;
mod key;
mod map;

use std::cell::Cell;

use crossterm::event::KeyEvent;

use bindings::NUMBER_KEYS;

pub use key::{Key, KeyNameError};
pub use map::{BoundAction, KeyMap, Rebinding, RebindingProblem};

pub(super) use groups::KeyGroup;

/// What a key asks for. `app` carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
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

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyContext {
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) action: Action,
    pub(super) context: KeyContext,
    /// A word for the hints; empty if the key has none.
    pub(super) hint: &'static str,
    help: &'static str,
}

impl Action {
    /// Returns the name in the configuration: `toggle-freeze`.
    pub(super) fn name(self) -> String {
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
    pub(super) const fn closes_overlay(self) -> bool {
        matches!(
            self,
            Self::Quit | Self::Back | Self::Help | Self::Explain | Self::Inspect | Self::About | Self::OpenScenario
        )
    }

    /// Whether the action plays, freezes or changes the run while an overlay stays open.
    pub(super) const fn works_below_overlay(self) -> bool {
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
    pub(super) const fn moves_cursor(self) -> bool {
        matches!(self, Self::CursorEarlier | Self::CursorLater | Self::EventEarlier | Self::EventLater)
    }
}

impl KeyContext {
    /// What is on screen: every context that is no combination of others.
    const SCREENS: [Self; 9] = [
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
    fn overlaps(self, other: Self) -> bool {
        Self::SCREENS.iter().any(|screen| self.contains(*screen) && other.contains(*screen))
    }

    const fn describe(self) -> &'static str {
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

    fn contains(self, context: Self) -> bool {
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
    pub(super) const fn is_run(self) -> bool {
        matches!(self, Self::LiveRun | Self::RecordedRun | Self::Replay | Self::SlowMotion)
    }
}

impl Binding {
    fn is_active_in(&self, context: KeyContext) -> bool {
        self.context.contains(context)
    }

    /// Returns the names of its keys: `Up k`.
    pub(super) fn key_names(&self) -> String {
        if self.keys == NUMBER_KEYS {
            return "1-9".into();
        }
        self.keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(" ")
    }

    /// Returns the name of its key in the hints.
    pub(super) fn hint_key(&self) -> String {
        in_force().hint_key(self)
    }

    /// Returns its help, with the keys that it mentions.
    pub(super) fn help(&self) -> String {
        with_keys(self.help)
    }
}

thread_local! {
    /// The keys of the dashboard that this thread draws, and whose input it handles.
    static IN_FORCE: Cell<Option<&'static KeyMap>> = const { Cell::new(None) };
}

/// Sets the keys of the dashboard that this thread shows. They are kept as long as the program runs.
pub(super) fn set_keys(map: &KeyMap) {
    let map = if map == KeyMap::standard() { KeyMap::standard() } else { Box::leak(Box::new(map.clone())) };
    IN_FORCE.set(Some(map));
}

fn in_force() -> &'static KeyMap {
    IN_FORCE.get().unwrap_or_else(KeyMap::standard)
}

/// Returns the key that starts a suggestion, such as `[2]`, so that it does not read as part of the text.
pub(super) fn key_label(number: usize) -> String {
    in_force().entry_label(Action::RunSuggestion(1), number)
}

/// Returns the key that starts a scenario of "start here".
pub(super) fn start_label(number: usize) -> String {
    in_force().entry_label(Action::RunStartScenario(1), number)
}

/// Returns the key that chooses a guess.
pub(super) fn guess_label(number: usize) -> String {
    in_force().entry_label(Action::ChooseGuess(1), number)
}

/// Returns the bindings of a context whose first key does not mean something else in the context above it, and before
/// them those of that context.
pub(super) fn bindings_below(above: Option<KeyContext>, context: KeyContext) -> Vec<&'static Binding> {
    let first: Vec<&Binding> = above.into_iter().flat_map(bindings_in).collect();
    let is_taken = |binding: &&Binding| first.iter().any(|other| other.keys.contains(&binding.keys[0]));
    let rest: Vec<&Binding> = bindings_in(context).filter(|binding| !is_taken(binding)).collect();
    first.into_iter().chain(rest).collect()
}

/// Returns the name of an action's first key.
pub(super) fn key_name(action: Action) -> String {
    in_force().key_of(action)
}

/// Returns the text with the keys in force: `{quit}` is the key of that action.
pub(super) fn with_keys(text: &str) -> String {
    in_force().with_keys(text)
}

/// Returns the bindings that work in a context, in the table's order.
pub(super) fn bindings_in(context: KeyContext) -> impl Iterator<Item = &'static Binding> {
    in_force().bindings_in(context)
}

/// Returns the action of a key in a context.
pub(super) fn action_for(event: KeyEvent, context: KeyContext) -> Option<Action> {
    in_force().action_for(event, context)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crossterm::event::KeyCode;

    use super::KeyContext::LiveRun;
    use super::bindings::BINDINGS;
    use super::*;

    #[test]
    fn no_key_has_two_meanings_in_one_context() {
        for context in KeyContext::SCREENS {
            let keys: Vec<String> = bindings_in(context).flat_map(|b| b.keys.iter().map(|k| k.name())).collect();
            for (i, key) in keys.iter().enumerate() {
                assert!(!keys[..i].contains(key), "{key} means two things in {context:?}");
            }
        }
    }

    #[test]
    fn every_action_has_one_binding_with_help() {
        for (i, binding) in BINDINGS.iter().enumerate() {
            assert!(!binding.keys.is_empty() && !binding.help.is_empty(), "{:?}", binding.action);
            assert!(BINDINGS[..i].iter().all(|b| b.action != binding.action), "{:?} stands twice", binding.action);
        }
    }

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let names: HashSet<String> = BINDINGS.iter().map(|binding| binding.action.name()).collect();
        assert_eq!(names.len(), BINDINGS.len());
        assert_eq!(Action::ToggleFreeze.name(), "toggle-freeze");
        assert_eq!(Action::RunSuggestion(1).name(), "run-suggestion");
    }

    #[test]
    fn arrows_and_vi_keys_do_the_same() {
        let pairs = [(KeyCode::Up, 'k'), (KeyCode::Down, 'j'), (KeyCode::Left, 'h'), (KeyCode::Right, 'l')];
        for (arrow, letter) in pairs {
            let by_arrow = action_for(KeyEvent::from(arrow), LiveRun);
            assert_eq!(by_arrow, action_for(KeyEvent::from(KeyCode::Char(letter)), LiveRun), "{letter}");
            assert!(by_arrow.is_some());
        }
    }
}
