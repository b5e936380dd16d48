//! The secret that messages are signed with, as Standard Webhooks writes it: `whsec_`, then the key in base64.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// What a secret begins with.
const BEGIN: &str = "whsec_";
/// How many bytes a key may have.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A text that is no secret. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `whsec_` and then 24 to 64 bytes in base64")]
pub struct BadSecret;

/// A key to sign with. Its text goes into records only, never into answers or logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Reads a secret.
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        let key = STANDARD.decode(text.strip_prefix(BEGIN).ok_or(BadSecret)?).map_err(|_| BadSecret)?;
        if BYTES.contains(&key.len()) { Ok(Self(key.into())) } else { Err(BadSecret) }
    }

    /// The value of the header `webhook-signature` for this message, of version 1: HMAC-SHA256 over its id, the second at
    /// which it is sent and its body, with a dot between each two.
    pub fn sign(&self, id: &str, second: i64, body: &[u8]) -> String {
        // A key of any length is taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(id.as_bytes());
        mac.update(format!(".{second}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl TryFrom<String> for Secret {
    type Error = BadSecret;
    fn try_from(text: String) -> Result<Self, BadSecret> {
        Self::parse(&text)
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        format!("{BEGIN}{}", STANDARD.encode(&secret.0))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries.
    #[test]
    fn a_message_is_signed_as_the_standard_says() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        for good in [of(24), of(64)] {
            assert_eq!(String::from(Secret::parse(&good).unwrap()), good);
        }
        for bad in
            [of(23), of(65), "whsec_".to_owned(), "s3cret".to_owned(), "whsec_???".to_owned(), of(24)[6..].into()]
        {
            let refused = Secret::parse(&bad).unwrap_err();
            assert_eq!(refused.to_string(), "a secret is `whsec_` and then 24 to 64 bytes in base64");
        }
    }
}
