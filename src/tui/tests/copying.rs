//! Copying to the clipboard of the terminal, judged by the bytes that it is sent.

use super::app_screen::AT_END;
use super::harness::Harness;
use super::script::{contention, deadlock, everything_wrong, in_delivery_order};

/// Returns the texts that were sent to the clipboard.
fn copied(harness: &Harness) -> Vec<String> {
    let sent = String::from_utf8(harness.sent.borrow().clone()).expect("escape sequences are text");
    sent.split("\x1b]52;c;").skip(1).map(|rest| decode(rest.split('\x07').next().expect("an end"))).collect()
}

fn decode(text: &str) -> String {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in text.chars().filter_map(|c| DIGITS.find(c)) {
        (bits, count) = ((bits << 6) | digit as u32, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn last_copy(harness: &mut Harness, keys: &str) -> String {
    harness.press_keys(keys);
    copied(harness).pop().unwrap_or_else(|| panic!("nothing was copied:\n{}", harness.screen_text()))
}

#[test]
fn without_a_choice_the_report_is_copied() {
    let mut harness = Harness::after_run(&contention());
    let report = last_copy(&mut harness, "y");
    for words in ["had not ended", "Tellers at one account", "teller-1", "account"] {
        assert!(report.contains(words), "{words}: {report}");
    }
    assert!(harness.contains("Copied the report, if your terminal allows it (OSC 52)"));
    assert!(!report.contains('\x1b'), "no colours");
}

#[test]
fn chosen_worker_lock_and_finding_are_copied() {
    let mut harness = Harness::after_run(&contention());
    let worker = last_copy(&mut harness, "jy");
    assert!(worker.starts_with("teller-1 ") && worker.contains("holds "), "{worker}");
    assert!(harness.contains("Copied teller-1,"), "{}", harness.screen_text());
    let lock = last_copy(&mut harness, "<esc><tab>y");
    assert!(lock.starts_with("account "), "{lock}");

    let mut harness = Harness::with_recording(&in_delivery_order(deadlock(2)), AT_END);
    harness.press_keys("<tab><tab>");
    let finding = last_copy(&mut harness, "<tab>y");
    assert!(finding.contains("deadlock"), "{finding}");
}

#[test]
fn log_pane_copies_the_log_without_escape_sequences() {
    let mut harness = Harness::after_run(&everything_wrong());
    let log = last_copy(&mut harness, "<tab><tab>y");
    assert!(log.contains("thread panicked at step 3") && !log.contains('\x1b'), "{log}");
}

#[test]
fn picker_copies_the_command_and_the_question_page_its_question() {
    let mut harness = Harness::with_questions(&contention());
    assert_eq!(last_copy(&mut harness, "y"), "contend run tellers");
    let question = last_copy(&mut harness, "<enter>y");
    assert!(question.starts_with("How many deposits a second?\n[1] about five\n"), "{question}");
}
