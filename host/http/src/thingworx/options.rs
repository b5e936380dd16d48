//! How the surface is set up: the section `[thingworx]` of the configuration.

/// What is answered to a client that does not say what it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultAccept {
    /// A page for people; what ThingWorx does.
    #[default]
    Html,
    /// JSON.
    Json,
}

/// Settings of the ThingWorx surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of a configuration file")]
pub struct ThingworxOptions {
    /// Whether there is anything under `/Thingworx` at all.
    pub enabled: bool,
    /// Whether a key may stand in the address as `?appKey=`, where logs and histories of others keep it.
    pub key_in_url: bool,
    /// Whether POST, PUT and DELETE must say a `Content-Type` that a foreign web page cannot send.
    pub content_type_filter: bool,
    /// What is answered without `Accept`.
    pub default_accept: DefaultAccept,
    /// Whether the session's cookie may only come back over TLS. For a server that speaks TLS or stands behind a proxy
    /// that does.
    pub secure_cookies: bool,
}

impl Default for ThingworxOptions {
    fn default() -> Self {
        Self {
            enabled: true,
            key_in_url: false,
            content_type_filter: true,
            default_accept: DefaultAccept::Html,
            secure_cookies: false,
        }
    }
}
