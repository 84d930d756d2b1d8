//! Knob settings from the command line, and which knobs can change during a run.

use contend::scenario::{self, Scenario};
use contend::trace::WorkerKind;

fn catalogue(name: &str) -> Scenario {
    scenario::check(&contend::catalogue::find(name).expect("it is in the catalogue"))
        .expect("the scenario has no mistakes")
        .scenario
}

fn set(scenario: &Scenario, settings: &[&str], workers: Option<u32>) -> Result<Vec<String>, String> {
    let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
    let settings = scenario.settings(&settings, workers, None).map_err(|error| error.to_string())?;
    let shown = scenario.knobs.iter().zip(&settings.numbers).map(|(knob, value)| {
        let text = scenario.knob(&knob.name).and_then(|(id, _)| settings.text(id)).map(str::to_owned);
        format!("{}={}", knob.name, text.unwrap_or_else(|| knob.format_value(*value)))
    });
    Ok(shown.collect())
}

#[test]
fn later_settings_override_earlier_ones_and_defaults() {
    let deadlock = catalogue("deadlock");
    assert_eq!(set(&deadlock, &[], None).expect("defaults"), ["gap=50us", "order=opposite"]);
    let changed = set(&deadlock, &["gap=1ms", "order=same", "gap=2ms"], None).expect("settings");
    assert_eq!(changed, ["gap=2ms", "order=same"]);
}

#[test]
fn workers_option_sets_the_worker_count_knob() {
    let locks = catalogue("lock-contention");
    assert!(set(&locks, &[], Some(3)).expect("settings").contains(&"tellers=3".to_owned()));
    let pool = catalogue("thread-pool");
    assert!(set(&pool, &["workers=9"], Some(3)).expect("settings").contains(&"workers=3".to_owned()));
    assert_eq!(set(&pool, &[], Some(65)).expect_err("too many"), "`workers` cannot be 65: it goes from 1 to 64");
    let error = set(&catalogue("deadlock"), &[], Some(3)).expect_err("two workers");
    assert_eq!(error, "this scenario has no knob for the number of workers");
}

#[test]
fn free_text_is_kept_verbatim() {
    let thumbnails = catalogue("thumbnails");
    let changed = set(&thumbnails, &["dir=/tmp/a=b c"], None).expect("settings");
    assert_eq!(changed, ["how=pool", "workers=4", "dir=/tmp/a=b c", "out="]);
}

#[test]
fn wrong_settings_report_valid_names_and_ranges() {
    let deadlock = catalogue("deadlock");
    let error = |setting: &str| set(&deadlock, &[setting], None).expect_err("it is wrong");
    assert_eq!(error("gpa=1ms"), "there is no knob `gpa`; did you mean `gap`?");
    assert_eq!(error("zzzzzz=1ms"), "there is no knob `zzzzzz`; its knobs are `gap` and `order`");
    assert_eq!(error("gap"), "`gap` is not a setting; write KNOB=VALUE, such as gap=50us");
    assert_eq!(error("gap=2s"), "`gap` cannot be 2s: it goes from 0us to 100ms");
    assert_eq!(error("gap=-1ms"), "`gap` cannot be -1ms: it goes from 0us to 100ms");
    assert_eq!(
        error("order=oposite"),
        "`order` cannot be `oposite`: write `opposite` or `same`; did you mean `opposite`?"
    );
    assert!(!error("\u{1b}[2J=1").contains('\u{1b}'));
    for nonsense in ["gap=1e300", "gap=NaN", "gap=inf", "gap=", "=", "", "gap=64KiB"] {
        error(nonsense);
    }
}

#[test]
fn scenarios_that_need_threads_cannot_run_as_async() {
    let tasks = |name: &str| catalogue(name).settings(&[], None, Some(WorkerKind::Async)).map_err(|e| e.to_string());
    assert!(tasks("philosophers").is_ok());
    let why = tasks("thumbnails").expect_err("an event loop cannot wait for a file");
    assert_eq!(
        why,
        "the workers cannot be tasks of an event loop: `small` runs `thumbnail`, and only a thread can wait for that"
    );
    let why = tasks("time-slicing").expect_err("its workers are pinned to a core");
    assert!(why.ends_with("is pinned to a core, and a task has no thread of its own"), "{why}");
}

#[test]
fn knob_is_live_where_a_change_takes_effect_during_the_run() {
    let live = |name: &str| -> Vec<String> {
        catalogue(name).knobs.into_iter().filter(|knob| knob.is_live).map(|knob| knob.name).collect()
    };
    assert_eq!(live("deadlock"), ["gap", "order"]);
    assert_eq!(live("lock-contention"), ["hold", "think"]);
    assert_eq!(live("philosophers"), ["gap", "think", "eat", "variant"]);
    assert_eq!(live("thread-pool"), ["workers", "rate", "io", "cpu"]);
    assert_eq!(live("process-pool"), ["workers", "work"]);
    assert_eq!(live("thumbnails"), ["how", "workers"]);
}

#[test]
fn every_catalogue_scenario_survives_serialization() {
    for entry in contend::catalogue::all() {
        let scenario = catalogue(entry.name);
        let bytes = postcard::to_stdvec(&scenario).expect("it can be written");
        assert_eq!(postcard::from_bytes::<Scenario>(&bytes).expect("it can be read"), scenario);
    }
}
