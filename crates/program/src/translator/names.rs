//! Names that are unique in a run.

use std::collections::HashMap;

/// The names that have been given.
#[derive(Debug, Default)]
pub(super) struct UniqueNames(HashMap<String, u32>);

impl UniqueNames {
    /// Returns the name, with a number if it has been given before.
    pub fn make(&mut self, name: &str) -> String {
        let mut candidate = name.to_owned();
        loop {
            let Some(count) = self.0.get_mut(name).filter(|_| candidate == name) else {
                if self.0.contains_key(&candidate) {
                    candidate.push('\'');
                    continue;
                }
                self.0.insert(candidate.clone(), 1);
                return candidate;
            };
            *count += 1;
            candidate = format!("{name} ({count})");
        }
    }
}

/// Returns a name without the number at its end: `worker` for `worker-3`.
pub(super) fn without_number(name: &str) -> &str {
    let group = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches([' ', '-', '_', '#', '(']);
    if group.is_empty() { name } else { group }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_name_gets_a_number() {
        let mut names = UniqueNames::default();
        let made: Vec<String> = ["a", "a", "a (2)", "b", "a"].map(|name| names.make(name)).to_vec();
        assert_eq!(made, ["a", "a (2)", "a (2) (2)", "b", "a (3)"]);
        assert_eq!(["worker-3", "7", "pool-0_12"].map(without_number), ["worker", "7", "pool-0"]);
    }
}
