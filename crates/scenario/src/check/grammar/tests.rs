//! Compares the tables with the checker: usages, ranges, defaults, required values and words.

use std::collections::BTreeSet;

use kdl::KdlDocument;

use super::{
    ALTERNATIVES, ASK, BlockRule, CONTEXTS, GUESS, IfOmitted, NodeContext, NodeRule, POOL, Parameter, SPIN, STEPS, TOP,
    ValueKind, WAYS,
};
use crate::quantity::format_quantity;
use crate::{Mistakes, Scenario, Source, check};

/// Declarations for the names in the usages.
const AROUND: [&str; 20] = [
    "server site",
    "knob order same of=\"same other\"",
    "knob workers 8 min=1 max=64",
    "knob dir text=#true",
    "knob out text=#true",
    "mutex account count=2",
    "semaphore connection permits=4 count=2",
    "rwlock table count=2",
    "counter balance count=2",
    "counter items count=2",
    "queue jobs capacity=8 count=2",
    "pipe lines count=2",
    "condition not-empty of=account count=2",
    "event ready count=2",
    "barrier round parties=4 count=2",
    "wait-group orders count=2",
    "latch opened initial=2 count=2",
    "thread w { sleep \"1ms\" }",
    "pool worker workers=1 { task { sleep \"1ms\" }; batch count=1 }",
    "thread helper { sleep \"1ms\" }",
];

/// A node as in its usage, which tests can change.
#[derive(Clone)]
struct ExampleNode {
    context: NodeContext,
    rule: &'static NodeRule,
    args: Vec<String>,
    props: Vec<(String, String)>,
}

impl ExampleNode {
    fn new(context: NodeContext, rule: &'static NodeRule) -> Self {
        let text = rule.usage.replace("...", "");
        let document: KdlDocument = text.parse().unwrap_or_else(|error| panic!("{}: {error:?}", rule.usage));
        let mut written = Self { context, rule, args: Vec::new(), props: Vec::new() };
        for entry in document.nodes()[0].entries() {
            match entry.name() {
                Some(name) => written.props.push((name.value().to_owned(), entry.value().to_string())),
                None => written.args.push(entry.value().to_string()),
            }
        }
        written
    }

    fn with(&self, parameter: &Parameter, value: &str) -> Self {
        let mut changed = self.without(parameter);
        let quoted = if value.starts_with('#') { value.to_owned() } else { format!("{value:?}") };
        match self.argument(parameter) {
            Some(at) => changed.args.insert(at.min(changed.args.len()), quoted),
            None => changed.props.push((parameter.name.to_owned(), quoted)),
        }
        changed
    }

    fn without(&self, parameter: &Parameter) -> Self {
        let mut changed = self.clone();
        match self.argument(parameter) {
            Some(at) => {
                let end = at.saturating_add(parameter.max_count).min(changed.args.len());
                drop(changed.args.drain(at.min(end)..end));
            }
            None => changed.props.retain(|(name, _)| name != parameter.name),
        }
        changed
    }

    fn argument(&self, parameter: &Parameter) -> Option<usize> {
        self.rule.args.iter().position(|arg| std::ptr::eq(arg, parameter))
    }

    /// The node in a scenario that declares everything it needs.
    fn text(&self) -> String {
        self.text_followed_by("")
    }

    /// The same, with something behind the node.
    fn text_followed_by(&self, next: &str) -> String {
        let args = self.args.join(" ");
        let props: Vec<String> = self.props.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let word = self.rule.word;
        let block = match (word, self.rule.usage.contains('{')) {
            ("pool", _) => "{ task { sleep \"1ms\" }; batch count=1 }",
            ("ask", _) => "{ guess \"a\" { expect deadlock }; guess \"b\" { otherwise } }",
            ("guess", _) => "{ expect deadlock }",
            ("select", _) => "{ take jobs { sleep \"1ms\" }; wait ready }",
            ("spin", _) => "{ until items above=0 }",
            ("choose", _) => "{ weight 1 { sleep \"1ms\" }; weight 1 { sleep \"1ms\" } }",
            (_, true) => "{ sleep \"1ms\" }",
            (_, false) => "",
        };
        let node = format!("{word} {args} {} {block}{next}", props.join(" "));
        let declares = matches!(self.rule.args.first().map(|parameter| parameter.value), Some(ValueKind::Name));
        let own = self.args.first().filter(|_| declares).map(|name| format!(" {name} "));
        let is_free = |line: &&&str| own.as_ref().is_none_or(|own| !format!("{line} ").contains(own));
        let around: Vec<&str> = AROUND.iter().filter(is_free).copied().collect();
        format!("{}\n{}", around.join("\n"), self.placed(&node))
    }

