//! Which keys carry out which action: the standard table, or the user's changes of it.

use std::sync::LazyLock;

use crossterm::event::KeyEvent;

use super::bindings::BINDINGS;
use super::{Action, Binding, Key, KeyContext};

/// The bindings in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMap(Vec<Binding>);

/// Other keys for an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebinding {
    /// The name of an action, as [`KeyMap::actions`] has it.
    pub action: String,
    pub keys: Vec<Key>,
}

/// Why a rebinding cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebindingProblem {
    /// The action that was to have other keys.
    pub action: String,
    /// Which of its keys; `None` if it is the action itself.
    pub key: Option<usize>,
    pub title: String,
    pub help: String,
}

/// An action with its keys, as the configuration names them.
#[derive(Debug, Clone)]
pub struct BoundAction {
    pub name: String,
    pub keys: Vec<Key>,
    pub help: String,
    /// Where it works.
    pub place: &'static str,
}

impl KeyMap {
    /// Returns the keys that the program comes with.
    pub fn standard() -> &'static Self {
        static STANDARD: LazyLock<KeyMap> = LazyLock::new(|| KeyMap(BINDINGS.to_vec()));
        &STANDARD
    }

    /// Returns all actions, in the order of the help.
    pub fn actions(&self) -> impl Iterator<Item = BoundAction> {
        self.0.iter().map(|binding| BoundAction {
            name: binding.action.name(),
            keys: binding.keys.to_vec(),
            help: self.with_keys(binding.help),
            place: binding.context.describe(),
        })
    }

    /// Returns the same with other keys for these actions. Kept as long as the program runs.
    ///
    /// # Errors
    /// When a key would have two actions in one place, or nothing would end the program.
    pub fn rebind(&self, changes: &[Rebinding]) -> Result<Self, Vec<RebindingProblem>> {
        let mut map = self.clone();
        for binding in &mut map.0 {
            let name = binding.action.name();
            if let Some(change) = changes.iter().rfind(|change| change.action == name) {
                binding.keys = Vec::leak(change.keys.clone());
            }
        }
        let mut problems = Vec::new();
        let is_changed = |binding: &Binding| changes.iter().any(|change| change.action == binding.action.name());
        for (i, first) in map.0.iter().enumerate() {
            for second in &map.0[i + 1..] {
                if !first.context.overlaps(second.context) {
                    continue;
                }
                // The mistake stands at a change.
                let (changed, other) = if is_changed(second) { (second, first) } else { (first, second) };
                problems.extend(find_conflict(changed, other));
            }
            if first.action == Action::Interrupt && first.keys.is_empty() {
                problems.push(RebindingProblem {
                    action: first.action.name(),
                    key: None,
                    title: "`interrupt` has no key".to_owned(),
                    help: "give it one, such as \"Ctrl-C\": it always ends the program".to_owned(),
                });
            }
        }
        if problems.is_empty() { Ok(map) } else { Err(problems) }
    }

    /// Returns the bindings that work in a context, in the order of the help.
    pub(in crate::tui) fn bindings_in(&self, context: KeyContext) -> impl Iterator<Item = &Binding> {
        self.0.iter().filter(move |binding| binding.is_active_in(context))
    }

    /// Returns the action of a key in a context.
    pub(in crate::tui) fn action_for(&self, event: KeyEvent, context: KeyContext) -> Option<Action> {
        let key = Key::from(event);
        let place = |binding: &Binding| Some((binding.action, binding.keys.iter().position(|k| *k == key)? + 1));
        let (action, nth) = self.bindings_in(context).find_map(place)?;
        Some(match action {
            Action::RunStartScenario(_) => Action::RunStartScenario(nth),
            Action::ChooseGuess(_) => Action::ChooseGuess(nth),
            Action::RunSuggestion(_) => Action::RunSuggestion(nth),
            action => action,
        })
    }

    /// Returns the name of the first key of an action: `q`. Empty if it has none.
    pub(in crate::tui) fn key_of(&self, action: Action) -> String {
        let binding = self.binding_of(action);
        binding.and_then(|binding| binding.keys.first()).map(|key| key.name()).unwrap_or_default()
    }

    /// Returns the key that starts or chooses an entry of a list, such as `[2]`, so that it does not read as part of
    /// the text; blank if there is none.
    pub(in crate::tui) fn entry_label(&self, action: Action, number: usize) -> String {
        let key = self.binding_of(action).and_then(|binding| binding.keys.get(number.checked_sub(1)?));
        key.map_or_else(|| "   ".to_owned(), |key| format!("[{}]", key.name()))
    }

    /// Returns the name of a binding's key in the hints.
    pub(in crate::tui) fn hint_key(&self, binding: &Binding) -> String {
        let pair = |other| format!("{}/{}", self.key_of(binding.action), self.key_of(other));
        match binding.action {
            _ if binding.keys.is_empty() => String::new(),
            Action::KnobUp => pair(Action::KnobDown),
            Action::Faster => pair(Action::Slower),
            Action::NextFinding => pair(Action::PreviousFinding),
            Action::NextEvent => format!("{} {}", self.key_of(Action::PreviousEvent), self.key_of(Action::NextEvent)),
            Action::RunStartScenario(_) | Action::ChooseGuess(_) | Action::RunSuggestion(_) => binding.key_names(),
            _ => self.key_of(binding.action),
        }
    }

    /// Replaces `{quit}` by the key of that action.
    pub(in crate::tui) fn with_keys(&self, text: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            out.push_str(before);
            let binding = self.0.iter().find(|binding| binding.action.name() == name);
            out.push_str(&binding.map_or_else(|| format!("{{{name}}}"), |binding| self.key_of(binding.action)));
            rest = after;
        }
        out + rest
    }

    fn binding_of(&self, action: Action) -> Option<&Binding> {
        let is_same = |binding: &&Binding| std::mem::discriminant(&binding.action) == std::mem::discriminant(&action);
        self.0.iter().find(is_same)
    }
}

