//! Contrast and distances of the colours in use, computed.

use ratatui::style::{Color, Style};

use super::colour_space::{Rgb, contrast, distance, rgb_of};
use super::*;

/// Least contrast of text, and of areas against the background.
const TEXT: f64 = 4.5;
const AREA: f64 = 3.0;

/// Least distance of a worker's hue from a severity's: below it, they look alike.
const APART: f64 = 0.03;

/// Backgrounds of terminals that the themes are made for.
fn backgrounds(ground: Ground) -> &'static [Rgb] {
    match ground {
        Ground::Dark => &[[0, 0, 0], [16, 16, 16], [30, 30, 30]],
        Ground::Light => &[[255, 255, 255], [245, 245, 245]],
    }
}

/// Every theme with colours of its own, at each depth that has room for them. `ansi` and sixteen colours are not among
/// them, because the terminal's own palette decides how they look.
fn themes() -> Vec<Theme> {
    let names = [ThemeName::Dark, ThemeName::Light, ThemeName::Colorblind, ThemeName::HighContrast];
    let grounds = |name| match name {
        ThemeName::Dark => vec![Ground::Dark],
        ThemeName::Light => vec![Ground::Light],
        _ => vec![Ground::Dark, Ground::Light],
    };
    let depths = [Depth::TrueColor, Depth::Indexed256];
    let all = names.into_iter().flat_map(|name| grounds(name).into_iter().map(move |ground| (name, ground)));
    all.flat_map(|(name, ground)| depths.map(|depth| Theme::new(name, ground, depth, true))).collect()
}

fn rgb(colour: Color) -> Rgb {
    rgb_of(colour).expect("a colour of the theme")
}

/// Returns the least contrast of the text: on its own background, or on the terminal's.
fn text_contrast(theme: Theme, style: Style) -> f64 {
    let ink = style.fg.map_or_else(|| rgb(theme.palette.text), rgb);
    match style.bg {
        Some(bg) => contrast(ink, rgb(bg)),
        None => least_contrast(theme, ink),
    }
}

fn least_contrast(theme: Theme, colour: Rgb) -> f64 {
    let all = backgrounds(theme.palette.ground).iter();
    all.map(|background| contrast(colour, *background)).fold(f64::INFINITY, f64::min)
}

/// 256 colours are too few to keep every contrast exactly.
fn required(theme: Theme, contrast: f64) -> f64 {
    if theme.depth == Depth::TrueColor { contrast } else { contrast * 0.85 }
}

#[test]
fn text_of_every_theme_is_readable() {
    for theme in themes() {
        let states = State::ALL.map(|state| (format!("{state:?}"), theme.state_style(state)));
        let roles = Role::ALL.map(|role| (format!("{role:?}"), theme.fg(role)));
        let roles = roles.into_iter().filter(|(role, _)| role != "Guide" && !is_area_only(role));
        let pills = Role::ALL.into_iter().filter(|role| *role != Role::Guide && theme.colour(*role) != Color::Reset);
        let pills = pills.map(|role| (format!("on {role:?}"), theme.pill_style(role)));
        let workers = (0..12).flat_map(|i| {
            [(format!("worker {i}"), theme.identity_style(i)), (format!("on worker {i}"), theme.identity_area(i))]
        });
        let heat = (0..=20).map(|share| (format!("heat {share}"), theme.heat(f64::from(share) / 20.0)));
        let held = [("name of a lock".to_owned(), theme.lock_name_style())];
        let severities = [Severity::Error, Severity::Warning, Severity::Note];
        let severities = severities.map(|severity| (format!("{severity:?}"), theme.severity_style(severity)));
        let all = states.into_iter().chain(roles).chain(pills).chain(workers).chain(heat).chain(held).chain(severities);
        for (what, style) in all {
            let found = text_contrast(theme, style);
            assert!(found >= required(theme, TEXT), "{theme:?}: {what} {style:?}: {found:.2}");
        }
    }
}

/// Roles that no text has.
fn is_area_only(role: &str) -> bool {
    matches!(role, "Queue" | "Response" | "CoreOurs" | "CoreOthers" | "Selection" | "Tab" | "Throughput")
}

