//! The tables say what the checker does: every usage is right, every range is kept, every default is the default.

use std::collections::BTreeSet;

use kdl::KdlDocument;

use super::{ASK, Block, GUESS, PLACES, POOL, Place, Shape, Slot, TOP, Unless, Value, WAYS};
use crate::quantity::show;
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
struct Written {
    place: Place,
    shape: &'static Shape,
    args: Vec<String>,
    props: Vec<(String, String)>,
}

impl Written {
    fn new(place: Place, shape: &'static Shape) -> Self {
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

    fn with(&self, slot: &Slot, value: &str) -> Self {
        let mut changed = self.without(slot);
        let quoted = if value.starts_with('#') { value.to_owned() } else { format!("{value:?}") };
        match self.argument(slot) {
            Some(at) => changed.args.insert(at.min(changed.args.len()), quoted),
            None => changed.props.push((slot.name.to_owned(), quoted)),
        }
        changed
    }

    fn without(&self, slot: &Slot) -> Self {
        let mut changed = self.clone();
        match self.argument(slot) {
            Some(at) => {
                let end = at.saturating_add(slot.times).min(changed.args.len());
                drop(changed.args.drain(at.min(end)..end));
            }
            None => changed.props.retain(|(name, _)| name != slot.name),
        }
        changed
    }

    fn argument(&self, slot: &Slot) -> Option<usize> {
        self.shape.args.iter().position(|arg| std::ptr::eq(arg, slot))
    }

    /// The node in a scenario that gives it all it needs.
    fn text(&self) -> String {
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
        let node = format!("{word} {args} {} {block}", props.join(" "));
        let declares = matches!(self.shape.args.first().map(|slot| slot.value), Some(Value::Name));
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

fn each() -> impl Iterator<Item = Written> {
    PLACES.into_iter().flat_map(|place| place.shapes().map(move |shape| Written::new(place, shape)))
}

fn each_slot() -> impl Iterator<Item = (Written, &'static Slot)> {
    each().flat_map(|node| {
        node.shape.args.iter().chain(node.shape.props).map(move |slot| (node.clone(), slot)).collect::<Vec<_>>()
    })
}

#[test]
fn every_usage_is_right() {
    for node in each() {
        assert_eq!(node.complaint(), "", "{}", node.shape.usage);
        assert_eq!(node.shape.usage.contains('{'), node.shape.block != Block::No, "{}", node.shape.usage);
    }
}

#[test]
fn every_node_and_every_value_is_explained_once() {
    for place in PLACES {
        let words: BTreeSet<&str> = place.shapes().map(|shape| shape.word).collect();
        assert_eq!(words.len(), place.shapes().count(), "no word stands twice {}", place.name);
    }
    for node in each() {
        assert!(node.shape.help.ends_with('.'), "{}: sentences say what it does", node.shape.word);
        let names: BTreeSet<&str> = node.shape.prop_names().collect();
        assert_eq!(names.len(), node.shape.props.len(), "{}", node.shape.word);
    }
    for (node, slot) in each_slot() {
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
    for (node, slot) in each_slot() {
        let (least, most, below, above) = match slot.value {
            Value::Number(want) => {
                let step = want.max.abs().max(1.0);
                let unit = |value: f64| show(value, want.unit);
                (unit(want.min), unit(want.max), unit(want.min - step), unit(want.max + step))
            }
            Value::Whole(min, max) => (min.to_string(), max.to_string(), (min - 1).to_string(), (max + 1).to_string()),
            _ => continue,
        };
        // Whole numbers stand there bare; a bare number cannot be told from a text by `with`.
        let bare = |written: Written| {
            let Value::Whole(..) = slot.value else { return written };
            let strip = |text: &String| text.trim_matches('"').to_owned();
            let (at, mut written) = (written.argument(slot), written);
            match at {
                Some(at) => written.args[at] = strip(&written.args[at]),
                None => written.props.iter_mut().for_each(|(_, value)| *value = strip(value)),
            }
            written
        };
        let only = alone(&node, slot);
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
fn alone(node: &Written, slot: &Slot) -> Written {
    let mut node = node.clone();
    if ["above", "below", "equals"].contains(&slot.name) {
        node.props.retain(|(name, _)| !["above", "below", "equals"].contains(&name.as_str()));
    }
    node
}

#[test]
fn every_default_is_what_holds_when_nothing_is_said() {
    let mut compared = 0;
    for (node, slot) in each_slot() {
        let Unless::Is(default) = slot.unless else { continue };
        let whole = |written: Written| match slot.value {
            Value::Whole(..) => {
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
    for (node, slot) in each_slot().filter(|(_, slot)| slot.unless == Unless::Needed) {
        let said = node.without(slot).complaint();
        assert_ne!(said, "", "{} without {}", node.shape.word, slot.name);
    }
}

#[test]
fn every_word_is_known_and_no_other() {
    for (node, slot) in each_slot() {
        let Value::Words(words) = slot.value else { continue };
        for word in words() {
            assert_eq!(node.with(slot, word).complaint(), "", "{} {}={word}", node.shape.word, slot.name);
        }
        let said = node.with(slot, "zzzzzz").complaint();
        assert!(said.contains("there is no `zzzzzz`"), "{} {}: {said}", node.shape.word, slot.name);
    }
}
