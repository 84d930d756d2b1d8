//! Marks that workers and the user set.

use contend_model::{Budget, Model};
use contend_trace::{Event, EventKind, MarkId, Message, Notice, Stamp, WorkerId};

use super::script::{drawn, ms, play, read};

const RUN: &str = "worker one
    worker two
    mutex a
    mark-text begins
    mark-text round-{n}
    0 one began
    0 two began
    1 two mark begins 0
    2 one mark round-{n} 7
    3 one wait a
    4 one acquired a 1
    5 one mark begins 0";

fn shown(model: &Model) -> Vec<String> {
    let name = |mark: &contend_model::NamedMark<'_>| {
        let by = mark.worker.map_or("user", |worker| model.registry().worker_name(worker));
        format!("{} {} {by}", mark.at.0 / 1_000_000, mark.text)
    };
    model.named_marks().iter().map(name).collect()
}

#[test]
fn marks_are_listed_in_order_with_text_and_worker() {
    let model = play(RUN);
    assert_eq!(shown(&model), ["1 begins two", "2 round-7 one", "5 begins one"]);
    assert_eq!(model.health().anomalies, 0);
    assert!(model.marks().is_empty(), "a mark is no change of the run");
    assert_eq!(drawn(&model, "one", 6.0, 1.0), "RRRLRR", "a mark changes no state");
    let counts: Vec<_> = model.mark_counts().map(|mark| (mark.text, mark.count, mark.first, mark.last)).collect();
    assert_eq!(counts, [("begins", 2, ms(1.0), ms(5.0)), ("round-{n}", 1, ms(2.0), ms(2.0))]);
}

#[test]
fn marks_of_the_user_stand_among_the_others_at_their_moment() {
    let mut model = play(RUN);
    for (at, text) in [(4.0, "later"), (1.5, "earlier")] {
        model.apply(&Message::Notice { at: ms(at), notice: Notice::Mark(text.into()) });
    }
    let expected = ["1 begins two", "1 earlier user", "2 round-7 one", "4 later user", "5 begins one"];
    assert_eq!(shown(&model), expected);
    assert_eq!(model.named_mark_total(), 5);
}

#[test]
fn mark_without_a_text_is_an_anomaly() {
    let mut model = play(RUN);
    let kind = EventKind::Mark { text: MarkId(2), number: 0 };
    model.apply(&Message::Events(vec![Event { at: ms(6.0), worker: WorkerId(0), kind }]));
    assert_eq!((model.health().anomalies, model.named_marks().len()), (1, 3));
}

#[test]
fn flood_of_one_mark_keeps_the_newest_and_all_of_the_other_texts() {
    let (registry, messages) = read(RUN);
    let mut model = Model::new(registry, Budget::default());
    for message in &messages {
        model.apply(message);
    }
    let mark = |n: u64| Event {
        at: Stamp(10_000_000 + n),
        worker: WorkerId(0),
        kind: EventKind::Mark { text: MarkId(1), number: n },
    };
    let before = model.heap_bytes();
    model.apply(&Message::Events((0..100_000).map(mark).collect()));
    assert!(model.heap_bytes() < before + 10_000);
    let marks = shown(&model);
    assert_eq!(marks.len(), 2 + 128);
    assert!(
        marks[0] == "1 begins two" && marks[1] == "5 begins one" && marks[129].contains("round-99999"),
        "{marks:?}"
    );
    assert_eq!(model.named_mark_total(), 100_003);
}

#[test]
fn marks_are_the_same_in_any_order_of_arrival() {
    let (registry, _) = read(RUN);
    let stream = |worker: u32| -> Vec<Message> {
        let began = Event { at: Stamp(0), worker: WorkerId(worker), kind: EventKind::LifeBegan };
        let marks = (0..300).map(|n| Event {
            at: Stamp(n * 1_000 + u64::from(worker)),
            worker: WorkerId(worker),
            kind: EventKind::Mark { text: MarkId((n % 2) as u32), number: n },
        });
        std::iter::once(began).chain(marks).map(|event| Message::Events(vec![event])).collect()
    };
    let (one, two) = (stream(0), stream(1));
    let mut orders: [Vec<&Message>; 2] = [one.iter().chain(&two).collect(), two.iter().chain(&one).collect()];
    orders[1].sort_by_key(|message| match message {
        Message::Events(events) => events[0].at,
        _ => Stamp(0),
    });
    let [first, second] = orders.map(|messages| {
        let mut model = Model::new(registry.clone(), Budget::default());
        for message in messages {
            model.apply(message);
        }
        model
    });
    assert_eq!(first.named_marks(), second.named_marks());
    assert_eq!(first.named_marks().len(), 256);
}
