//! The tables say what the checker does: every usage is right, every range is kept, every default is the default.

use std::collections::BTreeSet;

use kdl::KdlDocument;

use super::{
    ASK, BlockRule, CONTEXTS, GUESS, IfOmitted, NodeContext, NodeRule, POOL, Parameter, STEPS, TOP, ValueKind, WAYS,
};
use crate::quantity::format_quantity;
use crate::{Mistakes, Scenario, Source, check};

/// What the usages speak of. A new node's usage finds here what it names.
const AROUND: [&str; 18] = [
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
    "thread w { sleep \"1ms\" }",
    "pool worker workers=1 { task { sleep \"1ms\" }; batch count=1 }",
    "thread helper { sleep \"1ms\" }",
];

/// A node as its usage writes it, to be changed.
#[derive(Clone)]
struct ExampleNode {
    place: NodeContext,
    shape: &'static NodeRule,
    args: Vec<String>,
    props: Vec<(String, String)>,
}

impl ExampleNode {
    fn new(place: NodeContext, shape: &'static NodeRule) -> Self {
        let text = shape.usage.replace("...", "");
        let document: KdlDocument = text.parse().unwrap_or_else(|error| panic!("{}: {error:?}", shape.usage));
        let mut written = Self { place, shape, args: Vec::new(), props: Vec::new() };
        for entry in document.nodes()[0].entries() {
            match entry.name() {
                Some(name) => written.props.push((name.value().to_owned(), entry.value().to_string())),
                None => written.args.push(entry.value().to_string()),
            }
        }
        written
    }

    fn with(&self, slot: &Parameter, value: &str) -> Self {
        let mut changed = self.without(slot);
        let quoted = if value.starts_with('#') { value.to_owned() } else { format!("{value:?}") };
        match self.argument(slot) {
            Some(at) => changed.args.insert(at.min(changed.args.len()), quoted),
            None => changed.props.push((slot.name.to_owned(), quoted)),
        }
        changed
    }

    fn without(&self, slot: &Parameter) -> Self {
        let mut changed = self.clone();
        match self.argument(slot) {
            Some(at) => {
                let end = at.saturating_add(slot.max_count).min(changed.args.len());
                drop(changed.args.drain(at.min(end)..end));
            }
            None => changed.props.retain(|(name, _)| name != slot.name),
        }
        changed
    }

    fn argument(&self, slot: &Parameter) -> Option<usize> {
        self.shape.args.iter().position(|arg| std::ptr::eq(arg, slot))
    }

    /// The node in a scenario that declares everything it needs.
    fn text(&self) -> String {
        self.text_followed_by("")
    }

    /// The same, with something behind the node.
    fn text_followed_by(&self, next: &str) -> String {
        let args = self.args.join(" ");
        let props: Vec<String> = self.props.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let word = self.shape.word;
        let block = match (word, self.shape.usage.contains('{')) {
            ("pool", _) => "{ task { sleep \"1ms\" }; batch count=1 }",
            ("ask", _) => "{ guess \"a\" { expect deadlock }; guess \"b\" { otherwise } }",
            ("guess", _) => "{ expect deadlock }",
            ("choose", _) => "{ weight 1 { sleep \"1ms\" }; weight 1 { sleep \"1ms\" } }",
            (_, true) => "{ sleep \"1ms\" }",
            (_, false) => "",
        };
        let node = format!("{word} {args} {} {block}{next}", props.join(" "));
        let declares = matches!(self.shape.args.first().map(|slot| slot.value), Some(ValueKind::Name));
        let own = self.args.first().filter(|_| declares).map(|name| format!(" {name} "));
        let is_free = |line: &&&str| own.as_ref().is_none_or(|own| !format!("{line} ").contains(own));
        let around: Vec<&str> = AROUND.iter().filter(is_free).copied().collect();
        format!("{}\n{}", around.join("\n"), self.placed(&node))
    }

