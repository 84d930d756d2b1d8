//! The file as a whole: every option, every kind of mistake, and the file with all defaults.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::tui::{Depth, Themes};

fn parsed(text: &str) -> Result<Config, Mistakes> {
    parse(&Source { name: "config".into(), path: Some("config.toml".into()), text: text.into() })
}

fn config(text: &str) -> Config {
    parsed(text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Returns what can be compared of a configuration.
fn settings(config: &Config) -> (Option<String>, bool, bool, Duration, HistorySizes, KeyMap) {
    let Config { theme, mouse, ask, frame_interval, history, keys, .. } = config;
    (theme.clone(), *mouse, *ask, *frame_interval, *history, keys.clone())
}

#[test]
fn every_option_is_read() {
    let file = "theme = \"mine\"\nmouse = false\nask = false\nrefresh = 20\n\
                [history]\nmemory = \"8 MiB\"\nrecording = \"2GiB\"\n\
                [keys]\nquit = [\"Q\", \"F10\"]\nkill-worker = []\n\
                [themes.mine]\nbase = \"light\"\nlock = \"#aa0000\"\nworkers = [\"red\", \"12\"]\n";
    let config = config(file);
    assert_eq!(config.theme.as_deref(), Some("mine"));
    assert!(!config.mouse && !config.ask);
    assert_eq!(config.frame_interval, Duration::from_millis(50));
    assert_eq!(config.history, HistorySizes { memory: 8 << 20, recording: 2 << 30 });
    let keys = |name: &str| config.keys.actions().find(|action| action.name == name).expect("an action").keys;
    assert_eq!(keys("quit").iter().map(|key| key.name()).collect::<Vec<_>>(), ["Q", "F10"]);
    assert!(keys("kill-worker").is_empty());
    assert!(Themes::new(Depth::TrueColor, true).with_own(config.own_themes).choose("mine").is_some());
}

#[test]
fn empty_file_has_the_defaults() {
    assert_eq!(settings(&config("")), settings(&Config::default()));
}

/// As it is, it is all comments; without the marks before its lines, it sets every option to its default.
#[test]
fn default_file_sets_every_option_to_its_default() {
    let file = default_file();
    assert_eq!(settings(&config(&file)), settings(&Config::default()));
    let is_option = |line: &str| line.starts_with('#') && !line.starts_with("# ") && line != "#";
    let bare: Vec<&str> = file.lines().map(|line| if is_option(line) { &line[1..] } else { line }).collect();
    let text = bare.join("\n");
    let read = config(&text);
    assert_eq!(settings(&read), settings(&Config::default()));
    assert_eq!(read.own_themes.len(), 1, "the example");
    for option in &options::OPTIONS {
        assert!(text.contains(&format!("\n{} = {}", option.name, option.default)), "{}", option.name);
    }
    assert!(file.lines().all(|line| line.chars().count() <= 110), "{file}");
}

#[test]
fn mistakes_point_at_the_place_and_name_the_fix() {
    let cases = [
        ("unknown_option", "theem = \"dark\"\n"),
        ("unknown_option_far_from_all", "colour-of-the-sky = 1\n"),
        ("unknown_history_option", "[history]\nmemroy = \"1 MiB\"\n"),
        ("wrong_kind", "mouse = \"yes\"\nask = 1\ntheme = 3\nrefresh = true\n"),
        ("out_of_range", "refresh = 1000\n\n[history]\nmemory = \"12\"\nrecording = \"much\"\n"),
        ("unknown_theme", "theme = \"drak\"\n"),
        ("unknown_theme_far_from_all", "theme = \"zzzzzz\"\n"),
        ("option_for_a_table", "keys = \"vim\"\nthemes = 1\nhistory = []\n"),
        ("unknown_action", "[keys]\nquti = \"q\"\n"),
        ("unknown_key", "[keys]\nquit = \"Entr\"\nhelp = \"Shift-k\"\nredraw = [\"Ctrl-I\", \"Alt-x\"]\n"),
        ("key_of_a_wrong_kind", "[keys]\nquit = 1\nhelp = [1, 2]\n"),
        ("key_twice", "[keys]\nquit = [\"q\", \"q\"]\n"),
        ("conflict_of_keys", "[keys]\nquit = [\"F9\", \"x\"]\n"),
        ("no_way_out", "[keys]\ninterrupt = []\n"),
        ("theme_of_the_same_name", "[themes.dark]\nlock = \"red\"\n"),
        ("unknown_base", "[themes.mine]\nbase = \"ligth\"\n"),
        ("base_without_colour", "[themes.mine]\nbase = \"mono\"\n"),
        ("unknown_colour_name", "[themes.mine]\nlokc = \"red\"\n"),
        ("bad_colour", "[themes.mine]\nlock = \"#12\"\nworkers = [\"redd\"]\nsleep = 3\n"),
        ("no_workers", "[themes.mine]\nworkers = []\n"),
        ("no_toml", "theme = dark\n[keys\nquit = \"q\"\n"),
        ("twice", "mouse = true\nmouse = false\n"),
    ];
    for (name, text) in cases {
        let mistakes = parsed(text).map(|_| ()).expect_err(name);
        insta::assert_snapshot!(name, format!("{text}\n{mistakes}"));
    }
}

#[test]
fn no_text_makes_it_panic() {
    let mut rng = fastrand::Rng::with_seed(11);
    let pieces = ["theme", "=", "\"", "[", "]", "keys", "\n", ".", "#", "1", "é", "{", "}", ",", "'", "\\", "q", " "];
    for _ in 0..3_000 {
        let text: String = (0..rng.usize(0..24)).map(|_| pieces[rng.usize(0..pieces.len())]).collect();
        if let Err(mistakes) = parsed(&text) {
            assert!(!mistakes.render(false).is_empty());
        }
    }
}

#[test]
fn place_of_the_file_follows_xdg() {
    let of = |variables: &[(&str, &str)]| {
        path_from(|name| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| PathBuf::from(value)))
    };
    assert_eq!(of(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]), Some("/x/contend/config.toml".into()));
    assert_eq!(of(&[("HOME", "/h")]), Some("/h/.config/contend/config.toml".into()));
    assert_eq!(of(&[("XDG_CONFIG_HOME", "relative"), ("HOME", "/h")]), Some("/h/.config/contend/config.toml".into()));
    assert_eq!(of(&[]), None);
}

#[test]
fn file_that_is_none_is_an_error_and_a_missing_one_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    assert!(load(&at("missing.toml")).is_ok());
    let reason = |path: &Path| load(path).expect_err("it cannot be read").to_string();
    assert!(reason(directory.path()).contains("it is no regular file"), "{}", reason(directory.path()));
    fs::write(at("bytes.toml"), [0xff, 0xfe]).expect("it is written");
    assert!(reason(&at("bytes.toml")).contains("it is not UTF-8 text"));
    fs::write(at("good.toml"), "mouse = false").expect("it is written");
    assert!(!load(&at("good.toml")).expect("no mistakes").mouse);
}