/// Sleep, no work, time off the cores and the time before the start are not among them: nothing happens there, and calm
/// is their meaning.
#[test]
fn areas_of_every_theme_stand_out_from_the_background() {
    for theme in themes() {
        let busy =
            State::ALL.into_iter().filter(|s| !matches!(s, State::Sleep | State::Empty | State::OffCore | State::Done));
        let states = busy.map(|state| (format!("{state:?}"), theme.state_colour(state)));
        let roles = Role::ALL.into_iter().map(|role| (format!("{role:?}"), theme.colour(role)));
        let roles = roles.filter(|(_, colour)| *colour != Color::Reset);
        let workers = (0..12).map(|i| (format!("worker {i}"), theme.identity_colour(i)));
        for (what, colour) in states.chain(roles).chain(workers) {
            let found = least_contrast(theme, rgb(colour));
            assert!(found >= required(theme, AREA), "{theme:?}: {what} {colour:?}: {found:.2}");
        }
    }
}

#[test]
fn high_contrast_has_text_of_seven_to_one() {
    for ground in [Ground::Dark, Ground::Light] {
        let theme = Theme::new(ThemeName::HighContrast, ground, Depth::TrueColor, true);
        let letters = State::ALL.into_iter().filter(|s| !matches!(s, State::Crashed | State::Gap));
        let letters = letters.map(|state| theme.state_style(state));
        let severities = [Role::Good, Role::Warning, Role::Error, Role::Note, Role::Faint].map(|role| theme.fg(role));
        for style in letters.chain(severities).chain((0..12).map(|i| theme.identity_style(i))) {
            assert!(text_contrast(theme, style) >= 7.0, "{theme:?}: {style:?}: {}", text_contrast(theme, style));
        }
    }
}

#[test]
fn no_worker_has_the_hue_of_a_severity() {
    for theme in themes().into_iter().filter(|theme| theme.depth == Depth::TrueColor) {
        let severities = [Role::Good, Role::Warning, Role::Error, Role::Note].map(|role| theme.colour(role));
        let severities: Vec<_> = severities.into_iter().chain([theme.state_colour(State::Lock)]).collect();
        for i in 0..12 {
            let own = rgb(theme.identity_colour(i));
            for severity in &severities {
                let apart = distance(own, rgb(*severity));
                assert!(apart >= APART, "{theme:?}: worker {i} {own:?} and {severity:?}: {apart:.3}");
            }
            for other in 0..i {
                let apart = distance(own, rgb(theme.identity_colour(other)));
                assert!(apart >= APART, "{theme:?}: workers {other} and {i}: {apart:.3}");
            }
        }
    }
}

#[test]
fn states_that_lanes_show_together_look_different() {
    for theme in themes() {
        let busy = || State::ALL.into_iter().filter(|s| !matches!(s, State::Done));
        for state in busy() {
            for other in busy().filter(|other| *other < state) {
                let apart = distance(rgb(theme.state_colour(state)), rgb(theme.state_colour(other)));
                let calm = |s| matches!(s, State::Sleep | State::Empty);
                assert!(
                    apart >= APART || (calm(state) && calm(other)),
                    "{theme:?}: {state:?} and {other:?}: {apart:.3}"
                );
            }
        }
    }
}

/// How dichromats see a colour, after Viénot, Brettel and Mollon: without the long or the middle wavelengths.
fn seen_without(long: bool, colour: Rgb) -> Rgb {
    let lin = colour.map(|c| (f64::from(c) / 255.0).powf(2.2));
    let lms = |m: [[f64; 3]; 3], v: [f64; 3]| m.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum::<f64>());
    let to_lms = [[17.8824, 43.5161, 4.119_35], [3.455_65, 27.1554, 3.867_14], [0.029_956_6, 0.184_309, 1.46709]];
    let to_rgb = [
        [0.080_944_447_9, -0.130_504_409, 0.116_721_066],
        [-0.010_248_533_5, 0.054_019_326_6, -0.113_614_708],
        [-0.000_365_296_938, -0.004_121_614_69, 0.693_511_405],
    ];
    let [l, m, s] = lms(to_lms, lin);
    let seen = if long { [2.02344 * m - 2.52581 * s, m, s] } else { [l, 0.494_207 * l + 1.24827 * s, s] };
    lms(to_rgb, seen).map(|c| (c.clamp(0.0, 1.0).powf(1.0 / 2.2) * 255.0).round() as u8)
}