    fn placed(&self, node: &str) -> String {
        match (self.place.name, self.shape.word) {
            (name, _) if name == TOP.name => node.to_owned(),
            (name, _) if name == WAYS.name => {
                format!("thread v {{ choose {{ {node}; weight 1 {{ sleep \"1ms\" }} }} }}")
            }
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

    /// What is said about it, if anything is wrong.
    fn complaint(&self) -> String {
        self.check().err().map(|mistakes| mistakes.to_string()).unwrap_or_default()
    }
}

fn all_examples() -> impl Iterator<Item = ExampleNode> {
    CONTEXTS.into_iter().flat_map(|place| place.rules().map(move |shape| ExampleNode::new(place, shape)))
}

fn all_parameters() -> impl Iterator<Item = (ExampleNode, &'static Parameter)> {
    all_examples().flat_map(|node| {
        node.shape.args.iter().chain(node.shape.props).map(move |slot| (node.clone(), slot)).collect::<Vec<_>>()
    })
}

#[test]
fn every_usage_is_right() {
    for node in all_examples() {
        assert_eq!(node.complaint(), "", "{}", node.shape.usage);
        assert_eq!(node.shape.usage.contains('{'), node.shape.block != BlockRule::Forbidden, "{}", node.shape.usage);
    }
}

#[test]
fn every_step_has_a_constructor_and_no_other_node_has_one() {
    for node in all_examples() {
        let is_step = node.place.name == STEPS.name && node.shape.word != "else";
        assert_eq!(node.shape.build_step.is_some(), is_step, "{}", node.shape.word);
    }
}

#[test]
fn else_can_follow_the_steps_that_allow_it_and_no_others() {
    let steps = all_examples().filter(|node| node.place.name == STEPS.name && node.shape.word != "else");
    for node in steps.filter(|node| node.shape.block != BlockRule::Forbidden) {
        let text = node.text_followed_by("; else { sleep \"1ms\" }");
        let mistakes = check(&Source { name: "x".to_owned(), path: None, text }).err();
        let said = mistakes.map(|mistakes| mistakes.to_string()).unwrap_or_default();
        assert_eq!(said.contains("this `else` belongs to nothing"), !node.shape.allows_else, "{}", node.shape.word);
    }
}

#[test]
fn every_node_and_every_value_is_explained_once() {
    for place in CONTEXTS {
        let words: BTreeSet<&str> = place.rules().map(|shape| shape.word).collect();
        assert_eq!(words.len(), place.rules().count(), "no word stands twice {}", place.name);
    }
    for node in all_examples() {
        assert!(node.shape.help.ends_with('.'), "{}: sentences say what it does", node.shape.word);
        let names: BTreeSet<&str> = node.shape.prop_names().collect();
        assert_eq!(names.len(), node.shape.props.len(), "{}", node.shape.word);
    }
    for (node, slot) in all_parameters() {
        assert!(
            slot.help.starts_with(char::is_lowercase) || slot.help.starts_with('`'),
            "{} {}",
            node.shape.word,
            slot.name
        );
    }
}

#[test]
fn every_range_is_kept() {
    for (node, slot) in all_parameters() {
        let (least, most, below, above) = match slot.value {
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
        // Whole numbers stand there bare; a bare number cannot be told from a text by `with`.
        let bare = |written: ExampleNode| {
            let ValueKind::Integer(..) = slot.value else { return written };
            let strip = |text: &String| text.trim_matches('"').to_owned();
            let (at, mut written) = (written.argument(slot), written);
            match at {
                Some(at) => written.args[at] = strip(&written.args[at]),
                None => written.props.iter_mut().for_each(|(_, value)| *value = strip(value)),
            }
            written
        };
        let only = without_exclusive(&node, slot);
        for outside in [below, above] {
            let said = bare(only.with(slot, &outside)).complaint();
            let range = format!("it goes from {least} to {most}");
            assert!(said.contains(&range), "{} {} {outside}: {range}\n{said}", node.shape.word, slot.name);
        }
        for inside in [&least, &most] {
            let said = bare(only.with(slot, inside)).complaint();
            assert!(!said.contains("it goes from"), "{} {} {inside}: {said}", node.shape.word, slot.name);
        }
    }
}

/// The node without those of its properties that exclude this one.
fn without_exclusive(node: &ExampleNode, slot: &Parameter) -> ExampleNode {
    let mut node = node.clone();
    if ["above", "below", "equals"].contains(&slot.name) {
        node.props.retain(|(name, _)| !["above", "below", "equals"].contains(&name.as_str()));
    }
    node
}

#[test]
fn every_default_is_what_holds_when_nothing_is_said() {
    let mut compared = 0;
    for (node, slot) in all_parameters() {
        let IfOmitted::SameAs(default) = slot.if_omitted else { continue };
        let whole = |written: ExampleNode| match slot.value {
            ValueKind::Integer(..) => {
                let mut written = written;
                written.props.iter_mut().for_each(|(_, value)| *value = value.trim_matches('"').to_owned());
                written
            }
            _ => written,
        };
        let silent = node.without(slot).check().unwrap_or_else(|said| panic!("{} {said}", node.shape.word));
        let written = whole(node.with(slot, default));
        let said = written.check().unwrap_or_else(|said| panic!("{} {said}", node.shape.word));
        assert_eq!(silent, said, "{} {}={default}", node.shape.word, slot.name);
        compared += 1;
    }
    assert!(compared > 20, "{compared} defaults");
}

#[test]
fn what_is_needed_is_asked_for() {
    for (node, slot) in all_parameters().filter(|(_, slot)| slot.if_omitted == IfOmitted::NotAllowed) {
        let said = node.without(slot).complaint();
        assert_ne!(said, "", "{} without {}", node.shape.word, slot.name);
    }
}

#[test]
fn every_word_is_known_and_no_other() {
    for (node, slot) in all_parameters() {
        let ValueKind::Words(words) = slot.value else { continue };
        for word in words() {
            assert_eq!(node.with(slot, word).complaint(), "", "{} {}={word}", node.shape.word, slot.name);
        }
        let said = node.with(slot, "zzzzzz").complaint();
        assert!(said.contains("there is no `zzzzzz`"), "{} {}: {said}", node.shape.word, slot.name);
    }
}
