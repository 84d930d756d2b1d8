//! `[keys]`: which keys carry out which action.

use std::ops::Range;

use super::Config;
use super::fields::{Field, unknown_name};
use crate::scenario::Mistakes;
use crate::tui::{Key, KeyMap, Rebinding};

pub(super) fn read(field: &Field<'_, '_>, config: &mut Config, mistakes: &mut Mistakes) {
    let names: Vec<String> = KeyMap::standard().actions().map(|action| action.name).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut changes: Vec<(Rebinding, Vec<Range<usize>>, Range<usize>)> = Vec::new();
    for inner in field.table(mistakes) {
        if !known.contains(&inner.name) {
            unknown_name(&inner, "action", &known, mistakes);
            continue;
        }
        let Some(texts) = inner.texts("[\"q\", \"F10\"]", mistakes) else { continue };
        let mut change = Rebinding { action: inner.name.to_owned(), keys: Vec::new() };
        let mut spans = Vec::new();
        for (text, span) in texts {
            match Key::parse(text) {
                Ok(key) if change.keys.contains(&key) => {
                    mistakes.error(span, format!("`{}` stands here twice", key.name())).help("leave one out");
                }
                Ok(key) => {
                    change.keys.push(key);
                    spans.push(span);
                }
                Err(error) => drop(mistakes.error(span, error.title).help(error.help)),
            }
        }
        changes.push((change, spans, inner.name_span.clone()));
    }
    let asked: Vec<Rebinding> = changes.iter().map(|(change, ..)| change.clone()).collect();
    match KeyMap::standard().rebind(&asked) {
        Ok(keys) => config.keys = keys,
        Err(problems) => {
            for problem in problems {
                let Some((_, spans, name)) = changes.iter().find(|(change, ..)| change.action == problem.action) else {
                    continue;
                };
                let span = problem.key.and_then(|at| spans.get(at)).unwrap_or(name).clone();
                mistakes.error(span, problem.title).help(problem.help);
            }
        }
    }
}
