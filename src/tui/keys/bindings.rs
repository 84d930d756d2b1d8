//! The table of keys, from which the dispatch, the help and the hints are made.

use crossterm::event::KeyCode;

use super::KeyContext::{
    AnyRun, Everywhere, LeftTour, LiveOrRecordedRun, LiveRun, LiveRunOrSlowMotion, Picker, PickerOrRun, Question,
    Replay, SlowMotion, Tour, Tune,
};
use super::{Action, Binding, Key, KeyContext};

const fn char_key(c: char) -> Key {
    Key { code: KeyCode::Char(c), has_control: false }
}

const fn plain_key(code: KeyCode) -> Key {
    Key { code, has_control: false }
}

const fn ctrl_key(c: char) -> Key {
    Key { code: KeyCode::Char(c), has_control: true }
}

const fn bind(
    keys: &'static [Key],
    action: Action,
    context: KeyContext,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, action, context, hint, help }
}

/// The number keys, which choose an entry of the list on the screen: a guess, a suggestion.
pub(super) const NUMBER_KEYS: [Key; 9] = [
    char_key('1'),
    char_key('2'),
    char_key('3'),
    char_key('4'),
    char_key('5'),
    char_key('6'),
    char_key('7'),
    char_key('8'),
    char_key('9'),
];

