//! Tests of answers, with simulated runs.

mod changed_settings;
mod machine;

use super::*;
use crate::report::fixture::{BANK_SCENARIO, BankFixture};
use crate::scenario::{Source, check};

fn answer_bank(guesses: &str) -> Answer {
    let bank = BankFixture::new();
    let text = format!("{BANK_SCENARIO}\nask \"How much?\" {{ {guesses} }}\n");
    let source = Source { name: "bank".to_owned(), path: None, text };
    let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
    answer_question(&bank.model, &scenario, &scenario.default_settings(), bank.at).expect("there are guesses")
}

#[test]
fn measurements_decide_which_guess_is_right() {
    let found = answer_bank(
        r#"guess "two" { expect value balance equals=2 }
           guess "more" { expect value balance above=2 }
           guess "less" { expect value balance below=2; expect no-deadlock }"#,
    );
    assert_eq!(found.right_guesses, [0]);
    let counter = "counter balance: 2, expected 2: 0 lost";
    assert_eq!(found.evidence[0], counter, "listed once, although all guesses use it: {:?}", found.evidence);
    assert_eq!(found.evidence.len(), 2);
}

#[test]
fn otherwise_is_right_if_no_other_guess_is() {
    let found = answer_bank("guess \"many\" { expect value balance above=9 }; guess \"few\" { otherwise }");
    assert_eq!(found.right_guesses, [1]);
    assert!(
        !answer_bank("guess \"2\" { expect value balance equals=2 }; guess \"x\" { otherwise }")
            .right_guesses
            .contains(&1)
    );
}

#[test]
fn deadlock_settles_an_answer_at_once_and_its_absence_does_not() {
    let holds = Span::from_millis(2_000);
    let ask = |right: Vec<Expect>| Quiz {
        text: "?".into(),
        guesses: vec![Guess { text: "a".into(), correct_when: CorrectWhen::AllHold(right) }],
    };
    let expect = |claim| Expect { text: String::new(), when: Vec::new(), claim };
    let deadlock = ask(vec![expect(crate::scenario::Claim::Deadlock { within: None })]);
    let none = ask(vec![expect(crate::scenario::Claim::NoDeadlock)]);
    let at = Span::from_millis;
    assert!(is_settled(&deadlock, &[0], at(10), holds));
    assert!(!is_settled(&none, &[0], at(1_900), holds) && is_settled(&none, &[0], at(2_000), holds));
    assert!(!is_settled(&none, &[], at(6_000), holds), "no guess is right: more time may show one");
}

#[test]
fn question_is_seen_if_exactly_one_guess_is_right() {
    let one = |right: Vec<usize>| {
        let guess = |text: &str| Guess { text: text.into(), correct_when: CorrectWhen::NoOtherGuess };
        let ask = Quiz { text: "?".into(), guesses: vec![guess("a"), guess("b")] };
        let evidence = vec!["0 lost".into()];
        Answer { right_guesses: right, evidence, is_settled: true, ..Answer::unknown(&ask, String::new()) }
            .verdict(&ask)
    };
    assert_eq!((one(vec![1]).is_seen(), one(vec![1]).evidence), (true, "\u{201c}b\u{201d}: 0 lost".into()));
    assert_eq!((one(vec![]).is_seen(), one(vec![]).evidence), (false, "no guess is right: 0 lost".into()));
    assert!(!one(vec![0, 1]).is_seen());
}
