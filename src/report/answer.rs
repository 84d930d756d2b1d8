//! What a run answers to its scenario's question: which of the guesses is right, by what was measured.

use super::Verdict;
use super::expect::Scales;
use super::trial::must_hold;
use crate::model::Model;
use crate::scenario::{Ask, Guess, Right, Scenario};
use crate::trace::{Span, Stamp};

/// A run that gives no answer in its test's time may still give one in so many times as long.
const PATIENCE: u64 = 3;

/// What was measured, and what it says about each guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The guesses that are right, by their places. A good question has exactly one.
    pub right: Vec<usize>,
    /// The figures it rests on, each once, whichever guess they speak of.
    pub evidence: Vec<String>,
    /// Nothing that may still come would change it; or it was waited for long enough.
    pub settled: bool,
}

/// The answer as the run stands; `None` when there are no guesses to choose from.
pub fn answer(model: &Model, scenario: &Scenario, now: Stamp) -> Option<Answer> {
    let ask = scenario.ask.as_ref().filter(|ask| !ask.guesses.is_empty())?;
    let scales = Scales::new(model, scenario, now);
    let (mut evidence, mut right, mut measured) = (Vec::new(), Vec::new(), true);
    for (at, guess) in ask.guesses.iter().enumerate() {
        let Right::When(claims) = &guess.right else { continue };
        let mut all = true;
        for expect in claims {
            let found = scales.weigh(&expect.claim);
            measured &= found.is_ok();
            let (seen, figures) = found.map_or_else(|why| (false, why), |found| (found.seen, found.evidence));
            all &= seen;
            if !evidence.contains(&figures) {
                evidence.push(figures);
            }
        }
        if all {
            right.push(at);
        }
    }
    if right.is_empty() && measured {
        right.extend(ask.guesses.iter().position(|guess| guess.right == Right::Otherwise));
    }
    let settled = model.ended().is_some() || is_settled(ask, &right, now, Span(scenario.test.lasts as u64));
    Some(Answer { right, evidence, settled })
}

fn is_settled(ask: &Ask, right: &[usize], now: Stamp, holds: Span) -> bool {
    let passed = now.since(Stamp::default());
    let [right] = right else { return passed >= Span(holds.0.saturating_mul(PATIENCE)) };
    let stays = |guess: &Guess| match &guess.right {
        Right::When(claims) => !claims.iter().any(|expect| must_hold(&expect.claim)),
        Right::Otherwise => false,
    };
    passed >= holds || ask.guesses.get(*right).is_some_and(stays)
}

impl Answer {
    /// As an expectation: exactly one guess is right.
    pub(super) fn verdict(&self, ask: &Ask) -> Verdict {
        let words = |at: &usize| ask.guesses.get(*at).map(|guess| format!("\u{201c}{}\u{201d}", guess.text));
        let right: Vec<String> = self.right.iter().filter_map(words).collect();
        let which = match right.as_slice() {
            [] => "none is".to_owned(),
            [one] => one.clone(),
            more => format!("{} are", more.join(" and ")),
        };
        let evidence = format!("{which}: {}", self.evidence.join("; "));
        Verdict { text: "one guess is right".to_owned(), seen: self.right.len() == 1, evidence, weight: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Bank, QUIET};
    use crate::scenario::{Source, check};

    fn answered(guesses: &str) -> Answer {
        let bank = Bank::new();
        let text = format!("{QUIET}\nask \"How much?\" {{ {guesses} }}\n");
        let source = Source { name: "bank".to_owned(), path: None, text };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        answer(&bank.model, &scenario, bank.at).expect("there are guesses")
    }

    #[test]
    fn what_was_measured_decides() {
        let found = answered(
            r#"guess "two" { expect value balance equals=2 }
               guess "more" { expect value balance above=2 }
               guess "less" { expect value balance below=2; expect no-deadlock }"#,
        );
        assert_eq!(found.right, [0]);
        let counter = "counter balance: 2 where 2 was due, 0 lost";
        assert_eq!(found.evidence[0], counter, "once, though all guesses speak of it: {:?}", found.evidence);
        assert_eq!(found.evidence.len(), 2);
    }

    #[test]
    fn otherwise_is_right_when_nothing_else_is() {
        let found = answered("guess \"many\" { expect value balance above=9 }; guess \"few\" { otherwise }");
        assert_eq!(found.right, [1]);
        assert!(
            !answered("guess \"2\" { expect value balance equals=2 }; guess \"x\" { otherwise }").right.contains(&1)
        );
    }

    #[test]
    fn a_deadlock_is_an_answer_at_once_and_a_balance_is_not() {
        let holds = Span::millis(2_000);
        let ask = |right: Vec<crate::scenario::Expect>| Ask {
            text: "?".into(),
            guesses: vec![Guess { text: "a".into(), right: Right::When(right) }],
        };
        let expect = |claim| crate::scenario::Expect { text: String::new(), when: Vec::new(), claim };
        let deadlock = ask(vec![expect(crate::scenario::Claim::Deadlock { within: None })]);
        let none = ask(vec![expect(crate::scenario::Claim::NoDeadlock)]);
        let at = |ms: u64| Stamp(ms * 1_000_000);
        assert!(is_settled(&deadlock, &[0], at(10), holds));
        assert!(!is_settled(&none, &[0], at(1_900), holds) && is_settled(&none, &[0], at(2_000), holds));
        assert!(!is_settled(&none, &[], at(5_900), holds) && is_settled(&none, &[], at(6_000), holds));
    }

    #[test]
    fn a_good_question_has_one_right_guess() {
        let one = |right: Vec<usize>| {
            let guess = |text: &str| Guess { text: text.into(), right: Right::Otherwise };
            let ask = Ask { text: "?".into(), guesses: vec![guess("a"), guess("b")] };
            Answer { right, evidence: vec!["0 lost".into()], settled: true }.verdict(&ask)
        };
        assert_eq!((one(vec![1]).seen, one(vec![1]).evidence), (true, "\u{201c}b\u{201d}: 0 lost".into()));
        assert_eq!((one(vec![]).seen, one(vec![]).evidence), (false, "none is: 0 lost".into()));
        assert!(!one(vec![0, 1]).seen);
    }
}
