//! Where a cluster is: a URL whose password is never shown.

use std::fmt;

/// The program that runs a cluster's tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Dask, by the dashboard of its scheduler.
    Dask,
    /// Ray, by the state API of its dashboard.
    Ray,
    /// Python RQ, whose queues are in Redis.
    Rq,
}

impl Engine {
    /// The word for it on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dask => "dask",
            Self::Ray => "ray",
            Self::Rq => "rq",
        }
    }

    /// Every engine.
    pub const ALL: [Self; 3] = [Self::Dask, Self::Ray, Self::Rq];

    const fn schemes(self) -> &'static [&'static str] {
        match self {
            Self::Dask | Self::Ray => &["http"],
            Self::Rq => &["redis", "unix", "redis+unix"],
        }
    }

    /// The port that its example and its documents use.
    const fn port(self) -> u16 {
        match self {
            Self::Dask => 8787,
            Self::Ray => 8265,
            Self::Rq => 6379,
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Dask => "http://127.0.0.1:8787",
            Self::Ray => "http://127.0.0.1:8265",
            Self::Rq => "redis://127.0.0.1:6379/0",
        }
    }
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("`{shown}` is no address of {}: write it like {}", .engine.word(), .engine.example())]
    Unknown { shown: String, engine: Engine },
    #[error(
        "`{shown}`: contend attach has no TLS; forward the port over SSH, `ssh -L {port}:localhost:{port} HOST`, and \
         attach {} {}",
        .engine.word(), .engine.example()
    )]
    Tls { shown: String, engine: Engine, port: u16 },
}

/// Engine and URL of a cluster. `Display` and `Debug` hide user and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    engine: Engine,
    url: String,
}

impl Address {
    /// # Errors
    ///
    /// [`AddressError`] if the URL has none of the engine's schemes.
    pub fn new(engine: Engine, url: &str) -> Result<Self, AddressError> {
        let scheme = url.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
        if let Some(("https" | "rediss", _)) = scheme.as_ref().map(|(scheme, rest)| (scheme.as_str(), rest)) {
            let port = engine.port();
            return Err(AddressError::Tls { shown: without_secret(url), engine, port });
        }
        match scheme {
            Some((scheme, rest)) if engine.schemes().contains(&scheme.as_str()) && !rest.is_empty() => {
                Ok(Self { engine, url: url.to_owned() })
            }
            _ => Err(AddressError::Unknown { shown: without_secret(url), engine }),
        }
    }

    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// The whole URL, with its password: for the connection only.
    pub(crate) fn secret_url(&self) -> &str {
        &self.url
    }

    /// Takes this address' user and password out of a text, such as the message of a library.
    pub(crate) fn censor(&self, text: &str) -> String {
        let shown = self.to_string();
        let mut censored = text.replace(&self.url, &shown);
        for secret in secrets(&self.url) {
            if secret.len() >= 3 {
                censored = censored.replace(secret, "***");
            }
        }
        censored
    }
}

/// User and password of a URL.
fn secrets(url: &str) -> impl Iterator<Item = &str> {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
    let secret = authority.rsplit_once('@').map_or("", |(secret, _)| secret);
    secret.split_once(':').map_or([secret, ""], |(user, password)| [password, user]).into_iter()
}

/// The URL with `***` for user and password, and without its query, which can hold one as well.
fn without_secret(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = rest.split(['?', '#']).next().unwrap_or("");
    // A password may itself contain an `@` or a `/`: everything up to the last `@` is hidden.
    let place = rest.rsplit_once('@').map_or(rest.to_owned(), |(_, place)| format!("***@{place}"));
    let place: String = place.chars().filter(|c| !c.is_control()).take(200).collect();
    if scheme.is_empty() { place } else { format!("{scheme}://{place}") }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_secret(&self.url))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {self}", self.engine.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rq(url: &str) -> Result<Address, AddressError> {
        Address::new(Engine::Rq, url)
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "redis://:s3cret@host:6379/0",
            "redis://anna:s3cret@host:6379/0",
            "redis://anna:s3cret@host",
            "redis://host/0?password=s3cret",
            "redis://anna:p@s3cret@host/1",
            "redis://anna:a/s3cret@host/1",
        ] {
            let address = rq(url).unwrap();
            for shown in [address.to_string(), format!("{address:?}")] {
                assert!(!shown.contains("s3cret"), "{shown}");
                assert!(shown.contains("host"), "{shown}");
            }
        }
        let wrong = rq("http://anna:s3cret@host").unwrap_err().to_string();
        assert!(!wrong.contains("s3cret"), "{wrong}");
    }

    #[test]
    fn a_message_of_a_library_loses_the_password() {
        let address = rq("redis://anna:s3cret@host:1/0").unwrap();
        let text = address.censor("AUTH anna s3cret failed at redis://anna:s3cret@host:1/0");
        assert_eq!(text, "AUTH *** *** failed at redis://***@host:1/0");
    }

    #[test]
    fn tls_is_refused_with_a_tunnel_that_does_it() {
        for (engine, url) in [
            (Engine::Rq, "rediss://anna:s3cret@host:6380/0"),
            (Engine::Dask, "https://anna:s3cret@host"),
            (Engine::Ray, "HTTPS://:s3cret@host"),
        ] {
            let message = Address::new(engine, url).unwrap_err().to_string();
            assert!(message.contains("ssh -L") && message.contains(engine.example()), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn other_schemes_are_refused_with_an_example() {
        for url in ["host:6379", "http://host", "redis://", ""] {
            let message = rq(url).unwrap_err().to_string();
            assert!(message.ends_with("is no address of rq: write it like redis://127.0.0.1:6379/0"), "{message}");
        }
    }
}
