//! The build of a program, so that processes of different builds notice each other.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

/// The version of a program, and a number for its sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    version: String,
    sources: String,
}

impl Build {
    /// Returns that of this program.
    pub fn own() -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), sources: env!("CONTEND_BUILD").to_owned() }
    }

    /// Checks that a message that begins with its sender's build comes from this one.
    ///
    /// # Errors
    /// If it does not.
    pub(super) fn check_sender(message: &[u8]) -> io::Result<()> {
        let own = Self::own();
        let sender = match postcard::take_from_bytes::<Self>(message) {
            Ok((sender, _)) if sender == own => return Ok(()),
            Ok((sender, _)) if sender.is_printable() => sender.to_string(),
            Ok(_) | Err(_) => "one of an older version".to_owned(),
        };
        Err(io::Error::other(format!(
            "the program file was replaced while the program ran: the running program is {sender}, the file is {own}; \
             restart contend"
        )))
    }

    /// Whether both texts can be those of a build.
    fn is_printable(&self) -> bool {
        let is_printable = |text: &str| text.len() <= 64 && text.chars().all(|c| c.is_ascii_graphic());
        is_printable(&self.version) && is_printable(&self.sources) && !self.sources.is_empty()
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "contend {}, build {}", self.version, self.sources)
    }
}

#[cfg(test)]
mod tests {
    use super::super::StartRequest;
    use super::*;
    use contend_trace::frame;

    fn error_of(message: &impl Serialize) -> String {
        let mut bytes = Vec::new();
        frame::send(&mut bytes, message).expect("a vector accepts every write");
        StartRequest::receive(bytes.as_slice()).expect_err("it is of another build").to_string()
    }

    #[test]
    fn message_of_another_build_names_both_and_the_cure() {
        let other = Build { version: "1.2.3".into(), sources: "0123456789ab".into() };
        let error = error_of(&(other, 7_u8, "a scenario of other types"));
        for part in ["contend 1.2.3, build 0123456789ab", &Build::own().to_string(), "restart contend"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn message_of_the_same_version_without_a_build_names_the_cure() {
        for rest in ["", "\u{1b}[31m title"] {
            let error = error_of(&(env!("CARGO_PKG_VERSION"), rest));
            assert!(error.contains("an older version") && error.contains("restart contend"), "{error}");
            assert!(!error.contains('\u{1b}'), "{error}");
        }
        assert!(error_of(&(u64::MAX, u64::MAX)).contains("restart contend"), "whatever it is");
    }
}