    fn placed(&self, node: &str) -> String {
        match (self.context.name, self.rule.word) {
            (name, _) if name == TOP.name => node.to_owned(),
            (name, _) if name == WAYS.name => {
                format!("thread v {{ choose {{ {node}; weight 1 {{ sleep \"1ms\" }} }} }}")
            }
            (name, _) if name == ALTERNATIVES.name => format!("thread v {{ select {{ {node}; wait ready at=1 }} }}"),
            (name, _) if name == SPIN.name => format!("thread v {{ spin {{ {node} }} }}"),
            (name, _) if name == ASK.name => {
                format!("thread v {{ sleep \"1ms\" }}\nask \"?\" {{ {node}; guess \"b\" {{ otherwise }} }}")
            }
            (name, word) if name == GUESS.name => {
                let other = if word == "otherwise" { "expect deadlock" } else { "otherwise" };
                format!(
                    "thread v {{ sleep \"1ms\" }}\nask \"?\" {{ guess \"a\" {{ {node} }}; guess \"b\" {{ {other} }} }}"
                )
            }
            (name, "task") if name == POOL.name => format!("pool p workers=1 {{ {node}; batch count=1 }}"),
            (name, _) if name == POOL.name => {
                format!("pool p workers=1 {{ {node}; task {{ sleep \"1ms\" }} }}")
            }
            (_, "result") => format!("thread v {{ submit worker; {node} }}"),
            (_, "unlock") => format!("thread v {{ lock account; {node} }}"),
            (_, "wait") => format!("thread v {{ lock account {{ {node} }} }}"),
            (_, "else") => format!("thread v {{ if items above=0 {{ sleep \"1ms\" }}; {node} }}"),
            _ => format!("thread v {{ {node} }}"),
        }
    }

    fn check(&self) -> Result<Scenario, Mistakes> {
        check(&Source { name: "x".to_owned(), path: None, text: self.text() }).map(|checked| checked.scenario)
    }

    /// Returns the mistakes as text; empty if there are none.
    fn complaint(&self) -> String {
        self.check().err().map(|mistakes| mistakes.to_string()).unwrap_or_default()
    }
}

fn all_examples() -> impl Iterator<Item = ExampleNode> {
    CONTEXTS.into_iter().flat_map(|context| context.rules().map(move |rule| ExampleNode::new(context, rule)))
}

fn all_parameters() -> impl Iterator<Item = (ExampleNode, &'static Parameter)> {
    all_examples().flat_map(|node| {
        node.rule.args.iter().chain(node.rule.props).map(move |parameter| (node.clone(), parameter)).collect::<Vec<_>>()
    })
}

#[test]
fn every_usage_passes_the_check() {
    for node in all_examples() {
        assert_eq!(node.complaint(), "", "{}", node.rule.usage);
        assert_eq!(node.rule.usage.contains('{'), node.rule.block != BlockRule::Forbidden, "{}", node.rule.usage);
    }
}

#[test]
fn every_step_has_a_constructor_and_no_other_node_has_one() {
    for node in all_examples() {
        let is_step = node.context.name == STEPS.name && node.rule.word != "else";
        assert_eq!(node.rule.build_step.is_some(), is_step, "{}", node.rule.word);
    }
}

#[test]
fn else_can_follow_the_steps_that_allow_it_and_no_others() {
    let steps = all_examples().filter(|node| node.context.name == STEPS.name && node.rule.word != "else");
    for node in steps.filter(|node| node.rule.block != BlockRule::Forbidden) {
        let text = node.text_followed_by("; else { sleep \"1ms\" }");
        let mistakes = check(&Source { name: "x".to_owned(), path: None, text }).err();
        let said = mistakes.map(|mistakes| mistakes.to_string()).unwrap_or_default();
        assert_eq!(said.contains("this `else` has no matching step"), !node.rule.allows_else, "{}", node.rule.word);
    }
}

