//! The user's configuration: `$XDG_CONFIG_HOME/contend/config.toml`.
//!
//! Every option has a default, so that no file is needed. A mistake names its line, its column and the fix.

mod fields;
mod keys;
mod options;
mod template;
#[cfg(test)]
mod tests;
mod themes;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use crate::platform::limits::describe_io_error;
use crate::scenario::{Mistakes, Source, sanitize};
use crate::tui::{HistorySizes, KeyMap, OwnTheme};
use fields::{Field, unknown_name};

pub use template::default_file;

/// Largest file that is read.
const MAX_SIZE: u64 = 1 << 20;

/// What the file sets.
#[derive(Debug)]
pub struct Config {
    /// The theme's name; `None` for the one that suits the terminal's background.
    pub theme: Option<String>,
    pub own_themes: Vec<OwnTheme>,
    pub keys: KeyMap,
    /// Whether to capture the mouse.
    pub mouse: bool,
    /// Whether to ask a scenario's question before it runs.
    pub ask: bool,
    /// Time between two frames of a moving picture.
    pub frame_interval: Duration,
    pub history: HistorySizes,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: None,
            own_themes: Vec::new(),
            keys: KeyMap::standard().clone(),
            mouse: true,
            ask: true,
            frame_interval: Duration::from_millis(100),
            history: HistorySizes::default(),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration {path} cannot be read: {reason}")]
    Unreadable { path: String, reason: String },
    /// Rendered with excerpts of the file.
    #[error("the configuration has mistakes")]
    Mistakes(Box<Mistakes>),
}

/// Returns where the file is, whether or not there is one; `None` if there is no home directory.
pub fn path() -> Option<PathBuf> {
    path_from(|name| std::env::var_os(name).map(PathBuf::from))
}

fn path_from(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // A relative directory is ignored, as the XDG specification says.
    let directory = |name| variable(name).filter(|directory| directory.is_absolute());
    let base = directory("XDG_CONFIG_HOME").or_else(|| Some(directory("HOME")?.join(".config")))?;
    Some(base.join("contend").join("config.toml"))
}

/// Reads the file. If there is none, or its directory cannot be searched, returns the defaults.
///
/// # Errors
/// When it cannot be read, or has mistakes.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    let unreadable = |reason| ConfigError::Unreadable { path: sanitize(&path.to_string_lossy()), reason };
    let found = match fs::metadata(path) {
        Ok(found) => found,
        // Another user's home, as after `sudo -u`, is as good as none.
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | PermissionDenied) => {
            return Ok(Config::default());
        }
        Err(error) => return Err(unreadable(describe_io_error(&error))),
    };
    if !found.is_file() {
        return Err(unreadable("it is no regular file".to_owned()));
    }
    if found.len() > MAX_SIZE {
        return Err(unreadable("it is larger than 1 MiB".to_owned()));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(describe_io_error(&error)))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))?;
    parse(&Source { name: "config".into(), path: Some(path.into()), text })
        .map_err(|mistakes| ConfigError::Mistakes(Box::new(mistakes)))
}

/// Reads the text of a file.
///
/// # Errors
/// All its mistakes.
pub fn parse(source: &Source) -> Result<Config, Mistakes> {
    let mut mistakes = Mistakes::of(source);
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    for error in &errors {
        let end = source.text.len();
        mistakes.error(error.span().unwrap_or(end..end), format!("this is not TOML: {}", error.message()));
    }
    let mut config = Config::default();
    if errors.is_empty() {
        read_table(table.get_ref(), &mut config, &mut mistakes);
    }
    mistakes.sort();
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

fn read_table(table: &DeTable<'_>, config: &mut Config, mistakes: &mut Mistakes) {
    for field in fields::of_table(table) {
        match field.name {
            "keys" => keys::read(&field, config, mistakes),
            "themes" => themes::read(&field, config, mistakes),
            "history" => {
                for inner in field.table(mistakes) {
                    read_option("history", &inner, config, mistakes);
                }
            }
            _ => read_option("", &field, config, mistakes),
        }
    }
    themes::check_chosen(table, config, mistakes);
}

fn read_option(section: &str, field: &Field<'_, '_>, config: &mut Config, mistakes: &mut Mistakes) {
    let known = || options::OPTIONS.iter().filter(|option| option.section == section);
    if let Some(option) = known().find(|option| option.name == field.name) {
        (option.read)(field, config, mistakes);
        return;
    }
    let tables = if section.is_empty() { &["keys", "themes", "history"][..] } else { &[] };
    let names: Vec<&str> = known().map(|option| option.name).chain(tables.iter().copied()).collect();
    let what = if section.is_empty() { "option" } else { "option of `[history]`" };
    unknown_name(field, what, &names, mistakes);
}
