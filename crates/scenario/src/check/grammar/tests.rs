//! Compares the tables with the checker: usages, ranges, defaults, required values and words.

use std::collections::BTreeSet;

use super::examples::{ExampleNode, all_examples, all_parameters};
use super::{BlockRule, CONTEXTS, IfOmitted, Parameter, STEPS, ValueKind};
use crate::quantity::format_quantity;
use crate::{Mistakes, Scenario, Source, check};

impl ExampleNode {
    fn check(&self) -> Result<Scenario, Mistakes> {
        check(&Source { name: "x".to_owned(), path: None, text: self.text() }).map(|checked| checked.scenario)
    }

    /// Returns the mistakes as text; empty if there are none.
    fn complaint(&self) -> String {
        self.check().err().map(|mistakes| mistakes.to_string()).unwrap_or_default()
    }
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
        let only = without_exclusive(&node, parameter);
        for outside in [below, above] {
            let said = only.with(parameter, &outside).complaint();
            let range = format!("it goes from {least} to {most}");
            assert!(said.contains(&range), "{} {} {outside}: {range}\n{said}", node.rule.word, parameter.name);
        }
        for inside in [&least, &most] {
            let said = only.with(parameter, inside).complaint();
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
        let silent = node.without(parameter).check().unwrap_or_else(|said| panic!("{} {said}", node.rule.word));
        let written = node.with(parameter, default);
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
            let said = node.with(parameter, word).complaint();
            if word == "dask" {
                // The example has a worker of its own beside the pool.
                assert!(said.contains("only tasks of a pool go to Dask"), "{said}");
                continue;
            }
            assert_eq!(said, "", "{} {}={word}", node.rule.word, parameter.name);
        }
        let said = node.with(parameter, "zzzzzz").complaint();
        assert!(said.contains("there is no `zzzzzz`"), "{} {}: {said}", node.rule.word, parameter.name);
    }
}
