//! The question before a run: `ask "How much?" { guess "100" { expect value balance equals=100 }; ... }`.

use kdl::KdlNode;

use super::Checker;
use super::grammar::{ASK, GUESS};
use super::node::{arg, children, span_of, value_span};
use crate::program::{Claim, CorrectWhen, Expect, Guess, Quiz};
use crate::sanitize::sanitize;

/// Most guesses: there is a number key for each.
const GUESSES: usize = 9;

impl Checker {
    pub(super) fn check_quiz(&mut self, nodes: &[&KdlNode]) {
        let Some(text) = self.single_text(nodes, "ask") else { return };
        let Some(node) = super::nodes_named(nodes, &["ask"]).next() else { return };
        let mut guesses: Vec<(&KdlNode, Guess)> = Vec::new();
        for child in children(node) {
            if self.node_rule(child, ASK).is_some()
                && let Some(guess) = self.guess(child)
            {
                self.check_guess_distinct(&guesses, child, &guess);
                guesses.push((child, guess));
            }
        }
        if node.children().is_some() && children(node).len() < 2 {
            let title = "this question has fewer than two guesses to choose from";
            self.mistakes.error(span_of(node), title).help("write two to four, or remove the block");
        }
        if let Some(extra) = children(node).get(GUESSES) {
            let title = "this is one guess too many: they are chosen with the keys 1 to 9";
            self.mistakes.error(span_of(extra), title).help("two to four are best");
        }
        let guesses = guesses.into_iter().map(|(_, guess)| guess).collect();
        self.scenario.quiz = Some(Quiz { text, guesses });
    }

    fn guess(&mut self, node: &KdlNode) -> Option<Guess> {
        let text = arg(node, 0).and_then(|entry| self.text(entry)).map(sanitize)?;
        let (mut claims, mut otherwise, mut wrong) = (Vec::new(), None, false);
        for child in children(node) {
            if self.node_rule(child, GUESS).is_none() {
                wrong = true;
            } else if child.name().value() == "otherwise" {
                otherwise = Some(child);
            } else if let Some((claim, text)) = self.claim(child) {
                let claim = Expect { text, when: Vec::new(), claim };
                wrong |= self.needs_two_runs(child, &claim);
                claims.push(claim);
            } else {
                wrong = true; // which was reported
            }
        }
        let help = "write what the run shows if it is right: { expect lost balance above=0 }; or { otherwise }";
        match otherwise {
            _ if wrong => return None,
            Some(otherwise) if !claims.is_empty() => {
                let title = "a guess has either expectations or `otherwise`, not both";
                self.mistakes.error(span_of(otherwise), title).help("remove one of them");
                return None;
            }
            None if node.children().is_none() => return None, // which was reported
            None if claims.is_empty() => {
                self.mistakes.error(span_of(node), "nothing decides whether this guess is right").help(help);
                return None;
            }
            _ => {}
        }
        Some(Guess {
            text,
            correct_when: if claims.is_empty() { CorrectWhen::NoOtherGuess } else { CorrectWhen::AllHold(claims) },
        })
    }

    /// Reports a claim that compares runs: a guess is decided by a single run.
    fn needs_two_runs(&mut self, node: &KdlNode, claim: &Expect) -> bool {
        let two = claim.compares_runs();
        if two {
            let title = "this takes two runs, and a guess is decided by one";
            let help = "compare with something else in the same run, or with a number";
            let other = match claim.claim.bare() {
                Claim::Formula(formula) => formula.terms.iter().find(|term| !term.settings.is_empty()),
                _ => None,
            };
            match other {
                Some(term) => self.report_at_term(node, &term.text, title, help),
                None => drop(self.mistakes.error(span_of(node), title).help(help)),
            }
        }
        two
    }

    /// Reports a guess that equals one before it in its text or in its claims.
    fn check_guess_distinct(&mut self, before: &[(&KdlNode, Guess)], node: &KdlNode, guess: &Guess) {
        let text = |node: &KdlNode| arg(node, 0).map_or_else(|| span_of(node), value_span);
        for (first, other) in before {
            let title = if other.text == guess.text {
                "two guesses have the same words"
            } else if other.correct_when == guess.correct_when {
                "two guesses would be right at the same time"
            } else {
                continue;
            };
            let mistake = self.mistakes.error(text(node), title);
            mistake.add_related(text(first), "the other is here").help("exactly one guess should be right");
            return;
        }
    }
}
