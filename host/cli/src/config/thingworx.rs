//! `[thingworx]`: how clients of ThingWorx are answered.
//!
//! ```toml
//! [thingworx]
//! enabled = true
//! key_in_url = false            # `?appKey=` in addresses, where logs keep it
//! content_type_filter = true    # against foreign web pages
//! default_accept = "html"       # or "json": what is answered without `Accept`
//! secure_cookies = false        # behind a proxy that ends TLS: true
//! ```

use analyte_http::{DefaultAccept, ThingworxOptions};
use serde::Deserialize;

/// The section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    enabled: Option<bool>,
    key_in_url: Option<bool>,
    content_type_filter: Option<bool>,
    default_accept: Option<Accept>,
    secure_cookies: Option<bool>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Accept {
    Html,
    Json,
}

impl Section {
    pub(super) fn read(&self) -> ThingworxOptions {
        let usual = ThingworxOptions::default();
        ThingworxOptions {
            enabled: self.enabled.unwrap_or(usual.enabled),
            key_in_url: self.key_in_url.unwrap_or(usual.key_in_url),
            content_type_filter: self.content_type_filter.unwrap_or(usual.content_type_filter),
            default_accept: match self.default_accept {
                None => usual.default_accept,
                Some(Accept::Html) => DefaultAccept::Html,
                Some(Accept::Json) => DefaultAccept::Json,
            },
            secure_cookies: self.secure_cookies.unwrap_or(usual.secure_cookies),
        }
    }
}
