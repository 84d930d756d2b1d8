//! An example of every node and of every value, from the tables: for tests of the tables and for fuzzers.

use kdl::KdlDocument;

use super::{
    ALTERNATIVES, ASK, CONTEXTS, GUESS, IfOmitted, NodeContext, NodeRule, POOL, Parameter, SPIN, TOP, ValueKind, WAYS,
};
use crate::quantity::format_quantity;

/// An example of a word of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageExample {
    /// The node that the example is about.
    pub node: &'static str,
    /// The value of the node that the example is about; empty for the node itself.
    pub value: &'static str,
    /// Words that the example uses in a way of their own: the node, the name of a property, a listed word.
    pub words: Vec<String>,
    /// A whole scenario.
    pub text: String,
}

/// Returns an example of every node, with each value that it can have and each word that a value can be. Nearly all of
/// them are valid scenarios.
pub fn language_examples() -> Vec<LanguageExample> {
    let nodes = all_examples().map(|node| LanguageExample {
        node: node.rule.word,
        value: "",
        words: vec![node.rule.word.to_owned()],
        text: node.text(),
    });
    let values = all_parameters().flat_map(|(node, parameter)| {
        let example = |value: String| {
            let is_property = node.argument(parameter).is_none();
            let listed = matches!(parameter.value, ValueKind::Words(_)).then(|| value.clone());
            let name = is_property.then(|| format!("{}=", parameter.name));
            LanguageExample {
                node: node.rule.word,
                value: parameter.name,
                words: name.into_iter().chain(listed).collect(),
                text: node.with(parameter, &value).text(),
            }
        };
        example_values(parameter).into_iter().map(example).collect::<Vec<_>>()
    });
    nodes.chain(values).collect()
}

/// Returns values of a parameter: every word, or one for a number.
fn example_values(parameter: &Parameter) -> Vec<String> {
    match (parameter.value, parameter.if_omitted) {
        (ValueKind::Words(words), _) => words().into_iter().map(str::to_owned).collect(),
        (ValueKind::Boolean, _) => vec!["#true".to_owned()],
        (_, IfOmitted::SameAs(default)) => vec![default.to_owned()],
        (ValueKind::Number(rule), _) => vec![format_quantity(rule.min, rule.unit)],
        (ValueKind::Integer(least, _), _) => vec![least.to_string()],
        (ValueKind::Text, _) => vec!["text".to_owned()],
        _ => Vec::new(),
    }
}

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

/// A node as in its usage, which can be changed.
#[derive(Debug, Clone)]
pub(super) struct ExampleNode {
    pub(super) context: NodeContext,
    pub(super) rule: &'static NodeRule,
    pub(super) args: Vec<String>,
    pub(super) props: Vec<(String, String)>,
}

impl ExampleNode {
    fn new(context: NodeContext, rule: &'static NodeRule) -> Option<Self> {
        let document: KdlDocument = rule.usage.replace("...", "").parse().ok()?;
        let mut written = Self { context, rule, args: Vec::new(), props: Vec::new() };
        for entry in document.nodes().first()?.entries() {
            match entry.name() {
                Some(name) => written.props.push((name.value().to_owned(), entry.value().to_string())),
                None => written.args.push(entry.value().to_string()),
            }
        }
        Some(written)
    }

    pub(super) fn with(&self, parameter: &Parameter, value: &str) -> Self {
        let mut changed = self.without(parameter);
        let is_bare = value.starts_with('#') || matches!(parameter.value, ValueKind::Integer(..));
        let quoted = if is_bare { value.to_owned() } else { format!("{value:?}") };
        match self.argument(parameter) {
            Some(at) => changed.args.insert(at.min(changed.args.len()), quoted),
            None => changed.props.push((parameter.name.to_owned(), quoted)),
        }
        changed
    }

    pub(super) fn without(&self, parameter: &Parameter) -> Self {
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

    pub(super) fn argument(&self, parameter: &Parameter) -> Option<usize> {
        self.rule.args.iter().position(|arg| std::ptr::eq(arg, parameter))
    }

    /// The node in a scenario that declares everything it needs.
    pub(super) fn text(&self) -> String {
        self.text_followed_by("")
    }

    /// The same, with something behind the node.
    pub(super) fn text_followed_by(&self, next: &str) -> String {
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
        let mut text = self.placed(&node);
        // The last ones need those before them.
        for line in AROUND.iter().filter(is_free).rev().filter(|line| declared_name(line).is_some()) {
            if declared_name(line).is_some_and(|name| name == "w" || has_word(&text, name, self.rule.any_knob)) {
                text = format!("{line}\n{text}");
            }
        }
        text
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
}

/// Returns the name that a line declares.
fn declared_name(line: &str) -> Option<&str> {
    line.split(' ').nth(1)
}

/// Whether a text uses a name. The name of a property counts only where properties are named after knobs.
fn has_word(text: &str, name: &str, any_knob: bool) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "-_=".contains(c);
    let mut words = text.split(|c| !is_part(c)).map(|word| word.rsplit_once('=').unwrap_or(("", word)));
    words.any(|(property, word)| word == name || any_knob && property == name)
}

pub(super) fn all_examples() -> impl Iterator<Item = ExampleNode> {
    CONTEXTS.into_iter().flat_map(|context| context.rules().filter_map(move |rule| ExampleNode::new(context, rule)))
}

pub(super) fn all_parameters() -> impl Iterator<Item = (ExampleNode, &'static Parameter)> {
    all_examples().flat_map(|node| {
        node.rule.args.iter().chain(node.rule.props).map(move |parameter| (node.clone(), parameter)).collect::<Vec<_>>()
    })
}
