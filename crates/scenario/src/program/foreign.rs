//! The scenario that stands for a user's program, which has no steps, knobs or expectations.

use super::{Category, Scenario, TestConfig};
use crate::expr::Expr;
use crate::sanitize::sanitize;

impl Scenario {
    /// Returns the scenario of a run of a program that is no scenario's.
    pub fn of_program(title: &str) -> Self {
        let title = sanitize(title);
        let word = title.split_whitespace().find(|word| !word.starts_with('-')).unwrap_or("program");
        let name = short_name(word).trim_end_matches([',', ':']); // of a title with more about the program
        Self {
            name: name.to_owned(),
            title: title.clone(),
            category: Category::Own,
            about: String::new(),
            quiz: None,
            watch: Vec::new(),
            suggestions: Vec::new(),
            knobs: Vec::new(),
            resources: Vec::new(),
            groups: Vec::new(),
            pools: Vec::new(),
            loop_threads: Expr::Number(1.0),
            blocking_threads: None,
            expectations: Vec::new(),
            test: TestConfig::default(),
            optimum: None,
        }
    }

    /// Whether it stands for a program that has no steps of a scenario.
    pub const fn is_program(&self) -> bool {
        self.groups.is_empty() && self.pools.is_empty()
    }
}

/// Returns the host of a URL, or the file name of a path.
fn short_name(word: &str) -> &str {
    match word.split_once("://") {
        Some((_, rest)) => rest.split('/').next().unwrap_or(rest),
        None => word.rsplit('/').next().unwrap_or(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_the_file_of_a_program_or_the_host_of_a_cluster() {
        let name = |title| Scenario::of_program(title).name;
        assert_eq!(name("/opt/tools/bank.py --fast 10"), "bank.py");
        assert_eq!(name("-m bank"), "bank");
        assert_eq!(name("bank.py, process 7"), "bank.py");
        assert_eq!(name("redis://127.0.0.1:6379/0"), "127.0.0.1:6379");
        assert_eq!(name("http://scheduler:8787/"), "scheduler:8787");
    }
}
