//! Requests to a dashboard over HTTP. Every answer is limited in time and size.

use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::Agent;

use crate::{Address, Engine};

/// A whole request, from the connection to the last byte of the answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The most bytes of an answer.
pub const SIZE_LIMIT: u64 = 32 << 20;

/// Where a dashboard is: the parts of `http://user:password@host:port/prefix`.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host and port, as in a URL: `127.0.0.1:8787`, `[::1]:8787`.
    pub authority: String,
    /// The path before every path, without a slash at its end.
    pub prefix: String,
    /// The value of the header `Authorization`.
    pub authorization: Option<String>,
}

impl Endpoint {
    pub fn new(address: &Address) -> Self {
        let url = address.secret_url();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        // A password may itself contain a `/`: the authority begins behind the last `@`.
        let (secret, place) = rest.rsplit_once('@').map_or((None, rest), |(secret, place)| (Some(secret), place));
        let (host, path) = place.split_once('/').unwrap_or((place, ""));
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { host.to_owned() } else { format!("{host}:80") };
        let prefix = path.trim_end_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        let authorization = secret.map(|secret| match address.engine() {
            // Ray's token stands in the place of the password.
            Engine::Ray => format!("Bearer {}", secret.split_once(':').map_or(secret, |(_, token)| token)),
            Engine::Dask | Engine::Rq => format!("Basic {}", base64(secret.as_bytes())),
        });
        Self { authority, prefix, authorization }
    }
}

/// A client of one dashboard.
pub struct Http {
    agent: Agent,
    endpoint: Endpoint,
}

impl Http {
    pub fn new(endpoint: Endpoint) -> Self {
        // A redirect could lead anywhere, with the password.
        let config = Agent::config_builder().timeout_global(Some(TIME_LIMIT)).proxy(None).max_redirects(0);
        Self { agent: config.build().new_agent(), endpoint }
    }

    /// Asks for JSON below the address.
    ///
    /// # Errors
    /// The reason in words, which may name the URL.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        let Endpoint { authority, prefix, authorization } = &self.endpoint;
        let mut request = self.agent.get(format!("http://{authority}{prefix}{path}"));
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        let path = path.split('?').next().unwrap_or_default();
        let mut response = request.call().map_err(|error| format!("{path}: {error}"))?;
        if !response.status().is_success() {
            return Err(format!("{path}: status {}", response.status().as_u16()));
        }
        let body = response.body_mut().with_config().limit(SIZE_LIMIT).read_to_vec();
        let body = body.map_err(|error| format!("{path}: {error}"))?;
        serde_json::from_slice(&body).map_err(|error| format!("{path}: no such answer was expected: {error}"))
    }
}

/// Base64 with padding (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let value = group >> (18 - 6 * digit) & 0x3f;
            text.push(if digit <= chunk.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_become_base64() {
        let known = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, text) in known.into_iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..length]), text);
        }
    }

    #[test]
    fn parts_of_an_address_are_separated() {
        let parts = |url| {
            let endpoint = Endpoint::new(&Address::new(Engine::Dask, url).unwrap());
            (endpoint.authority, endpoint.prefix, endpoint.authorization)
        };
        assert_eq!(parts("http://host:8787"), ("host:8787".into(), String::new(), None));
        assert_eq!(parts("http://[::1]:8787/"), ("[::1]:8787".into(), String::new(), None));
        assert_eq!(parts("http://host/a/b/?x=1"), ("host:80".into(), "/a/b".into(), None));
        let secret = Some("Basic YTpiL2M=".to_owned());
        assert_eq!(parts("http://a:b/c@host:1/d"), ("host:1".into(), "/d".into(), secret));
        let ray = Endpoint::new(&Address::new(Engine::Ray, "http://:token@host:8265").unwrap());
        assert_eq!(ray.authorization.as_deref(), Some("Bearer token"));
    }
}
