//! The scenario that stands for a user's program, which has no steps, knobs or expectations.

use super::{Category, Scenario, TestConfig};
use crate::expr::Expr;
use crate::sanitize::sanitize;

impl Scenario {
    /// Returns the scenario of a run of a program that is no scenario's.
    pub fn of_program(title: &str) -> Self {
        let title = sanitize(title);
        let name = title
            .split_whitespace()
            .find(|word| !word.starts_with('-'))
            .unwrap_or("program")
            .rsplit('/')
            .next()
            .unwrap_or("program")
            .trim_end_matches([',', ':']); // of a title with more about the program
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
