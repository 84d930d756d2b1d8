//! Keys, their actions, and the contexts in which they work.

mod action;
mod bindings;
mod context;
mod groups;
mod key;
mod map;

use std::cell::Cell;

use crossterm::event::KeyEvent;

use bindings::NUMBER_KEYS;

pub use key::{Key, KeyNameError};
pub use map::{BoundAction, KeyMap, Rebinding, RebindingProblem};

pub(super) use action::Action;
pub(super) use context::KeyContext;
pub(super) use groups::KeyGroup;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) action: Action,
    pub(super) context: KeyContext,
    /// A word for the hints; empty if the key has none.
    pub(super) hint: &'static str,
    help: &'static str,
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

    use super::KeyContext::ScenarioRun;
    use super::bindings::BINDINGS;
    use super::*;

    #[test]
    fn program_has_no_key_for_what_only_scenarios_have() {
        let has = |context: KeyContext, action: Action| bindings_in(context).any(|b| b.action == action);
        let of_scenarios =
            [Action::KnobUp, Action::NextKnob, Action::ShowAnswer, Action::RunSuggestion(1), Action::KillWorker];
        for action in of_scenarios {
            assert!(has(ScenarioRun, action) && !has(KeyContext::ProgramRun, action), "{action:?}");
        }
        for action in [Action::ToggleFreeze, Action::Restart, Action::StopRun, Action::Inspect] {
            assert!(has(ScenarioRun, action) && has(KeyContext::ProgramRun, action), "{action:?}");
        }
    }

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
            let by_arrow = action_for(KeyEvent::from(arrow), ScenarioRun);
            assert_eq!(by_arrow, action_for(KeyEvent::from(KeyCode::Char(letter)), ScenarioRun), "{letter}");
            assert!(by_arrow.is_some());
        }
    }
}
