//! Checking a scenario: from KDL text to a [`Scenario`] in which every name is resolved, or all mistakes at once.

mod ask;
mod declare;
mod expect;
mod flow;
mod formula;
mod groups;
mod knobs;
mod names;
mod node;
mod number;
mod on_loop;
mod optimum;
mod order;
mod pools;
mod reference;
mod runtime;
mod server;
mod shape;
mod share;
mod steps;
mod test;

use kdl::{KdlDocument, KdlNode};

use super::expr::Expr;
use super::mistake::Mistakes;
use super::program::{Group, Scenario, Test};
use super::source::Source;
use super::syntax;
use names::Names;
pub use reference::reference;

/// A scenario that can run, and what is doubtful about it.
#[derive(Debug, Clone)]
pub struct Checked {
    pub scenario: Scenario,
    /// Lints; often empty.
    pub warnings: Mistakes,
}

/// Reads and checks a scenario.
///
/// # Errors
///
/// Every mistake of the file at once, in the order of the file.
pub fn check(source: &Source) -> Result<Checked, Mistakes> {
    let mut mistakes = Mistakes::of(source);
    let Some(document) = syntax::read(&source.text, &mut mistakes) else {
        return Err(mistakes);
    };
    let mut checker = Checker::new(source, mistakes);
    checker.read(&document);
    checker.mistakes.sort();
    if checker.mistakes.count_errors() > 0 {
        // What is doubtful about a file that is wrong mostly follows from what is wrong.
        checker.mistakes.drop_warnings();
        return Err(checker.mistakes);
    }
    Ok(Checked { scenario: checker.scenario, warnings: checker.mistakes })
}

/// A scenario on its way from nodes to a program.
struct Checker {
    mistakes: Mistakes,
    names: Names,
    scenario: Scenario,
    /// The file says that there will be one: what leads to it is no mistake.
    deadlock_is_meant: bool,
}

impl Checker {
    fn new(source: &Source, mistakes: Mistakes) -> Self {
        let scenario = Scenario {
            name: source.name.clone(),
            title: source.name.clone(),
            group: Group::Own,
            about: String::new(),
            ask: None,
            watch: Vec::new(),
            tries: Vec::new(),
            knobs: Vec::new(),
            resources: Vec::new(),
            workers: Vec::new(),
            pools: Vec::new(),
            loop_threads: Expr::Number(1.0),
            expects: Vec::new(),
            test: Test::default(),
            optimum: None,
        };
        Self { mistakes, names: Names::default(), scenario, deadlock_is_meant: false }
    }

    /// Names may be used before the line that declares them: knobs come first, then what is shared, then who works,
    /// then what is said about them.
    fn read(&mut self, document: &KdlDocument) {
        let nodes: Vec<&KdlNode> =
            document.nodes().iter().filter(|node| self.shape(node, shape::TOP).is_some()).collect();
        self.deadlock_is_meant = named(&nodes, &["expect"])
            .any(|node| node::arg(node, 0).is_some_and(|kind| kind.value().as_string() == Some("deadlock")));
        self.knobs(&nodes);
        self.declare(&nodes);
        self.runtime(&nodes);
        self.groups(&nodes);
        self.words(&nodes);
        self.question(&nodes);
        self.expectations(&nodes);
        self.how_to_test(&nodes);
        self.optimum(&nodes);
        self.limits();
        self.semaphores(&nodes);
        self.lives(&nodes);
        if self.mistakes.count_errors() == 0 {
            self.shared_with_tasks(&nodes);
            self.blocked_by_tasks(&nodes);
            self.lives_of_tasks(&nodes);
            self.beyond_tasks(&nodes);
            self.lint_order(&nodes);
        }
        self.unused_knobs();
    }
}

/// The nodes with this name, in order.
fn named<'a>(nodes: &[&'a KdlNode], words: &'static [&'static str]) -> impl Iterator<Item = &'a KdlNode> + use<'a> {
    let found: Vec<&KdlNode> = nodes.iter().copied().filter(|node| words.contains(&node.name().value())).collect();
    found.into_iter()
}