#[test]
fn every_node_and_every_value_is_documented_once() {
    for context in CONTEXTS {
        let words: BTreeSet<&str> = context.rules().map(|rule| rule.word).collect();
        assert_eq!(words.len(), context.rules().count(), "no word stands twice {}", context.name);
    }
    for node in all_examples() {
        assert!(node.rule.help.ends_with('.'), "{}: sentences say what it does", node.rule.word);
        let names: BTreeSet<&str> = node.rule.prop_names().collect();
        assert_eq!(names.len(), node.rule.props.len(), "{}", node.rule.word);
    }
    for (node, parameter) in all_parameters() {
        assert!(
            parameter.help.starts_with(char::is_lowercase) || parameter.help.starts_with('`'),
            "{} {}",
            node.rule.word,
            parameter.name
        );
    }
}

#[test]
fn every_range_is_enforced() {
    for (node, parameter) in all_parameters() {
        let (least, most, below, above) = match parameter.value {
            ValueKind::Number(want) => {
                let step = want.max.abs().max(1.0);
                let unit = |value: f64| format_quantity(value, want.unit);
                (unit(want.min), unit(want.max), unit(want.min - step), unit(want.max + step))
            }
            ValueKind::Integer(min, max) => {
                (min.to_string(), max.to_string(), (min - 1).to_string(), (max + 1).to_string())
            }
            _ => continue,
        };
        // Literal whole numbers have no quotes, but `with` adds them.
        let bare = |written: ExampleNode| {
            let ValueKind::Integer(..) = parameter.value else { return written };
            let strip = |text: &String| text.trim_matches('"').to_owned();
            let (at, mut written) = (written.argument(parameter), written);
            match at {
                Some(at) => written.args[at] = strip(&written.args[at]),
                None => written.props.iter_mut().for_each(|(_, value)| *value = strip(value)),
            }
            written
        };
        let only = without_exclusive(&node, parameter);
        for outside in [below, above] {
            let said = bare(only.with(parameter, &outside)).complaint();
            let range = format!("it goes from {least} to {most}");
            assert!(said.contains(&range), "{} {} {outside}: {range}\n{said}", node.rule.word, parameter.name);
        }
        for inside in [&least, &most] {
            let said = bare(only.with(parameter, inside)).complaint();
            assert!(!said.contains("it goes from"), "{} {} {inside}: {said}", node.rule.word, parameter.name);
        }
    }
}

/// Removes the properties that exclude this one.
fn without_exclusive(node: &ExampleNode, parameter: &Parameter) -> ExampleNode {
    let mut node = node.clone();
    if ["above", "below", "equals"].contains(&parameter.name) {
        node.props.retain(|(name, _)| !["above", "below", "equals"].contains(&name.as_str()));
    }
    if node.rule.word == "batch" && ["from", "to"].contains(&parameter.name) {
        node.props = vec![("trace".to_owned(), "\"requests.csv\"".to_owned())]; // a part of a trace
    }
    node
}

#[test]
fn omitted_values_equal_their_documented_defaults() {
    let mut compared = 0;
    for (node, parameter) in all_parameters() {
        let IfOmitted::SameAs(default) = parameter.if_omitted else { continue };
        let whole = |written: ExampleNode| match parameter.value {
            ValueKind::Integer(..) => {
                let mut written = written;
                written.props.iter_mut().for_each(|(_, value)| *value = value.trim_matches('"').to_owned());
                written
            }
            _ => written,
        };
        let silent = node.without(parameter).check().unwrap_or_else(|said| panic!("{} {said}", node.rule.word));
        let written = whole(node.with(parameter, default));
        let said = written.check().unwrap_or_else(|said| panic!("{} {said}", node.rule.word));
        assert_eq!(silent, said, "{} {}={default}", node.rule.word, parameter.name);
        compared += 1;
    }
    assert!(compared > 20, "{compared} defaults");
}

#[test]
fn missing_required_values_are_reported() {
    for (node, parameter) in all_parameters().filter(|(_, parameter)| parameter.if_omitted == IfOmitted::NotAllowed) {
        let said = node.without(parameter).complaint();
        assert_ne!(said, "", "{} without {}", node.rule.word, parameter.name);
    }
}

#[test]
fn listed_words_are_accepted_and_others_are_not() {
    for (node, parameter) in all_parameters() {
        let ValueKind::Words(words) = parameter.value else { continue };
        for word in words() {
            assert_eq!(node.with(parameter, word).complaint(), "", "{} {}={word}", node.rule.word, parameter.name);
        }
        let said = node.with(parameter, "zzzzzz").complaint();
        assert!(said.contains("there is no `zzzzzz`"), "{} {}: {said}", node.rule.word, parameter.name);
    }
}
