//! Checking a tour: from KDL text to a [`Tour`] whose scenarios, knobs, rows and findings exist.

mod actions;
mod caption;
pub(super) mod grammar;
mod scene;

use std::path::Path;

use kdl::{KdlDocument, KdlNode};

use super::node::{arg, children, span_of, value_span};
use crate::mistake::Mistakes;
use crate::sanitize::sanitize;
use crate::source::Source;
use crate::syntax::{self, ParsedText};
use crate::tour::{Scene, Tour, TourWorld};
use grammar::{CONTEXTS, TOUR, TOUR_TOP};

/// Longest title, in characters.
const LONGEST_TITLE: usize = 60;

/// Most scenes of a tour.
const MOST_SCENES: usize = 100;

/// Whether a file is a tour rather than a scenario: it has a `tour` at its top.
pub fn is_tour(source: &Source) -> bool {
    source.text.lines().any(|line| line.strip_prefix("tour").is_some_and(|rest| rest.starts_with([' ', '"', '{'])))
}

/// Reads and checks a tour.
///
/// # Errors
///
/// Every mistake of the file at once, in the order of the file.
pub fn check_tour(source: &Source, world: &dyn TourWorld) -> Result<Tour, Mistakes> {
    let mut mistakes = Mistakes::of(source);
    let Some(ParsedText { document, .. }) = syntax::read(&source.text, &mut mistakes) else {
        return Err(mistakes);
    };
    let directory = source.path.as_deref().and_then(Path::parent);
    let mut reader = TourReader { mistakes, world, directory };
    let tour = reader.read(&source.name, &document);
    let mut mistakes = reader.mistakes;
    mistakes.sort();
    match tour {
        Some(tour) if mistakes.count_errors() == 0 => Ok(tour),
        _ => Err(mistakes),
    }
}

/// Reads the nodes of a tour and collects the mistakes.
struct TourReader<'a> {
    mistakes: Mistakes,
    world: &'a dyn TourWorld,
    /// The directory of the file, which paths in it are relative to.
    directory: Option<&'a Path>,
}

impl TourReader<'_> {
    fn read(&mut self, name: &str, document: &KdlDocument) -> Option<Tour> {
        let mut tours = Vec::new();
        for node in document.nodes() {
            if self.mistakes.node_rule(node, TOUR_TOP, &CONTEXTS).is_some() {
                tours.push(node);
            }
        }
        let Some(first) = tours.first() else {
            if self.mistakes.is_empty() {
                let help = "write it like this: tour \"Deadlocks in five minutes\" { ... }";
                self.mistakes.error(0..0, "this file has no `tour`").help(help);
            }
            return None;
        };
        if let Some(extra) = tours.get(1) {
            let mistake = self.mistakes.error(span_of(extra), "a file has one `tour`, and this is another");
            mistake.add_related(span_of(first), "the first is here").help("move it to a file of its own");
        }
        self.tour(name, first)
    }

    fn tour(&mut self, name: &str, node: &KdlNode) -> Option<Tour> {
        let title = self.title(node);
        let (mut about, mut scenes) = (None, Vec::new());
        for child in children(node) {
            match self.mistakes.node_rule(child, TOUR, &CONTEXTS).map(|rule| rule.word) {
                Some("about") if about.is_some() => {
                    self.mistakes.error(span_of(child), "there are two `about`").help("remove one of them");
                }
                Some("about") => {
                    let text = arg(child, 0).and_then(|entry| self.mistakes.text(entry));
                    about = Some(text.map(sanitize).unwrap_or_default());
                }
                Some("scene") => scenes.push((child, self.scene(child))),
                _ => {}
            }
        }
        if node.children().is_some() && scenes.is_empty() && self.mistakes.is_empty() {
            let help = "write what it shows: scene deadlock { caption \"...\"; wait key }";
            self.mistakes.error(span_of(node), "this tour has no scene").help(help);
        }
        if let Some((extra, _)) = scenes.get(MOST_SCENES) {
            let title = format!("this is one scene too many: a tour has {MOST_SCENES} at most");
            self.mistakes.error(span_of(extra), title).help("split the tour into two files");
        }
        let scenes: Option<Vec<Scene>> = scenes.into_iter().map(|(_, scene)| scene).collect();
        Some(Tour { name: name.to_owned(), title: title?, about: about.unwrap_or_default(), scenes: scenes? })
    }

    fn title(&mut self, node: &KdlNode) -> Option<String> {
        let entry = arg(node, 0)?;
        let title = sanitize(self.mistakes.text(entry)?);
        let wrong = match title.chars().count() {
            0 => "this tour has an empty title",
            1..=LONGEST_TITLE => return Some(title),
            _ => "this title is longer than 60 characters",
        };
        self.mistakes.error(value_span(entry), wrong).help("write a few words; `about` has room for a sentence");
        None
    }
}