/// Returns the first key of the changed action that the other one has too.
fn find_conflict(changed: &Binding, other: &Binding) -> Option<RebindingProblem> {
    let (at, key) = changed.keys.iter().enumerate().find(|(_, key)| other.keys.contains(key))?;
    let taken = other.action.name();
    Some(RebindingProblem {
        action: changed.action.name(),
        key: Some(at),
        title: format!("`{}` already is `{taken}` {}", key.name(), other.context.describe()),
        help: format!("choose another key, or give `{taken}` another one as well ([] for none)"),
    })
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;

    fn change(action: &str, keys: &[&str]) -> Rebinding {
        let keys = keys.iter().map(|key| Key::parse(key).expect("a key")).collect();
        Rebinding { action: action.to_owned(), keys }
    }

    fn pressed(map: &KeyMap, c: char, context: KeyContext) -> Option<Action> {
        map.action_for(KeyEvent::from(KeyCode::Char(c)), context)
    }

    #[test]
    fn other_keys_replace_those_of_an_action() {
        let map = KeyMap::standard().rebind(&[change("quit", &["Q", "F10"])]).expect("no conflict");
        assert_eq!(pressed(&map, 'Q', KeyContext::ScenarioRun), Some(Action::Quit));
        assert_eq!(pressed(&map, 'q', KeyContext::ScenarioRun), None);
        assert_eq!(map.key_of(Action::Quit), "Q");
        assert_eq!(pressed(KeyMap::standard(), 'q', KeyContext::ScenarioRun), Some(Action::Quit));
        let map = KeyMap::standard().rebind(&[change("kill-worker", &[])]).expect("no conflict");
        assert_eq!(pressed(&map, 'x', KeyContext::ScenarioRun), None);
    }

    #[test]
    fn key_with_two_actions_in_one_place_is_refused() {
        let problems = KeyMap::standard().rebind(&[change("quit", &["F9", "x"])]).expect_err("a conflict");
        let [problem] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!((problem.action.as_str(), problem.key), ("quit", Some(1)));
        assert_eq!(problem.title, "`x` already is `kill-worker` in a live run of a scenario");
        let both = [change("quit", &["x"]), change("kill-worker", &["q"])];
        let swapped = KeyMap::standard().rebind(&both).expect("no conflict any more");
        assert_eq!(pressed(&swapped, 'q', KeyContext::ScenarioRun), Some(Action::KillWorker));
        // A key may mean another thing where the first does not work.
        assert!(KeyMap::standard().rebind(&[change("stop-measuring", &["x"])]).is_ok());
        assert!(KeyMap::standard().rebind(&[change("interrupt", &[])]).is_err());
    }

    #[test]
    fn numbers_of_entries_follow_their_keys() {
        let keys = ["F1", "F2", "F3"];
        let map = KeyMap::standard().rebind(&[change("help", &["?"]), change("run-suggestion", &keys)]).expect("free");
        let second = map.action_for(KeyEvent::from(KeyCode::F(2)), KeyContext::ScenarioRun);
        assert_eq!(second, Some(Action::RunSuggestion(2)));
        assert_eq!(map.entry_label(Action::RunSuggestion(1), 2), "[F2]");
        assert_eq!(map.entry_label(Action::RunSuggestion(1), 4), "   ");
        assert_eq!(map.entry_label(Action::ChooseGuess(1), 2), "[2]");
    }

    #[test]
    fn help_names_the_keys_in_force() {
        let map = KeyMap::standard().rebind(&[change("about", &["I"])]).expect("free");
        assert_eq!(map.with_keys("see {about} and {show-answer}, {no-such}"), "see I and a, {no-such}");
        for binding in &map.0 {
            assert!(!map.with_keys(binding.help).contains('{'), "{}", binding.help);
        }
    }
}