#[test]
fn colorblind_theme_tells_its_main_states_apart_without_red_or_green() {
    for ground in [Ground::Dark, Ground::Light] {
        let theme = Theme::new(ThemeName::Colorblind, ground, Depth::TrueColor, true);
        let main = [State::Running, State::Ready, State::Lock, State::Full, State::Io, State::Sleep];
        for long in [true, false] {
            let seen = main.map(|state| seen_without(long, rgb(theme.state_colour(state))));
            for (i, colour) in seen.iter().enumerate() {
                for (j, other) in seen.iter().enumerate().take(i) {
                    let apart = distance(*colour, *other);
                    assert!(apart >= 0.06, "{theme:?}: {:?} and {:?}: {apart:.3}", main[j], main[i]);
                }
            }
        }
    }
}

#[test]
fn shades_stay_visible_and_end_in_the_background() {
    for theme in themes().into_iter().filter(|theme| theme.depth == Depth::TrueColor) {
        let lock = theme.cell_style(State::Lock);
        assert_eq!(theme.shaded(lock, 1.0), lock);
        assert_eq!(theme.shaded(lock, 0.0).bg, Some(theme.palette.background));
        let calm = theme.shaded(lock, 0.75).bg.expect("an area");
        assert!(least_contrast(theme, rgb(calm)) >= 2.5, "{theme:?}: {calm:?}");
    }
}

#[test]
fn no_style_has_a_colour_without_colour() {
    let named = ThemeName::ALL.map(|name| Theme::new(name, Ground::Light, Depth::None, true));
    let mono = Theme::new(ThemeName::Mono, Ground::Dark, Depth::TrueColor, true);
    for theme in named.into_iter().chain([mono, Theme::plain(false)]) {
        let states = State::ALL.into_iter().flat_map(|s| {
            [theme.state_style(s), theme.cell_style(s), theme.swatch(s).1, theme.mixed_cell(State::Lock, s, 4).1]
        });
        let roles = Role::ALL.into_iter().flat_map(|role| [theme.fg(role), theme.bg(role), theme.pill_style(role)]);
        let workers = (0..3).flat_map(|i| [theme.identity_style(i), theme.identity_area(i)]);
        let heat = [0.0, 0.1, 0.5, 1.0].map(|share| theme.heat(share));
        let other = [
            theme.lock_name_style(),
            theme.area_style(),
            theme.selection_style(),
            theme.severity_style(Severity::Error),
        ];
        for style in states.chain(roles).chain(workers).chain(heat).chain(other) {
            assert_eq!((style.fg, style.bg), (None, None), "{theme:?}: {style:?}");
        }
    }
}

#[test]
fn background_is_painted_only_if_the_terminal_has_another() {
    let area = ratatui::layout::Rect::new(0, 0, 1, 1);
    let painted = |theme: Theme| {
        let mut buf = Buffer::empty(area);
        theme.paint_background(&mut buf);
        (buf[(0, 0)].fg, buf[(0, 0)].bg)
    };
    assert_eq!(painted(Theme::dark()), (Color::Reset, Color::Reset));
    let light = |ground| Theme::new(ThemeName::Light, ground, Depth::TrueColor, true);
    assert_eq!(painted(light(Ground::Light)), (Color::Reset, Color::Reset));
    assert_eq!(painted(light(Ground::Dark)).1, Color::Rgb(255, 255, 255));
    assert_eq!(
        painted(Theme::new(ThemeName::Mono, Ground::Light, Depth::TrueColor, true)),
        (Color::Reset, Color::Reset)
    );
}
