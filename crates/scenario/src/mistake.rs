//! Mistakes and warnings in a scenario file, and how they are shown: the place, what was expected, the cure.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};

use super::clean::{clean, mask};
use super::source::Source;

/// How many mistakes are spelled out; a file with more is no scenario.
const SHOWN: usize = 50;

/// How many are kept; of the others only the number is known.
const KEPT: usize = 1_000;

/// Longest place that is underlined, in bytes.
const UNDERLINED: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Error,
    Warning,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    weight: Weight,
    span: Range<usize>,
    title: String,
    label: String,
    /// Other places it has to do with.
    also: Vec<(Range<usize>, String)>,
    help: Option<String>,
}

impl Mistake {
    /// Says something at the place itself.
    pub(super) fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.label = text.into();
        self
    }

    /// Points at another place.
    pub(super) fn also(&mut self, span: Range<usize>, text: impl Into<String>) -> &mut Self {
        self.also.push((span, text.into()));
        self
    }

    /// Says how to put it right.
    pub(super) fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }

    /// Says which known word was probably meant.
    pub(super) fn meant(&mut self, word: Option<&str>) -> &mut Self {
        if let Some(word) = word {
            self.help = Some(format!("did you mean `{word}`?"));
        }
        self
    }
}

/// All that is wrong in one file, in the order of the file.
#[derive(Debug, Clone)]
pub struct Mistakes {
    path: String,
    text: String,
    list: Vec<Mistake>,
    /// Errors beyond those kept.
    more: usize,
}

impl Mistakes {
    pub(super) fn of(source: &Source) -> Self {
        Self { path: source.label(), text: source.text.clone(), list: Vec::new(), more: 0 }
    }

    pub(super) fn error(&mut self, span: Range<usize>, title: impl Into<String>) -> &mut Mistake {
        self.add(Weight::Error, span, title.into())
    }

    pub(super) fn warning(&mut self, span: Range<usize>, title: impl Into<String>) -> &mut Mistake {
        self.add(Weight::Warning, span, title.into())
    }

    fn add(&mut self, weight: Weight, span: Range<usize>, title: String) -> &mut Mistake {
        if self.list.len() == KEPT {
            let last = self.list.pop();
            self.more += usize::from(last.is_some_and(|last| last.weight == Weight::Error));
        }
        self.list.push(Mistake { weight, span, title, label: String::new(), also: Vec::new(), help: None });
        self.list.last_mut().expect("it was just pushed")
    }

    /// Errors and warnings.
    pub fn len(&self) -> usize {
        self.list.len() + self.more
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Those that keep the scenario from running.
    pub fn count_errors(&self) -> usize {
        self.list.iter().filter(|m| m.weight == Weight::Error).count() + self.more
    }

    pub(super) fn drop_warnings(&mut self) {
        self.list.retain(|mistake| mistake.weight == Weight::Error);
    }

    pub(super) fn sort(&mut self) {
        self.list.sort_by_key(|m| (m.span.start, m.span.end));
    }

    /// Every mistake with its place in the source, ready to print. Nothing of the file reaches the text raw.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for mistake in self.list.iter().take(SHOWN) {
            out.push_str(&self.render_one(mistake, &renderer));
            out.push_str("\n\n");
        }
        if self.len() > SHOWN {
            out.push_str("... and ");
            out.push_str(&(self.len() - SHOWN).to_string());
            out.push_str(" more\n");
        } else if !out.is_empty() {
            out.pop();
        }
        out
    }

    fn render_one(&self, mistake: &Mistake, renderer: &Renderer) -> String {
        let level = match mistake.weight {
            Weight::Error => Level::ERROR,
            Weight::Warning => Level::WARNING,
        };
        let mut group = level.primary_title(clean(&mistake.title)).element(self.snippet(mistake));
        if let Some(help) = &mistake.help {
            group = group.element(Level::HELP.message(clean(help)));
        }
        renderer.render(&[group])
    }

    /// The lines from the first to the last place, harmless to print, with every place underlined.
    fn snippet(&self, mistake: &Mistake) -> Snippet<'static, Annotation<'static>> {
        let primary = (self.underlined(&mistake.span), &mistake.label, AnnotationKind::Primary);
        let also = mistake.also.iter().map(|(span, label)| (self.underlined(span), label, AnnotationKind::Context));
        let places: Vec<_> = std::iter::once(primary).chain(also).collect();
        let first = places.iter().map(|(span, ..)| span.start).min().unwrap_or(0);
        let last = places.iter().map(|(span, ..)| span.end).max().unwrap_or(0);
        let from = self.text[..first].rfind('\n').map_or(0, |at| at + 1);
        let to = self.text[last..].find('\n').map_or(self.text.len(), |at| last + at);
        let line = 1 + self.text[..from].bytes().filter(|b| *b == b'\n').count();
        let lines = self.text[from..to].strip_suffix('\r').unwrap_or(&self.text[from..to]);
        let mut snippet = Snippet::source(mask(lines)).line_start(line).path(clean(&self.path));
        for (span, label, kind) in places {
            let start = (span.start - from).min(lines.len());
            let end = (span.end - from).min(lines.len());
            let label = (!label.is_empty()).then(|| clean(label));
            snippet = snippet.annotation(kind.span(start..end).label(label));
        }
        snippet
    }

    /// The part of a place that is underlined: within the text, on one line, between characters.
    fn underlined(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let end = span.end.clamp(start, self.text.len()).min(start + UNDERLINED);
        let end = self.text.ceil_char_boundary(end);
        let line = self.text[start..end].find(['\n', '\r']).unwrap_or(end - start);
        start..start + line
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Mistakes {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check;

    /// The texts of the catalogue.
    fn catalogue() -> &'static [String] {
        static TEXTS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
            let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios")).expect("it exists");
            let files = folder.map(|entry| entry.expect("an entry").path());
            files.map(|file| std::fs::read_to_string(file).expect("it is text")).collect()
        });
        assert!(TEXTS.len() > 100, "the catalogue is found");
        &TEXTS
    }

    /// Every place that is spoken of in what is wrong or doubtful.
    fn places(text: &str) -> Vec<Range<usize>> {
        let source = Source { name: "damaged".into(), path: None, text: text.to_owned() };
        let mistakes = check(&source).map_or_else(|mistakes| mistakes, |checked| checked.warnings);
        let of = |m: Mistake| std::iter::once(m.span).chain(m.also.into_iter().map(|(span, _)| span));
        mistakes.list.into_iter().flat_map(of).collect()
    }

    /// A text of the catalogue with some of it cut out, put in or doubled.
    fn damaged() -> impl Strategy<Value = String> {
        let cut =
            (any::<prop::sample::Index>(), 0..40_usize, any::<prop::sample::Index>(), "[a-z{}\"$ =0-9\u{e9}\n]{0,4}");
        (any::<prop::sample::Index>(), prop::collection::vec(cut, 1..5)).prop_map(|(which, cuts)| {
            let mut text: Vec<char> = which.get(catalogue()).chars().collect();
            for (at, length, from, with) in cuts {
                let at = at.index(text.len() + 1);
                let end = (at + length).min(text.len());
                let from = from.index(text.len() + 1);
                let again: Vec<char> = text[from..(from + length).min(text.len())].to_vec();
                text.splice(at..end, with.chars().chain(again));
            }
            text.into_iter().collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_place_lies_within_the_text(text in prop_oneof![3 => damaged(), 1 => any::<String>()]) {
            for place in places(&text) {
                prop_assert!(text.get(place.clone()).is_some(), "{:?} of {} in {:?}", place, text.len(), text);
            }
        }
    }
}
