//! The groups of keys in the help.

use super::{Action, Binding, KeyContext, bindings_below};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum KeyGroup {
    Start,
    Playback,
    Knobs,
    Time,
    Rows,
    Panes,
    Program,
}

impl KeyGroup {
    pub(in crate::tui) const ALL: [Self; 7] =
        [Self::Start, Self::Playback, Self::Knobs, Self::Time, Self::Rows, Self::Panes, Self::Program];

    pub(in crate::tui) const fn heading(self) -> &'static str {
        match self {
            Self::Start => "THIS SCREEN",
            Self::Playback => "RUN AND PLAYBACK",
            Self::Knobs => "KNOBS",
            Self::Time => "TIME AND ZOOM",
            Self::Rows => "ROWS AND LISTS",
            Self::Panes => "PANES AND ANSWERS",
            Self::Program => "PROGRAM",
        }
    }

    /// Returns the group's keys that work in a context, below the one of a tour.
    pub(in crate::tui) fn bindings(self, above: Option<KeyContext>, context: KeyContext) -> Vec<&'static Binding> {
        let all = bindings_below(above, context).into_iter();
        all.filter(|binding| group_of(binding.action) == self).collect()
    }
}

const fn group_of(action: Action) -> KeyGroup {
    match action {
        Action::Run
        | Action::RunStartScenario(_)
        | Action::OpenScenario
        | Action::StartRun
        | Action::ChooseGuess(_)
        | Action::OpenTimeline
        | Action::LowerLevel
        | Action::HigherLevel
        | Action::NextUpperPane
        | Action::StopMeasuring
        | Action::NextCaption
        | Action::PreviousScene
        | Action::RepeatScene
        | Action::LeaveTour
        | Action::ResumeTour => KeyGroup::Start,
        Action::PlayRecording
        | Action::Faster
        | Action::Slower
        | Action::NextEvent
        | Action::PreviousEvent
        | Action::NextFinding
        | Action::PreviousFinding
        | Action::NextMark
        | Action::PreviousMark
        | Action::JumpToTime
        | Action::ToRunStart
        | Action::ToRunEnd
        | Action::ToggleFreeze
        | Action::Restart
        | Action::StopRun
        | Action::KillWorker
        | Action::SlowMotion
        | Action::PlayPause
        | Action::NextStep
        | Action::PreviousStep
        | Action::FasterSteps
        | Action::SlowerSteps
        | Action::ToggleRecording
        | Action::SetMark => KeyGroup::Playback,
        Action::KnobUp
        | Action::KnobDown
        | Action::NextKnob
        | Action::PreviousKnob
        | Action::RunSuggestion(_)
        | Action::AskAgain => KeyGroup::Knobs,
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::First
        | Action::Last
        | Action::Filter
        | Action::NextOrder
        | Action::ReverseOrder
        | Action::PinLane
        | Action::HideLane
        | Action::FoldGroup
        | Action::MuteFinding
        | Action::ShowAll
        | Action::Copy => KeyGroup::Rows,
        Action::NextPane
        | Action::PreviousPane
        | Action::ToggleLevels
        | Action::Compare
        | Action::ToggleCosts
        | Action::Inspect
        | Action::Explain
        | Action::ShowAnswer
        | Action::LargeLetters
        | Action::About => KeyGroup::Panes,
        Action::Help
        | Action::NextTheme
        | Action::Back
        | Action::Quit
        | Action::Interrupt
        | Action::Suspend
        | Action::Redraw => KeyGroup::Program,
        _ => KeyGroup::Time,
    }
}

#[cfg(test)]
mod tests {
    use super::super::bindings_in;
    use super::*;

    #[test]
    fn every_key_is_in_one_group() {
        for context in [KeyContext::Picker, KeyContext::ScenarioRun, KeyContext::Replay, KeyContext::Tune] {
            let grouped: usize = KeyGroup::ALL.iter().map(|group| group.bindings(None, context).len()).sum();
            assert_eq!(grouped, bindings_in(context).count(), "{context:?}");
        }
    }
}
