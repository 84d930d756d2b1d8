//! Checking a scenario: from KDL text to a [`Scenario`] in which every name is resolved, or all mistakes at once.

mod arrivals;
mod dask;
mod declarations;
mod event_loop;
mod expect;
mod forked_steps;
mod formula;
mod grammar;
mod groups;
mod knobs;
mod lock_flow;
mod lock_order;
mod names;
mod node;
mod node_form;
mod number_rule;
mod optimum;
mod pool_options;
mod quiz;
mod quotes;
mod reference;
mod server;
mod steps;
mod task_restrictions;
mod test_config;
mod tour;
mod trace;

use std::path::PathBuf;

use kdl::{KdlDocument, KdlNode};

use super::expr::Expr;
use super::mistake::Mistakes;
use super::program::{Category, Scenario, TestConfig, TextExpr};
use super::source::Source;
use super::syntax::{self, ParsedText};
pub use grammar::{LanguageExample, language_examples};
use names::Names;
pub(super) use quotes::{QuoteRule, quote_rule};
pub use reference::{language_reference, tour_reference};
pub use tour::{check_tour, is_tour};

/// A scenario that can run, with its warnings.
#[derive(Debug, Clone)]
pub struct CheckedScenario {
    pub scenario: Scenario,
    /// Often empty.
    pub warnings: Mistakes,
}

/// Reads and checks a scenario.
///
/// # Errors
///
/// Every mistake of the file at once, in the order of the file.
pub fn check(source: &Source) -> Result<CheckedScenario, Mistakes> {
    let checker = check_names(source)?;
    Ok(CheckedScenario { scenario: checker.scenario, warnings: checker.mistakes })
}

/// Reads and checks a scenario, and keeps the names that its file declares.
fn check_names(source: &Source) -> Result<Checker, Mistakes> {
    let mut mistakes = Mistakes::of(source);
    let Some(ParsedText { document, .. }) = syntax::read(&source.text, &mut mistakes) else {
        return Err(mistakes);
    };
    let mut checker = Checker::new(source, mistakes);
    checker.read(&document);
    checker.mistakes.sort();
    if checker.mistakes.count_errors() > 0 {
        // Most warnings about a file with errors are consequences of the errors.
        checker.mistakes.drop_warnings();
        return Err(checker.mistakes);
    }
    Ok(checker)
}

/// Turns the nodes of a file into a scenario, and collects the mistakes.
struct Checker {
    mistakes: Mistakes,
    names: Names,
    scenario: Scenario,
    /// Whether the file expects a deadlock, so that its causes are no mistakes.
    expects_deadlock: bool,
    /// Whether the steps being read are those of tasks that replay a trace.
    has_trace: bool,
    /// The different texts of the marks so far.
    mark_texts: Vec<TextExpr>,
    /// Steps that take more permits at once than their semaphore begins with.
    large_requests: Vec<steps::LargeRequest>,
    /// The directory of the file, which paths in it are relative to.
    dir: Option<PathBuf>,
}

impl Checker {
    fn new(source: &Source, mistakes: Mistakes) -> Self {
        let scenario = Scenario {
            name: source.name.clone(),
            title: source.name.clone(),
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
        };
        let dir = source.path.as_ref().and_then(|path| path.parent()).map(PathBuf::from);
        Self {
            mistakes,
            names: Names::default(),
            scenario,
            expects_deadlock: false,
            has_trace: false,
            mark_texts: Vec::new(),
            large_requests: Vec::new(),
            dir,
        }
    }

    /// Reads all nodes: first knobs, then resources, then workers, then everything about these. So a name can be used
    /// before the line that declares it.
    fn read(&mut self, document: &KdlDocument) {
        let nodes: Vec<&KdlNode> =
            document.nodes().iter().filter(|node| self.node_rule(node, grammar::TOP).is_some()).collect();
        self.expects_deadlock = nodes_named(&nodes, &["expect"])
            .any(|node| node::arg(node, 0).is_some_and(|kind| kind.value().as_string() == Some("deadlock")));
        self.knobs(&nodes);
        self.declare(&nodes);
        self.event_loop(&nodes);
        self.groups(&nodes);
        self.scenario_texts(&nodes);
        self.check_quiz(&nodes);
        self.expectations(&nodes);
        self.test_config(&nodes);
        self.optimum(&nodes);
        self.check_totals();
        self.check_semaphores(&nodes);
        self.check_lives(&nodes);
        self.check_selects();
        if self.mistakes.count_errors() == 0 {
            self.check_task_sharing(&nodes);
            self.check_task_blocking(&nodes);
            self.check_task_lives(&nodes);
            self.check_task_restrictions(&nodes);
            self.check_dask(&nodes);
            self.lint_lock_order();
        }
        self.unused_knobs();
    }
}

/// The nodes with one of these names, in the order of the file.
fn nodes_named<'a>(
    nodes: &[&'a KdlNode],
    words: &'static [&'static str],
) -> impl Iterator<Item = &'a KdlNode> + use<'a> {
    let found: Vec<&KdlNode> = nodes.iter().copied().filter(|node| words.contains(&node.name().value())).collect();
    found.into_iter()
}