/// Every key, in the order of the help. Those with a hint are in the order of their importance.
pub(super) const BINDINGS: &[Binding] = &[
    bind(&[char_key('?'), plain_key(KeyCode::F(1))], Action::Help, Everywhere, "help", "Show this help"),
    bind(&[plain_key(KeyCode::Enter)], Action::Run, Picker, "run", "Run the scenario"),
    bind(
        &[char_key('e')],
        Action::OpenScenario,
        Picker,
        "text",
        "Show the scenario's text; open a file of your own in $VISUAL or $EDITOR",
    ),
    bind(
        &[plain_key(KeyCode::Enter), char_key(' ')],
        Action::StartRun,
        Question,
        "run",
        "Run the scenario, with or without a guess",
    ),
    bind(&NUMBER_KEYS, Action::ChooseGuess(1), Question, "choose", "Choose this guess; Up and Down work too"),
    bind(
        &[char_key(' ')],
        Action::PlayRecording,
        Replay,
        "play",
        "Play, from the cursor if there is one; again: pause. At the end, play from the start",
    ),
    bind(
        &[char_key('.')],
        Action::NextEvent,
        Replay,
        "step",
        "Step to the next event of the chosen worker, lock or queue; of all workers if none is chosen",
    ),
    bind(&[char_key(',')], Action::PreviousEvent, Replay, "", "Step to the previous event"),
    bind(&[char_key('+'), char_key('=')], Action::Faster, Replay, "speed", "Play faster, up to 100 times"),
    bind(&[char_key('-')], Action::Slower, Replay, "", "Play slower, down to 1/1000"),
    bind(&[char_key('t')], Action::JumpToTime, Replay, "time", "Jump to a time that you type: 2.3s, 150ms"),
    bind(
        &[char_key('n')],
        Action::NextFinding,
        Replay,
        "finding",
        "Jump to where the next finding appears: a deadlock, a convoy",
    ),
    bind(&[char_key('N')], Action::PreviousFinding, Replay, "", "Jump to where the previous finding appears"),
    bind(&[char_key('}')], Action::NextMark, Replay, "", "Jump to the next mark: a turned knob, a death, a note"),
    bind(&[char_key('{')], Action::PreviousMark, Replay, "", "Jump to the previous mark"),
    bind(&[char_key('0')], Action::ToRunStart, Replay, "", "Jump to the first recorded moment"),
    bind(&[char_key('$')], Action::ToRunEnd, Replay, "", "Jump to the end of the run, and pause"),
    bind(
        &[char_key(' ')],
        Action::ToggleFreeze,
        LiveRun,
        "freeze",
        "Freeze the picture while collection continues; again: resume",
    ),
    bind(&[char_key('+'), char_key('=')], Action::KnobUp, LiveRun, "knob", "Turn the chosen knob up"),
    bind(&[char_key('-')], Action::KnobDown, LiveRun, "", "Turn the chosen knob down"),
    bind(&[char_key('.'), char_key('n')], Action::NextKnob, LiveRun, "", "Next knob"),
    bind(&[char_key(','), char_key('N')], Action::PreviousKnob, LiveRun, "", "Previous knob"),
    bind(
        &[char_key('a')],
        Action::ShowAnswer,
        LiveOrRecordedRun,
        "answer",
        "Result: your guess, the answer, what to try; opens by itself after a question",
    ),
    bind(
        &NUMBER_KEYS,
        Action::RunSuggestion(1),
        LiveRun,
        "try",
        "Restart with this suggestion (`a` and `i` list them)",
    ),
    bind(
        &[char_key('p')],
        Action::AskAgain,
        LiveRun,
        "",
        "Predict: ask the question again, then restart with the current knobs",
    ),
    bind(
        &[plain_key(KeyCode::Enter)],
        Action::OpenTimeline,
        Tune,
        "timeline",
        "Open the recorded timeline of a run at the chosen level; Esc returns",
    ),
    bind(&[plain_key(KeyCode::Left), char_key('h')], Action::LowerLevel, Tune, "", "Next lower level, like Up"),
    bind(&[plain_key(KeyCode::Right), char_key('l')], Action::HigherLevel, Tune, "", "Next higher level, like Down"),
    bind(
        &[plain_key(KeyCode::Tab)],
        Action::NextUpperPane,
        Tune,
        "more",
        "Switch between the curve, the figures of the chosen level, and the full answer",
    ),
    bind(
        &[char_key('s')],
        Action::StopMeasuring,
        Tune,
        "stop",
        "Stop measuring and answer from the measurements so far",
    ),
    bind(&[plain_key(KeyCode::Tab)], Action::NextPane, AnyRun, "pane", "Next pane"),
    bind(&[plain_key(KeyCode::BackTab)], Action::PreviousPane, AnyRun, "", "Previous pane"),
    bind(
        &[char_key('t')],
        Action::ToggleLevels,
        LiveRun,
        "",
        "Levels: what a pool achieved with each number of workers so far; again: back",
    ),
    bind(
        &[char_key('d')],
        Action::Compare,
        AnyRun,
        "",
        "Compare with a recording, or before and after the last turned knob; again: back",
    ),
    bind(
        &[plain_key(KeyCode::Enter)],
        Action::Inspect,
        AnyRun,
        "inspect",
        "Inspect the chosen worker, lock or queue; jump to what a finding is about",
    ),
    bind(
        &[char_key('e')],
        Action::Explain,
        AnyRun,
        "explain",
        "Explain in sentences what the chosen worker or lock does at the cursor, or a finding; `?` does so too when one is chosen",
    ),
    bind(&[char_key('C')], Action::ToggleCosts, AnyRun, "", "Who costs whom: who waits for whom how long; again: back"),
    bind(
        &[char_key('v')],
        Action::ToggleRange,
        AnyRun,
        "",
        "Begin a range of time at the cursor; again: end it. Figures and findings are then those of the range",
    ),
    bind(&[char_key('<')], Action::EventEarlier, AnyRun, "", "Cursor to the previous event of the chosen row"),
    bind(&[char_key('>')], Action::EventLater, AnyRun, "", "Cursor to the next event of the chosen row"),
    bind(
        &[plain_key(KeyCode::Backspace)],
        Action::UndoNavigation,
        AnyRun,
        "",
        "Undo: back to the window, cursor, range and row before",
    ),
    bind(&[char_key('o')], Action::NextOrder, AnyRun, "", "Order the lanes by the next column: name, age, each state"),
    bind(&[char_key('O')], Action::ReverseOrder, AnyRun, "", "Reverse the order of the lanes"),
    bind(&[char_key('^')], Action::PinLane, AnyRun, "", "Pin the chosen worker to the top; again: release it"),
    bind(&[char_key('D')], Action::HideLane, AnyRun, "", "Hide the chosen worker"),
    bind(&[char_key('F')], Action::FoldGroup, AnyRun, "", "Fold the chosen worker's group into one row"),
    bind(&[char_key('u')], Action::MuteFinding, AnyRun, "", "Mute findings like the chosen one"),
    bind(&[char_key('A')], Action::ShowAll, AnyRun, "", "Show all hidden workers, folded groups and muted findings"),
    bind(
        &[char_key(' '), plain_key(KeyCode::PageDown), char_key('n')],
        Action::NextCaption,
        Tour,
        "next",
        "Next caption of the tour; ends any wait",
    ),
    bind(
        &[plain_key(KeyCode::PageUp), char_key('p')],
        Action::PreviousScene,
        Tour,
        "back",
        "Back to the scene before, from its start",
    ),
    bind(&[char_key('r')], Action::RepeatScene, Tour, "repeat", "Repeat the scene, from its start"),
    bind(
        &[plain_key(KeyCode::Esc)],
        Action::LeaveTour,
        Tour,
        "leave",
        "Leave the tour: the run stays in the dashboard, with all its keys",
    ),
    bind(&[char_key('B'), plain_key(KeyCode::F(5))], Action::ResumeTour, LeftTour, "", "Come back to the tour"),
    bind(&[plain_key(KeyCode::Up), char_key('k')], Action::Up, Everywhere, "", "Move up"),
    bind(&[plain_key(KeyCode::Down), char_key('j')], Action::Down, Everywhere, "", "Move down"),
    bind(&[plain_key(KeyCode::PageUp), ctrl_key('b')], Action::PageUp, Everywhere, "", "Ten up"),
    bind(&[plain_key(KeyCode::PageDown), ctrl_key('f')], Action::PageDown, Everywhere, "", "Ten down"),
    bind(
        &[plain_key(KeyCode::Left), char_key('h')],
        Action::CursorEarlier,
        LiveOrRecordedRun,
        "",
        "Cursor one cell earlier; the window stops following",
    ),
    bind(
        &[plain_key(KeyCode::Right), char_key('l')],
        Action::CursorLater,
        LiveOrRecordedRun,
        "",
        "Cursor one cell later",
    ),
    bind(&[char_key('H'), char_key('b')], Action::PageEarlier, AnyRun, "", "Window half its width earlier"),
    bind(&[char_key('L'), char_key('w')], Action::PageLater, AnyRun, "", "Window half its width later"),
    bind(
        &[plain_key(KeyCode::Home), char_key('g')],
        Action::ToStart,
        AnyRun,
        "",
        "Window to the start of the run, or of the recording",
    ),
    bind(
        &[char_key('f'), plain_key(KeyCode::End), char_key('G')],
        Action::Follow,
        LiveOrRecordedRun,
        "",
        "Follow the newest again, without a cursor",
    ),
    bind(&[char_key('c')], Action::ToggleCursor, LiveOrRecordedRun, "", "Cursor on or off"),
    bind(&[char_key('[')], Action::ZoomOut, AnyRun, "", "Zoom out: more time in a cell"),
    bind(&[char_key(']')], Action::ZoomIn, AnyRun, "", "Zoom in: less time in a cell"),
    bind(
        &[char_key('z')],
        Action::FitWindow,
        AnyRun,
        "fit",
        "Fit the whole run into the window; again: a window in which single turns can be seen",
    ),
    bind(&[char_key('Z')], Action::UndoFit, AnyRun, "", "Return to the window before it was fitted"),
    bind(
        &[char_key('/')],
        Action::Filter,
        PickerOrRun,
        "filter",
        "Filter by name, and in a run by state, lock or a line of the log; Esc clears it. In the picker, typing any other letter starts the filter",
    ),
    bind(&[char_key('i')], Action::About, AnyRun, "about", "About this scenario: what to watch and what to try"),
    bind(&[char_key('r')], Action::Restart, LiveRun, "restart", "Restart with the current knobs"),
    bind(&[char_key('s')], Action::StopRun, LiveRun, "", "Stop the run; the picture stays"),
    bind(&[char_key('M')], Action::SetMark, LiveRun, "", "Set a mark at the cursor, or now; the log lists all marks"),
    bind(
        &[char_key('m')],
        Action::SlowMotion,
        LiveRunOrSlowMotion,
        "slow motion",
        "Slow motion: the steps before the deadlock, around the cursor, or just now, with captions; again: live",
    ),
    bind(&[char_key(' ')], Action::PlayPause, SlowMotion, "pause", "Pause slow motion; again: play on"),
    bind(&[plain_key(KeyCode::Right), char_key('l')], Action::NextStep, SlowMotion, "step", "Next step of slow motion"),
    bind(&[plain_key(KeyCode::Left), char_key('h')], Action::PreviousStep, SlowMotion, "", "Previous step"),
    bind(&[char_key('+'), char_key('=')], Action::FasterSteps, SlowMotion, "", "Steps follow faster"),
    bind(&[char_key('-')], Action::SlowerSteps, SlowMotion, "", "Steps follow more slowly"),
    bind(
        &[char_key('R')],
        Action::ToggleRecording,
        LiveRun,
        "",
        "Record the run to a file, with what memory holds of it so far; again: stop",
    ),
    bind(&[char_key('x')], Action::KillWorker, LiveRun, "", "Kill the chosen worker"),
    bind(
        &[plain_key(KeyCode::Esc)],
        Action::Back,
        Everywhere,
        "",
        "One step back: overlay, filter, cursor, selection, picker",
    ),
    bind(&[char_key('q')], Action::Quit, Everywhere, "quit", "Quit and end the run"),
    bind(&[ctrl_key('c')], Action::Interrupt, Everywhere, "", "Quit at once"),
    bind(&[ctrl_key('z')], Action::Suspend, Everywhere, "", "Back to the shell; `fg` returns"),
    bind(&[ctrl_key('l')], Action::Redraw, Everywhere, "", "Redraw the whole screen"),
];
